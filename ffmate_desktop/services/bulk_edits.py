"""Edits many waiting tasks: a new preset one task at a time, everything else in chunks of a thousand."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from ffmate_desktop.db import selection as stored
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.labels import NO_LABEL_CHANGE, LabelChange
from ffmate_desktop.domain.selection import SelectedTasks
from ffmate_desktop.services.bulk import CHUNK_SIZE
from ffmate_desktop.services.edits import TaskEdit
from ffmate_desktop.services.tasks import TaskService

NOT_WAITING = "It is no longer waiting, so it can't be changed."
MAX_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class BulkEdit:
    """The fields to change; None keeps a field. A preset sets its own labels, and `labels` can only add to them."""

    priority: int | None = None
    labels: LabelChange = NO_LABEL_CHANGE
    preset: UUID | None = None
    name: str | None = None

    def __bool__(self) -> bool:
        return self != BulkEdit()


@dataclass(slots=True)
class EditResult:
    """Which tasks were changed, and why others weren't."""

    changed: set[UUID] = field(default_factory=set)
    refused: dict[UUID, str] = field(default_factory=dict)


@dataclass(slots=True)
class BulkEditResult:
    """How many tasks were changed and how many weren't; `examples` say why for the first few."""

    changed: int = 0
    refused: int = 0
    examples: dict[UUID, str] = field(default_factory=dict)


class BulkEditor:
    """Edits waiting tasks. A task that is claimed or changed at the same time is left as it is."""

    def __init__(self, database: Database, tasks: TaskService) -> None:
        self._database = database
        self._tasks = tasks

    async def edit(self, uuids: Sequence[UUID], change: BulkEdit) -> EditResult:
        """Change these tasks."""
        if change.preset is None:  # the command and files stay the same, so nothing has to be checked
            edited = EditResult(
                await self._tasks.set_order(uuids, change.priority, change.labels, change.name)
            )
            edited.refused = {uuid: NOT_WAITING for uuid in uuids if uuid not in edited.changed}
            return edited
        edited = EditResult()
        for task in await self._tasks.get(uuids):
            task_edit = TaskEdit(
                preset=change.preset,
                priority=change.priority,
                labels=change.labels.applied_to(()) or None,
                name=change.name,
            )
            try:
                await self._tasks.edit(task.uuid, task_edit, version=task.version)
            except CONNECTION_LOST:  # partly UserErrors, but not about this task
                raise
            except UserError as error:
                edited.refused[task.uuid] = str(error)
            else:
                edited.changed.add(task.uuid)
        return edited

    async def edit_all(
        self,
        selected: SelectedTasks,
        change: BulkEdit,
        *,
        on_progress: Callable[[int], object] = lambda _seen: None,
    ) -> BulkEditResult:
        """Edit the tasks that still meet the conditions. `on_progress` gets the number processed so far."""
        total, seen = BulkEditResult(), 0
        async for uuids in self._chunks(selected):
            edited = await self.edit(uuids, change)
            total.changed += len(edited.changed)
            total.refused += len(edited.refused)
            total.examples |= islice(edited.refused.items(), MAX_EXAMPLES - len(total.examples))
            seen += len(uuids)
            on_progress(seen)
        return total

    async def _chunks(self, selected: SelectedTasks) -> AsyncIterator[list[UUID]]:
        after = 0
        while page := await stored.page(self._database, selected, after, CHUNK_SIZE):
            yield [uuid for _, uuid in page]
            after = page[-1][0]
