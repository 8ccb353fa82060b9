"""Commands for all tasks that meet conditions: counted first, then applied in chunks."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from ffmate_desktop.db import selection as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.selection import SelectedTasks, TaskSelection
from ffmate_desktop.domain.status import ACTIVE, DONE, TaskStatus
from ffmate_desktop.services.output_names import OutputInUseError
from ffmate_desktop.services.tasks import TaskService

CHUNK_SIZE = 1000
"""Tasks per transaction, which keeps locks for a few hundredths of a second."""


class TaskAction(StrEnum):
    """A command for tasks."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    RESTART = "restart"
    DELETE = "delete"

    @property
    def applies_to(self) -> frozenset[TaskStatus]:
        """The statuses in which it changes a task."""
        match self:
            case TaskAction.CANCEL | TaskAction.PAUSE | TaskAction.RESUME:
                return ACTIVE | {TaskStatus.QUEUED}
            case TaskAction.RESTART:
                return DONE
            case TaskAction.DELETE:
                return frozenset(TaskStatus)


@dataclass(slots=True)
class BulkResult:
    """How many tasks changed; `in_use` couldn't restart because another task writes to their output."""

    matched: int
    changed: int = 0
    in_use: list[UUID] = field(default_factory=list)


class BulkService:
    """Selects tasks by conditions and applies commands to them."""

    def __init__(self, database: Database, tasks: TaskService) -> None:
        self._database = database
        self._tasks = tasks

    async def select(self, selection: TaskSelection) -> SelectedTasks:
        """Select the tasks that meet the conditions now. Tasks queued later aren't included."""
        return await stored.select(self._database, selection)

    async def perform(
        self,
        selected: SelectedTasks,
        action: TaskAction,
        *,
        on_progress: Callable[[int], object] = lambda _seen: None,
    ) -> BulkResult:
        """Apply the action to tasks that still meet the conditions; `on_progress` gets the number done so far."""
        result, after, seen = BulkResult(selected.total), 0, 0
        only = selected.selection.statuses or None
        while page := await stored.page(self._database, selected, after, CHUNK_SIZE):
            uuids = [uuid for _, uuid in page]
            if action is TaskAction.RESTART:
                restarted, in_use = await self.restart(uuids, only)
                result.changed += len(restarted)
                result.in_use += in_use
            else:
                result.changed += len(await self.act(action)(uuids, only))
            after = page[-1][0]
            seen += len(page)
            on_progress(seen)
        return result

    def act(
        self, action: TaskAction
    ) -> Callable[[Sequence[UUID], Sequence[TaskStatus] | None], Awaitable[set[UUID]]]:
        """The `TaskService` method for this action."""
        return {
            TaskAction.CANCEL: self._tasks.cancel,
            TaskAction.PAUSE: self._tasks.pause,
            TaskAction.RESUME: self._tasks.resume,
            TaskAction.RESTART: self._tasks.restart,
            TaskAction.DELETE: self._tasks.delete,
        }[action]

    async def restart(
        self, uuids: Sequence[UUID], only: Sequence[TaskStatus] | None = None
    ) -> tuple[set[UUID], list[UUID]]:
        """Restart tasks; returns those restarted, and those whose output another task uses.

        Restarts all at once. If some are in use, it splits the list in half until it has found them.
        """
        try:
            return await self._tasks.restart(uuids, only), []
        except OutputInUseError:
            if len(uuids) == 1:
                return set(), list(uuids)
            middle = len(uuids) // 2
            first, in_use = await self.restart(uuids[:middle], only)
            second, more = await self.restart(uuids[middle:], only)
            return first | second, in_use + more
