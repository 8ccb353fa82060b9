"""How long finished tasks and task log files are kept. Zero turns a limit off."""

from dataclasses import dataclass
from datetime import timedelta

DEFAULT_LOG_DAYS = 90

MAX_DAYS = 36_500
MAX_COUNT = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Retention:
    """Limits by age in days and by count. Whichever is reached first removes the oldest.

    Log files belong to this computer. Tasks belong to the queue: one node with a limit removes them for the cluster.
    """

    log_days: int = DEFAULT_LOG_DAYS
    log_count: int = 0
    task_days: int = 0
    task_count: int = 0

    @property
    def limits_tasks(self) -> bool:
        """Whether finished tasks are ever removed."""
        return bool(self.task_days or self.task_count)

    @property
    def task_age(self) -> timedelta | None:
        """The age at which a finished task is removed, or None."""
        return timedelta(days=self.task_days) if self.task_days else None
