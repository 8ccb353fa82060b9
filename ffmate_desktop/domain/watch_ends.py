"""What follows when a watched file's task ends: retries and originals. Pure rules."""

from dataclasses import dataclass
from typing import assert_never

from ffmate_desktop.domain.file_record import RecordState
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.watchfolder import Original, OriginalAction, WatchfolderSettings


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """The record's new state and reason, whether the task is retried, and what to do with the original."""

    state: RecordState
    reason: str = ""
    retry: bool = False
    original: Original | None = None


def outcome_of(
    settings: WatchfolderSettings, status: TaskStatus, error: str, attempts: int, *, changed: bool = False
) -> FileOutcome:
    """`attempts` counts how often the task was queued, including the first time.

    `changed`: the input changed or was renamed before the task ended.
    """
    match status:
        case TaskStatus.DONE_ERROR if changed:
            return FileOutcome(
                "growing",
                "It changed or was renamed while it was being encoded, so it will be encoded again.",
            )
        case TaskStatus.DONE_SUCCESSFUL:
            return FileOutcome("done", original=_unless_left(settings.on_success))
        case TaskStatus.DONE_ERROR if attempts <= settings.retries:
            return FileOutcome(
                "queued", f"Failed, retry {attempts} of {settings.retries}: {error}", retry=True
            )
        case TaskStatus.DONE_ERROR:
            return FileOutcome("failed", error, original=_unless_left(settings.on_failure))
        case TaskStatus.DONE_CANCELED:
            return FileOutcome("skipped", "Its task was cancelled.")
        case (
            TaskStatus.QUEUED
            | TaskStatus.PRE_PROCESSING
            | TaskStatus.RUNNING
            | TaskStatus.POST_PROCESSING
            | TaskStatus.UNKNOWN
        ):
            raise ValueError(f"{status} isn't a final status")
        case _:
            assert_never(status)


def _unless_left(original: Original) -> Original | None:
    return None if original.action is OriginalAction.LEAVE else original
