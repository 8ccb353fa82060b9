"""The queue as a long list: its rows, their order and filters, batches and statistics."""

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
"""In a filter or a list of batches: tasks that were submitted alone."""
_MIN_PROGRESS = 2.0  # percent before the remaining time can be estimated

PAGE_SIZE = 200
"""Rows read at once."""


class SortColumn(StrEnum):
    """What the queue is sorted by; the id breaks ties."""

    CREATED = "created"
    PRIORITY = "priority"
    """The order in which tasks run: descending starts with the task that runs next."""
    FINISHED = "finished"
    """Unfinished tasks count as newer than finished ones."""
    NAME = "name"
    """Ignores case."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which tasks are shown. `node` is the name of the node that runs a task or ran it last. `text` is searched for
    in the name, the input path and the preset name."""

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
    """The position of a row under one sort column: the sort value, then the id."""

    number: int
    word: str
    id: int


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A task as a row shows it. Times are in milliseconds since 1970 UTC, `remaining` in seconds, `size` in bytes.

    `progress` (percent), `remaining`, `fps`, `speed` and `size` of a running task date from its node's last
    heartbeat. `error` is the first line; for a waiting task, it says which nodes couldn't run it and why. `key` is
    the row's position in the query it was read for.
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
    stored_status: str = ""
    """The status as stored; differs from `status` if a newer release wrote it."""


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch as the head of its group: its tasks by status, its progress in percent, and the seconds since its first
    task started, or None before that."""

    uuid: UUID
    total: int
    by_status: Mapping[TaskStatus, int]
    progress: float
    elapsed: float | None = None

    @property
    def remaining(self) -> float | None:
        """Estimated seconds until it is done; None if it can't be estimated yet."""
        is_running = any(self.by_status.get(status) for status in ACTIVE)
        if not is_running or self.elapsed is None or self.progress < _MIN_PROGRESS:
            return None
        return self.elapsed * (100 - self.progress) / self.progress


@dataclass(frozen=True, slots=True)
class BatchGroup:
    """A batch in a list: the name of its first task, when it was submitted, and its progress. The group of single
    tasks has neither a name nor a time."""

    name: str
    created: datetime | None
    state: BatchRow


@dataclass(frozen=True, slots=True)
class QueueStats:
    """The statistics above the queue. `fps` is the total of all nodes, `remaining` the seconds until the queue is
    empty, or None if unknown. `video_seconds_today` is the length of the inputs finished today."""

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
    """Remaining work in seconds of one slot: of all running tasks, of the longest one, and of queued tasks (None if
    unknown)."""

    running: float
    longest: float
    queued: float | None

    def seconds(self, slots: int) -> float | None:
        """Seconds until everything is done if `slots` tasks run at once; None if unknown."""
        if self.queued is None:
            return None
        if slots == 0:
            return None if self.running + self.queued else 0.0
        return max(self.longest, math.ceil((self.running + self.queued) / slots))
