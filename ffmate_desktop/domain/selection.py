"""Which tasks a command means when it does not name each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ffmate_desktop.domain.status import TaskStatus


@dataclass(frozen=True, slots=True)
class TaskSelection:
    """Conditions that a task must meet, all of them; of several values one is enough, but labels count together.

    `older_than` counts from the end of a task, or from when it was queued while it has not ended. `presets` are
    names or uuids, also of presets that are deleted; `nodes` the nodes that run a task or ran it last; `names` may
    hold `*` and `?`.
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
    """The tasks that met the conditions at one moment; later ones are not meant."""

    selection: TaskSelection
    before: datetime | None
    """What `older_than` came to, by the clock of the database."""
    newest: int
    """The id of the newest of them."""
    by_status: Mapping[TaskStatus, int]

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.by_status.values())
