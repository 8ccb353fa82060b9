"""The states of tasks and nodes, and live progress: quick to import.

The window paints before pydantic is loaded, so nothing here may import it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from ffmate_desktop.domain.stored_values import as_integer, as_list, as_number

Epoch = int
"""The number of a claim. It grows with every claim of a task, and when a claim is revoked."""


class TaskStatus(StrEnum):
    """FFmate's names for the states of a task."""

    QUEUED = "QUEUED"
    PRE_PROCESSING = "PRE_PROCESSING"
    RUNNING = "RUNNING"
    POST_PROCESSING = "POST_PROCESSING"
    DONE_SUCCESSFUL = "DONE_SUCCESSFUL"
    DONE_ERROR = "DONE_ERROR"
    DONE_CANCELED = "DONE_CANCELED"
    UNKNOWN = "UNKNOWN"
    """A status of a newer release: to this release neither active nor done. Rows keep the original word."""

    @property
    def is_done(self) -> bool:
        """The task has ended, successfully or not. Only a restart leaves these states."""
        return self in DONE

    @property
    def is_active(self) -> bool:
        """A node has claimed the task."""
        return self in ACTIVE


ACTIVE = frozenset({TaskStatus.PRE_PROCESSING, TaskStatus.RUNNING, TaskStatus.POST_PROCESSING})
DONE = frozenset({TaskStatus.DONE_SUCCESSFUL, TaskStatus.DONE_ERROR, TaskStatus.DONE_CANCELED})

Desired = Literal["run", "pause", "cancel", "delete", "unknown"]
"""The desired state of a task, set by commands. The node that owns the task acts on it, and ignores "unknown"."""


def desired_of(word: str) -> Desired:
    """The desired state, or "unknown" for one that only a newer release knows."""
    match word:
        case "run" | "pause" | "cancel" | "delete":
            return word
        case _:
            return "unknown"


class NodeState(StrEnum):
    """The state of a node in the database."""

    ONLINE = "online"
    DRAINING = "draining"
    LEFT = "left"
    DEAD = "dead"
    UNKNOWN = "unknown"
    """A state of a newer release."""


class IfExists(StrEnum):
    """What to do if the output path is taken, on disk or by another active task.

    SKIP doesn't queue the file. If the output appears later, the task ends as cancelled.
    """

    FAIL = "fail"
    RENAME = "rename"
    REPLACE = "replace"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class LiveProgress:
    """Progress of a running attempt: percent from 0 to 99.9, seconds remaining, bytes written."""

    task_id: int
    epoch: Epoch
    percent: float
    remaining: float | None = None
    fps: float | None = None
    speed: float | None = None
    size: int | None = None
    frame: int | None = None

    def to_row(self) -> list[float | int | None]:
        """The compact form for notifications and heartbeats."""
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
        """The inverse of `to_row`; None for anything else. Values appended by a newer release are ignored."""
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
    """Lines of a task's log from one attempt."""

    epoch: Epoch
    at: datetime
    lines: str
