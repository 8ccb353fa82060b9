"""The states of a task and what is known of it while it runs: plain words and numbers, quick to import.

The window is painted before pydantic is loaded, so nothing here may need it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

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

Desired = Literal["run", "pause", "cancel", "delete"]
"""What is wanted of a task by whoever commands it; its owner acts on it."""


class NodeState(StrEnum):
    """What the database says of a node."""

    ONLINE = "online"
    DRAINING = "draining"
    LEFT = "left"
    DEAD = "dead"


class IfExists(StrEnum):
    """What the submitter wants when the output path is taken, on disk or by another active task."""

    FAIL = "fail"
    RENAME = "rename"
    REPLACE = "replace"


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
    def from_row(cls, row: list[Any]) -> "LiveProgress":
        """The inverse of `to_row`."""
        return cls(*row)


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Some lines of a task's log, of one attempt."""

    epoch: Epoch
    at: datetime
    lines: str
