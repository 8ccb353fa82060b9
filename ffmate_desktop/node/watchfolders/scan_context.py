"""What the steps of one scan share: its fixed context, and what they found out so far."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.domain.file_record import Judge
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.node.watchfolders.record_cache import FileRecordCache
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.storage.walk import UnreachableError
from ffmate_desktop.storage.watched_thread import SilentError, WatchedThread

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds in which storage must make some progress."""


@dataclass(frozen=True, slots=True)
class ScanContext:
    """The fixed context of a claimed scan. `view` is how this node numbers the files (`watch_version`)."""

    database: Database
    claim: ScanClaim
    cache: FileRecordCache
    presets: PresetService
    judge: Judge
    view: int

    @property
    def root(self) -> str:
        """The path of the watchfolder."""
        return self.claim.settings.path


@dataclass(frozen=True, slots=True)
class ScanState:
    """What the batches of a scan have found out so far. Each batch returns a new one."""

    queued: int = 0
    growing: int = 0
    wait: float | None = None
    """Seconds until the first of the waiting files is worth another look."""
    preset: Preset | None = None
    """The preset, once a file needed it."""
    trouble: str = ""
    """Why no file can be queued."""


class SilentStorageError(UnreachableError):
    """Storage doesn't answer, like a share whose server is gone; `thread` still waits for it."""

    def __init__(self, message: str, thread: WatchedThread[Any]) -> None:
        super().__init__(message)
        self.thread = thread


async def wait_for_storage(thread: WatchedThread[T], place: str, steps: Callable[[], int] = lambda: 0) -> T:
    """The result of the thread; raises SilentStorageError if `place` doesn't answer."""
    try:
        return await thread.result_within(PATIENCE, steps)
    except SilentError as silent:
        raise SilentStorageError(f"{place} doesn't answer.", silent.thread) from silent
