"""Selects tasks by conditions instead of one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ffmate_desktop.domain.status import TaskStatus


@dataclass(frozen=True, slots=True)
class TaskSelection:
    """Conditions that a task must all meet. Of several values one is enough, except for labels: all are required.

    `older_than` counts from the end of a task, or from when it was queued if it hasn't ended. `presets` are names or
    UUIDs, including those of deleted presets. `nodes` are nodes that run a task or ran it last. `names` may contain
    `*` and `?`.
    """

    batch: UUID | None = None
    statuses: tuple[TaskStatus, ...] = ()
    older_than: timedelta | None = None
    presets: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != ALL_TASKS


ALL_TASKS = TaskSelection()


@dataclass(frozen=True, slots=True)
class SelectedTasks:
    """The tasks that met the conditions when they were counted. Tasks queued later aren't included."""

    selection: TaskSelection
    before: datetime | None
    """The point in time that `older_than` means, by the database's clock."""
    newest: int
    """The id of the newest selected task."""
    by_status: Mapping[TaskStatus, int]

    @property
    def total(self) -> int:
        """The number of selected tasks."""
        return sum(self.by_status.values())
