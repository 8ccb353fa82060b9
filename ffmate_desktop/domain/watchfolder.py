"""A watchfolder: a folder that the cluster scans, what people set about it, and what became of each file in it."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from pydantic import ConfigDict, Field

from ffmate_desktop.domain.wire import Wire

DEFAULT_INTERVAL = 15
DEFAULT_GROWTH_CHECKS = 2


class OriginalAction(StrEnum):
    """What becomes of a file once its task has ended."""

    LEAVE = "leave"
    MOVE = "move"
    TRASH = "trash"


class Original(Wire):
    """The action, and for MOVE the folder: absolute, or relative to the watchfolder."""

    action: OriginalAction = OriginalAction.LEAVE
    folder: str = ""


class Extensions(Wire):
    """Endings of names without the point, in any case. No `include` means every kind of media file, `*` any file."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Globs(Wire):
    """Patterns as in `watch_rules.Pattern`."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class FileFilter(Wire):
    """Which files are taken. `min_size` in bytes, `min_age` in seconds since a file was last written to."""

    extensions: Extensions = Extensions()
    globs: Globs = Globs()
    min_size: int = Field(default=0, ge=0)
    min_age: float = Field(default=0, ge=0)


class WatchfolderSettings(Wire):
    """What people set: FFmate's fields first, ours after them.

    `interval` is in seconds. A file is taken when `growth_checks` checks, an interval apart, found it as it was
    before. `labels` are required of the nodes that scan and of those that run the tasks. `retries` is how often
    a failed task is queued again. What a newer program added is passed over.
    """

    model_config = ConfigDict(extra="ignore")

    name: str
    description: str = ""
    path: str
    interval: int = DEFAULT_INTERVAL
    growth_checks: int = DEFAULT_GROWTH_CHECKS
    preset: UUID
    suspended: bool = False
    filter: FileFilter = FileFilter()

    recursive: bool = True
    output_file: str = ""
    """A pattern instead of the preset's."""
    priority: int | None = None
    labels: tuple[str, ...] = ()
    retries: int = 0
    on_success: Original = Original()
    on_failure: Original = Original()
    write_locks: bool = False
    """Write FFmate's `.lock` files too, while FFmate nodes scan the same folder."""


class ScanResult(Wire):
    """What a scan found: files looked at, new tasks, unreadable folders, and how long it took in seconds."""

    files: int = 0
    queued: int = 0
    growing: int = 0
    unreadable: int = 0
    seconds: float = 0


class Watchfolder(WatchfolderSettings):
    """A watchfolder as it is shown. Times in milliseconds since 1970 UTC; `error` is the trouble of its last scan.

    `last_scan` is None while nobody can reach the folder.
    """

    uuid: UUID
    version: int
    error: str | None = None
    error_at: int | None = None
    """Since when there is trouble."""
    scanning_by: str | None = None
    """The node that scans it now."""
    last_check: int | None = None
    last_node: str | None = None
    last_scan: ScanResult | None = None
    next_check: int | None = None
    """None while it is suspended."""
    is_known: bool = Field(default=True, exclude=True)
    """False when a newer program set something that this one cannot show."""
    overdue: float = Field(default=0, exclude=True)
    """Seconds since `next_check`, when it was read; less than 0 before it."""
    created_at: int
    updated_at: int

    def settings(self) -> WatchfolderSettings:
        """What people set about it."""
        return WatchfolderSettings.model_validate(
            self.model_dump(include=set(WatchfolderSettings.model_fields))
        )


class FileState(StrEnum):
    """What became of a file, as people see it."""

    WAITING = "waiting"
    GROWING = "growing"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    OUTPUT = "output"
    """The cluster itself wrote it."""


class WatchedFile(Wire):
    """One file of the ledger. `path` is relative to the watchfolder, with `/`; times as in Watchfolder.

    `reason` says in a sentence why the state is what it is; `gone` tells that the last scans did not find the file.
    """

    id: int
    path: str
    state: FileState
    reason: str = ""
    size: int
    modified_at: int
    first_seen_at: int
    task: UUID | None = None
    task_id: int | None = Field(default=None, exclude=True)
    progress: float | None = None
    attempts: int = 0
    gone: bool = False


Counts = Mapping[FileState, int]
"""How many files are in each state that occurs; of those that are gone, the ones that had a task."""
