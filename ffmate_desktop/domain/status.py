"""The states of a task and what is known of it while it runs: plain words and numbers, quick to import.

The window is painted before pydantic is loaded, so nothing here may need it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from ffmate_desktop.domain.stored_values import as_integer, as_list, as_number

Epoch = int
"""A claim's number: it grows with every claim of a task and whenever a claim is taken away."""


class TaskStatus(StrEnum):
    """FFmate's words for the states of a task."""

    QUEUED = "QUEUED"
    PRE_PROCESSING = "PRE_PROCESSING"
    RUNNING = "RUNNING"
    POST_PROCESSING = "POST_PROCESSING"
    DONE_SUCCESSFUL = "DONE_SUCCESSFUL"
    DONE_ERROR = "DONE_ERROR"
    DONE_CANCELED = "DONE_CANCELED"
    UNKNOWN = "UNKNOWN"
    """A status of a newer release, neither active nor done as far as this one can tell. Rows keep the word itself."""

    @property
    def is_done(self) -> bool:
        """Ended, for better or worse; only a restart leaves these states."""
        return self in DONE

    @property
    def is_active(self) -> bool:
        """A node holds a claim on it."""
        return self in ACTIVE


ACTIVE = frozenset({TaskStatus.PRE_PROCESSING, TaskStatus.RUNNING, TaskStatus.POST_PROCESSING})
DONE = frozenset({TaskStatus.DONE_SUCCESSFUL, TaskStatus.DONE_ERROR, TaskStatus.DONE_CANCELED})

Desired = Literal["run", "pause", "cancel", "delete", "unknown"]
"""What is wanted of a task by whoever commands it; its owner acts on it, and on "unknown" does nothing."""


def desired_of(word: str) -> Desired:
    """The order, or "unknown" for one that only a newer release can give."""
    match word:
        case "run" | "pause" | "cancel" | "delete":
            return word
        case _:
            return "unknown"


class NodeState(StrEnum):
    """What the database says of a node."""

    ONLINE = "online"
    DRAINING = "draining"
    LEFT = "left"
    DEAD = "dead"
    UNKNOWN = "unknown"
    """A state of a newer release."""


class IfExists(StrEnum):
    """What the submitter wants when the output path is taken, on disk or by another active task.

    SKIP makes no task then, or lets it end as cancelled when the output appears later.
    """

    FAIL = "fail"
    RENAME = "rename"
    REPLACE = "replace"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class LiveProgress:
    """How far a running attempt is: percent 0 to 99.9, seconds remaining, bytes written."""

    task_id: int
    epoch: Epoch
    percent: float
    remaining: float | None = None
    fps: float | None = None
    speed: float | None = None
    size: int | None = None
    frame: int | None = None

    def to_row(self) -> list[float | int | None]:
        """The short form that notifications and heartbeats carry."""
        return [
            self.task_id,
            self.epoch,
            round(self.percent, 2),
            None if self.remaining is None else round(self.remaining, 1),
            None if self.fps is None else round(self.fps, 2),
            None if self.speed is None else round(self.speed, 3),
            self.size,
            self.frame,
        ]

    @classmethod
    def from_row(cls, row: object) -> "LiveProgress | None":
        """The inverse of `to_row`; None when it is no such row. What a newer release appended is passed over."""
        values: list[object] = [*as_list(row), *[None] * 8]
        task_id, epoch, percent = as_integer(values[0]), as_integer(values[1]), as_number(values[2])
        if task_id is None or epoch is None or percent is None:
            return None
        return cls(
            task_id,
            epoch,
            min(max(percent, 0.0), 100.0),
            remaining=as_number(values[3]),
            fps=as_number(values[4]),
            speed=as_number(values[5]),
            size=as_integer(values[6]),
            frame=as_integer(values[7]),
        )


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Some lines of a task's log, of one attempt."""

    epoch: Epoch
    at: datetime
    lines: str
