"""Watchfolders and their files in words and shapes: the same for tables, tool tips and screen readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from PySide6.QtCore import QCoreApplication

from ffmate_desktop.domain.watchfolder import Counts, FileState, WatchedFile, Watchfolder
from ffmate_desktop.gui.widgets import formatting

translate = QCoreApplication.translate

LATE = 30.0
"""Seconds after which a scan that nobody began is worth a word."""


class FolderHealth(Enum):
    """How a watchfolder is."""

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
    """A watchfolder as it is shown. `preset` is a name; `age` the seconds since it was read.

    `rivals` are the names of others that may take the same files.
    """

    folder: Watchfolder
    preset: str
    counts: Counts
    age: float = 0
    rivals: tuple[str, ...] = ()

    @property
    def standing(self) -> FolderHealth:  # noqa: PLR0911 - one a state
        """What matters most about it."""
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
        """How many of its files are in one of these states."""
        return sum(self.counts.get(state, 0) for state in states)


def standing_word(standing: FolderHealth) -> str:  # noqa: PLR0911 - one word a state
    """One or two words."""
    match standing:
        case FolderHealth.WATCHING:
            return translate("watch", "Watching")
        case FolderHealth.SCANNING:
            return translate("watch", "Scanning")
        case FolderHealth.NEW:
            return translate("watch", "New")
        case FolderHealth.LATE:
            return translate("watch", "Nobody scans it")
        case FolderHealth.PARTLY:
            return translate("watch", "Partly readable")
        case FolderHealth.TROUBLE:
            return translate("watch", "Needs attention")
        case FolderHealth.UNREACHABLE:
            return translate("watch", "Unreachable")
        case FolderHealth.SUSPENDED:
            return translate("watch", "Suspended")
        case _:
            assert_never(standing)


def standing_line(view: FolderDisplay) -> str:
    """What stands below the word: where it is scanned, or since when something is wrong."""
    folder = view.folder
    match view.standing:
        case FolderHealth.SCANNING:
            return translate("watch", "on {0}").format(folder.scanning_by)
        case FolderHealth.UNREACHABLE | FolderHealth.TROUBLE | FolderHealth.PARTLY:
            since = formatting.timestamp(folder.error_at)
            return "" if folder.error_at is None else translate("watch", "since {0}").format(since)
        case FolderHealth.WATCHING:
            return translate("watch", "every {0}").format(formatting.duration(folder.interval))
        case FolderHealth.SUSPENDED:
            return translate("watch", "takes no new files")
        case FolderHealth.NEW:
            return translate("watch", "waits for a node")
        case FolderHealth.LATE:
            return translate("watch", "due for {0}").format(formatting.estimate(folder.overdue + view.age))


def explanation(view: FolderDisplay) -> str:
    """A sentence about what is wrong, or nothing."""
    if view.standing is FolderHealth.LATE:
        if view.folder.labels:
            return translate(
                "watch", "No node that takes tasks has the labels {0}, or all of them are paused or busy."
            ).format(", ".join(view.folder.labels))
        return translate("watch", "No node takes tasks at this moment: all of them are paused or away.")
    if view.folder.unreadable:
        return view.folder.unreadable
    if view.folder.suspended:
        return translate("watch", "Suspended: new files stay where they are. Tasks that are queued go on.")
    if view.folder.error:
        return view.folder.error
    return rivalry(view.rivals)


def rivalry(names: Sequence[str]) -> str:
    """What it means that these watchfolders may take the same files; nothing when there are none."""
    if not names:
        return ""
    return translate("watch", "Watched by {0}, too: a file that both want gets a task of each.").format(
        ", ".join(f"“{name}”" for name in names)
    )


def sign(view: FolderDisplay) -> tuple[str, str]:
    """What stands before the explanation."""
    return LOOKS[FolderHealth.PARTLY if _is_about_rivals(view) else view.standing]


def _is_about_rivals(view: FolderDisplay) -> bool:
    return bool(view.rivals) and explanation(view) == rivalry(view.rivals)


def last_scan(view: FolderDisplay) -> tuple[str, str]:
    """When, and by whom."""
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
    """One word."""
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
    """How a file is, in one word; a state of a newer release as it is stored."""
    return (
        (file.state_word or file_word(file.state))
        if file.state is FileState.UNKNOWN
        else file_word(file.state)
    )


def why(file: WatchedFile, retries: int, percent: float | None = None) -> str:
    """The reason of its state in a sentence, for every state."""
    text = file.reason or _plain_reason(file, percent)
    if file.state is FileState.FAILED and file.attempts and retries:
        tries = translate("watch", "{0} of {1} tries").format(file.attempts, max(file.attempts, retries + 1))
        text = f"{text} ({tries})"
    if file.gone and not file.reason.startswith(_TAKEN_AWAY):
        text = f"{text}  ·  {translate('watch', 'It is not there any more.')}"
    return text


_TAKEN_AWAY = ("Moved to ", "Put into the trash")
"""So a reason begins that says where the file is now."""


def _plain_reason(file: WatchedFile, percent: float | None) -> str:
    match file.state:
        case FileState.RUNNING:
            known = percent if percent is not None else file.progress
            return (
                formatting.percent(known) if known is not None else translate("watch", "It is being encoded.")
            )
        case FileState.QUEUED:
            return translate("watch", "Its task waits for a free slot.")
        case FileState.DONE:
            return translate("watch", "Its output is in place.")
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
