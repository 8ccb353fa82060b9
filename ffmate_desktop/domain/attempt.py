"""An attempt at a task: its node, its times, and how it ended."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from ffmate_desktop.domain.status import TaskStatus


class AttemptEnd(StrEnum):
    """How an attempt ended.

    REFUSED: its node couldn't run the task, and left it to others. TAKEN_BACK: its node was declared lost, and then
    continued. UNKNOWN: an end that only a newer release knows, kept in `word`.
    """

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GIVEN_BACK = "given_back"
    REFUSED = "refused"
    NODE_LOST = "node_lost"
    TAKEN_BACK = "taken_back"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Times in milliseconds since 1970 UTC. `number` starts again after a restart; `error` is its first line.

    `word` is the stored end if `end` is UNKNOWN.
    """

    number: int
    node: str | None
    started: int | None
    ended: int | None
    end: AttemptEnd
    error: str | None = None
    word: str = ""


def end_of(status: TaskStatus) -> AttemptEnd:
    """The end of the last attempt of a task with this status."""
    match status:
        case TaskStatus.DONE_SUCCESSFUL:
            return AttemptEnd.DONE
        case TaskStatus.DONE_ERROR:
            return AttemptEnd.FAILED
        case TaskStatus.DONE_CANCELED:
            return AttemptEnd.CANCELLED
        case TaskStatus.QUEUED | TaskStatus.PRE_PROCESSING | TaskStatus.RUNNING | TaskStatus.POST_PROCESSING:
            return AttemptEnd.RUNNING
        case TaskStatus.UNKNOWN:
            return AttemptEnd.UNKNOWN
        case _:
            assert_never(status)
