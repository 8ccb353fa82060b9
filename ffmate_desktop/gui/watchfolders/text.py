"""Texts and icons for watchfolders and their files, for tables, tool tips and screen readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from PySide6.QtCore import QCoreApplication

from ffmate_desktop.domain.watchfolder import Counts, FileState, WatchedFile, Watchfolder
from ffmate_desktop.gui.widgets import formatting

translate = QCoreApplication.translate

LATE = 30.0
"""Seconds after which an overdue scan is reported."""


class FolderHealth(Enum):
    """The health of a watchfolder."""

    WATCHING = auto()
    SCANNING = auto()
    NEW = auto()
    LATE = auto()
    PARTLY = auto()
    TROUBLE = auto()
    UNREACHABLE = auto()
    SUSPENDED = auto()


LOOKS: dict[FolderHealth, tuple[str, str]] = {
    FolderHealth.WATCHING: ("eye", "done"),
    FolderHealth.SCANNING: ("refresh-cw", "running"),
    FolderHealth.NEW: ("clock", "queued"),
    FolderHealth.LATE: ("clock", "warning"),
    FolderHealth.PARTLY: ("triangle-alert", "warning"),
    FolderHealth.TROUBLE: ("triangle-alert", "failed"),
    FolderHealth.UNREACHABLE: ("unplug", "failed"),
    FolderHealth.SUSPENDED: ("circle-pause", "paused"),
}


@dataclass(frozen=True, slots=True)
class FolderDisplay:
    """A watchfolder as it is shown. `preset` is a name, `age` the seconds since it was read.

    `overlapping` are the names of other watchfolders that may queue the same files.
    """

    folder: Watchfolder
    preset: str
    counts: Counts
    age: float = 0
    overlapping: tuple[str, ...] = ()

    @property
    def health(self) -> FolderHealth:  # noqa: PLR0911 - one a state
        """Its most important condition."""
        folder = self.folder
        if folder.suspended:
            return FolderHealth.SUSPENDED
        if folder.scanning_by is not None:
            return FolderHealth.SCANNING
        if folder.overdue + self.age > max(LATE, 2 * folder.interval):
            return FolderHealth.LATE
        if folder.unreadable is not None:
            return FolderHealth.TROUBLE
        if folder.error is not None:
            if folder.last_scan is None:
                return FolderHealth.UNREACHABLE
            return FolderHealth.PARTLY if folder.last_scan.unreadable else FolderHealth.TROUBLE
        return FolderHealth.NEW if folder.last_check is None else FolderHealth.WATCHING

    def count(self, *states: FileState) -> int:
        """The number of its files in these states."""
        return sum(self.counts.get(state, 0) for state in states)


def folder_health_text(health: FolderHealth) -> str:  # noqa: PLR0911 - one word a state
    """The health in one or two words."""
    match health:
        case FolderHealth.WATCHING:
            return translate("watch", "Watching")
        case FolderHealth.SCANNING:
            return translate("watch", "Scanning")
        case FolderHealth.NEW:
            return translate("watch", "New")
        case FolderHealth.LATE:
            return translate("watch", "Not being scanned")
        case FolderHealth.PARTLY:
            return translate("watch", "Partly readable")
        case FolderHealth.TROUBLE:
            return translate("watch", "Needs attention")
        case FolderHealth.UNREACHABLE:
            return translate("watch", "Unreachable")
        case FolderHealth.SUSPENDED:
            return translate("watch", "Suspended")
        case _:
            assert_never(health)


def health_detail(view: FolderDisplay) -> str:
    """The line below: where it is scanned, or since when there is a problem."""
    folder = view.folder
    match view.health:
        case FolderHealth.SCANNING:
            return translate("watch", "on {0}").format(folder.scanning_by)
        case FolderHealth.UNREACHABLE | FolderHealth.TROUBLE | FolderHealth.PARTLY:
            since = formatting.timestamp(folder.error_at)
            return "" if folder.error_at is None else translate("watch", "since {0}").format(since)
        case FolderHealth.WATCHING:
            return translate("watch", "every {0}").format(formatting.duration(folder.interval))
        case FolderHealth.SUSPENDED:
            return translate("watch", "ignores new files")
        case FolderHealth.NEW:
            return translate("watch", "waiting for a node")
        case FolderHealth.LATE:
            return translate("watch", "overdue by {0}").format(formatting.estimate(folder.overdue + view.age))


def explanation(view: FolderDisplay) -> str:
    """A sentence about the problem; empty if there is none."""
    if view.health is FolderHealth.LATE:
        if view.folder.labels:
            return translate(
                "watch", "No available node has the labels {0}, or all such nodes are paused or busy."
            ).format(", ".join(view.folder.labels))
        return translate("watch", "No node is available: all nodes are paused or offline.")
    if view.folder.unreadable:
        return view.folder.unreadable
    if view.folder.suspended:
        return translate("watch", "Suspended: new files are not queued. Queued tasks still run.")
    if view.folder.error:
        return view.folder.error
    return overlap_note(view.overlapping)


def overlap_note(names: Sequence[str]) -> str:
    """Explains what overlapping watchfolders mean; empty if there are none."""
    if not names:
        return ""
    return translate("watch", "Also watched by {0}: files that match both are queued twice.").format(
        ", ".join(f"“{name}”" for name in names)
    )


def explanation_icon(view: FolderDisplay) -> tuple[str, str]:
    """The icon before the explanation, and its color."""
    return LOOKS[FolderHealth.PARTLY if _is_about_overlapping(view) else view.health]


def _is_about_overlapping(view: FolderDisplay) -> bool:
    return bool(view.overlapping) and explanation(view) == overlap_note(view.overlapping)


def last_scan(view: FolderDisplay) -> tuple[str, str]:
    """The time of the last scan, and the node."""
    folder = view.folder
    if folder.last_check is None:
        return formatting.NOTHING, ""
    return formatting.timestamp(folder.last_check), folder.last_node or ""


# -- Files -----------------------------------------------------------------------------------------------------------

FILE_LOOKS: dict[FileState, tuple[str, str]] = {
    FileState.WAITING: ("clock", "queued"),
    FileState.GROWING: ("loader", "warning"),
    FileState.QUEUED: ("list-video", "queued"),
    FileState.RUNNING: ("circle-play", "running"),
    FileState.DONE: ("circle-check", "done"),
    FileState.FAILED: ("triangle-alert", "failed"),
    FileState.SKIPPED: ("minus", "canceled"),
    FileState.OUTPUT: ("film", "queued"),
    FileState.UNKNOWN: ("minus", "canceled"),
}


def file_word(state: FileState) -> str:  # noqa: PLR0911 - one word a state
    """The state in one word."""
    match state:
        case FileState.WAITING:
            return translate("watch", "Waiting")
        case FileState.GROWING:
            return translate("watch", "Growing")
        case FileState.QUEUED:
            return translate("watch", "Queued")
        case FileState.RUNNING:
            return translate("watch", "Running")
        case FileState.DONE:
            return translate("watch", "Done")
        case FileState.FAILED:
            return translate("watch", "Failed")
        case FileState.SKIPPED:
            return translate("watch", "Skipped")
        case FileState.OUTPUT:
            return translate("watch", "Output")
        case FileState.UNKNOWN:
            return translate("watch", "Other")
        case _:
            assert_never(state)


def file_state(file: WatchedFile) -> str:
    """The state in one word; that of a newer release as it is stored."""
    return (
        (file.state_word or file_word(file.state))
        if file.state is FileState.UNKNOWN
        else file_word(file.state)
    )


def why(file: WatchedFile, retries: int, percent: float | None = None) -> str:
    """The reason for the state."""
    text = file.reason or _default_reason(file, percent)
    if file.state is FileState.FAILED and file.attempts and retries:
        tries = translate("watch", "attempt {0} of {1}").format(
            file.attempts, max(file.attempts, retries + 1)
        )
        text = f"{text} ({tries})"
    if file.gone and not file.reason.startswith(_MOVED):
        gone = translate("watch", "File is gone")
        text = f"{text}  ·  {gone}"
    return text


_MOVED = ("Moved to ", "Put into the trash")
"""The beginnings of reasons that already say where the file is now."""


def _default_reason(file: WatchedFile, percent: float | None) -> str:
    match file.state:
        case FileState.RUNNING:
            shown = percent if percent is not None else file.progress
            return formatting.percent(shown) if shown is not None else translate("watch", "Encoding")
        case FileState.QUEUED:
            return translate("watch", "Waiting for a free slot")
        case FileState.DONE:
            return translate("watch", "Output is in place")
        case (
            FileState.WAITING
            | FileState.GROWING
            | FileState.FAILED
            | FileState.SKIPPED
            | FileState.OUTPUT
            | FileState.UNKNOWN
        ):
            return ""
        case _:
            assert_never(file.state)
