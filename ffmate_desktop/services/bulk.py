"""Commands to all tasks that meet conditions: counted first, then carried out a piece at a time."""

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
"""Tasks of one transaction: locks are held for some hundredths of a second."""


class TaskAction(StrEnum):
    """What can be done to tasks."""

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
    """How many tasks were changed; `in_use` were not restarted because another task writes to their output."""

    matched: int
    changed: int = 0
    in_use: list[UUID] = field(default_factory=list)


class BulkService:
    """Selects tasks by conditions and commands them as single ones are commanded."""

    def __init__(self, database: Database, tasks: TaskService) -> None:
        self._database = database
        self._tasks = tasks

    async def select(self, selection: TaskSelection) -> SelectedTasks:
        """The tasks that meet the conditions now; tasks that come later are not meant."""
        return await stored.select(self._database, selection)

    async def perform(
        self,
        selected: SelectedTasks,
        action: TaskAction,
        *,
        on_progress: Callable[[int], object] = lambda _seen: None,
    ) -> BulkResult:
        """Do it to those that still meet the conditions; `on_progress` hears how many were looked at."""
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
        """What `TaskService` does for single tasks."""
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
        """Those that were queued again, and those that would write to the same output as another task.

        All of them at once, or by halves where some of them would.
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
