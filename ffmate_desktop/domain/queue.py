"""The queue as a long list: what is shown of a task in a row, in which order, and which part of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ffmate_desktop.domain.status import ACTIVE, Desired, Epoch, TaskStatus

ALL_STATUSES = frozenset(TaskStatus)
LAST_NUMBER = 2**63 - 1
NO_BATCH = UUID(int=0)
"""In a filter and in a list of batches: the tasks that were submitted alone."""
_ENOUGH = 2.0  # percent after which the time that is left can be told

PAGE_SIZE = 200
"""Rows that are read at once."""


class SortColumn(StrEnum):
    """What a view is ordered by; the id decides between equals."""

    CREATED = "created"
    PRIORITY = "priority"
    """The order in which the queue runs: descending begins with what runs next."""
    FINISHED = "finished"
    """What is not finished yet counts as newer than everything that is."""
    NAME = "name"
    """In any case."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which tasks are shown. `node` is the identifier that runs or ended a task; `text` is searched for in name,
    input path and preset name."""

    statuses: frozenset[TaskStatus] = ALL_STATUSES
    node: str | None = None
    batch: UUID | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class QueueQuery:
    """Which tasks to list, and in which order."""

    column: SortColumn = SortColumn.CREATED
    descending: bool = True
    where: QueueFilter = QueueFilter()

    @property
    def keys_descend(self) -> bool:
        """Whether keys get smaller from row to row. Priority keys are negated."""
        return self.descending != (self.column is SortColumn.PRIORITY)


@dataclass(frozen=True, slots=True, order=True)
class RowKey:
    """The place of a row in the views of one column: what it is sorted by, then its id."""

    number: int
    word: str
    id: int


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A task as a row shows it. Times in milliseconds since 1970 UTC, `remaining` in seconds, `size` in bytes.

    `progress` (percent), `remaining`, `fps`, `speed` and `size` of a running task are as of its node's last beat.
    `error` is the first line; of a task that waits, which nodes could not run it and why. `key` is its place in the
    view that it was read for.
    """

    id: int
    uuid: UUID
    version: int
    epoch: Epoch
    name: str
    preset: str | None
    status: TaskStatus
    phase: str
    desired: Desired
    priority: int
    node: str | None
    attempts: int
    batch: UUID | None
    created: int
    started: int | None
    finished: int | None
    progress: float
    remaining: float | None
    fps: float | None
    speed: float | None
    size: int | None
    input: str
    output: str | None
    error: str | None
    labels: tuple[str, ...]
    key: RowKey
    word: str = ""
    """The status as it is stored."""


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch as the head of its group: how many tasks in which status, percent of the whole, and for how many
    seconds it has been worked on, or None before."""

    uuid: UUID
    total: int
    by_status: Mapping[TaskStatus, int]
    progress: float
    elapsed: float | None = None

    @property
    def remaining(self) -> float | None:
        """Seconds until it is done if it goes on as it did so far; None while nobody can say."""
        works = any(self.by_status.get(status) for status in ACTIVE)
        if not works or self.elapsed is None or self.progress < _ENOUGH:
            return None
        return self.elapsed * (100 - self.progress) / self.progress


@dataclass(frozen=True, slots=True)
class BatchGroup:
    """A batch in a list: the name of its first task, when it was submitted, how far it is. Single tasks
    have neither."""

    name: str
    created: datetime | None
    state: BatchRow


@dataclass(frozen=True, slots=True)
class QueueStats:
    """The figures above the queue. `fps` frames/s of all nodes, `remaining` seconds until the queue is empty or None
    while nobody can say; `video_seconds_today` seconds of input that were finished."""

    running: int
    slots: int
    nodes_working: int
    fps: float
    finished_today: int
    video_seconds_today: float
    failed_24h: int
    remaining: float | None


@dataclass(frozen=True, slots=True)
class WorkLeft:
    """What is still to do, in seconds of one slot: `running` in all, `longest` of one task, `queued` or None when it
    is unknown how long such tasks take."""

    running: float
    longest: float
    queued: float | None

    def seconds(self, slots: int) -> float | None:
        """When everything will be done if `slots` tasks run at once; None while nobody can say."""
        if self.queued is None:
            return None
        if slots == 0:
            return None if self.running + self.queued else 0.0
        return max(self.longest, math.ceil((self.running + self.queued) / slots))
