"""A watchfolder: a folder that the cluster scans, its settings, and the state of each file in it."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from pydantic import ConfigDict, Field, field_serializer

from ffmate_desktop.domain.stored_values import Unreadable, as_number, read_record, read_valid_fields
from ffmate_desktop.domain.wire import ForwardCompatible, Wire

DEFAULT_INTERVAL = 15
DEFAULT_GROWTH_CHECKS = 2


class OriginalAction(StrEnum):
    """What to do with a file when its task has ended."""

    LEAVE = "leave"
    MOVE = "move"
    TRASH = "trash"


class Original(Wire):
    """The action, and for MOVE the folder: absolute, or relative to the watchfolder."""

    action: OriginalAction = OriginalAction.LEAVE
    folder: str = ""


class Extensions(Wire):
    """Extensions without the dot, in any case. An empty `include` means all media files, `*` any file."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Globs(Wire):
    """Patterns as in `watch_rules.Pattern`."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class FileFilter(Wire):
    """Which files are queued. `min_size` is in bytes, `min_age` in seconds since the last change."""

    extensions: Extensions = Extensions()
    globs: Globs = Globs()
    min_size: int = Field(default=0, ge=0)
    min_age: float = Field(default=0, ge=0)


class WatchfolderSettings(Wire):
    """The settings of a watchfolder: FFmate's fields first, then those of FFmate Desktop.

    `interval` is in seconds. A file is queued after `growth_checks` checks, an interval apart, found it unchanged.
    Nodes need all `labels` to scan the folder and to run its tasks. `retries` is how often a failed task is retried.
    Fields of a newer release are ignored.
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
    """A pattern that replaces the preset's."""
    priority: int | None = None
    labels: tuple[str, ...] = ()
    retries: int = 0
    on_success: Original = Original()
    on_failure: Original = Original()
    write_locks: bool = False
    """Write `.lock` files, for FFmate nodes that scan the same folder."""


LIMITS: Mapping[str, tuple[int, int]] = {
    "interval": (1, 7 * 86_400),
    "growth_checks": (0, 1000),
    "retries": (0, 100),
    "priority": (0, 2_147_483_647),
}
"""The limits of the integer settings."""


def read_watchfolder_settings(stored: object) -> WatchfolderSettings | Unreadable:
    """The stored settings; Unreadable if this release can't follow them exactly."""
    found = read_record(WatchfolderSettings, stored)
    if not isinstance(found, Unreadable) and (wrong := _out_of_range(found)):
        return Unreadable(f"{wrong[0]}: this number is out of range")
    return found


def readable_settings(stored: object) -> WatchfolderSettings:
    """As much of unreadable settings as can be shown."""
    part = read_valid_fields(
        WatchfolderSettings, stored, {"name": "?", "path": "", "preset": str(UUID(int=0))}
    )
    wrong = _out_of_range(part)
    return part.model_copy(update={name: WatchfolderSettings.model_fields[name].default for name in wrong})


def _out_of_range(settings: WatchfolderSettings) -> list[str]:
    """The fields whose numbers are out of range."""
    wrong = [
        name
        for name, (least, most) in LIMITS.items()
        if (number := getattr(settings, name)) is not None and not least <= number <= most
    ]
    sizes = (settings.filter.min_size, settings.filter.min_age)
    return wrong if all(as_number(size) is not None for size in sizes) else [*wrong, "filter"]


class ScanResult(ForwardCompatible):
    """What a scan found: files, new tasks, files still growing, unreadable folders; and its duration in seconds."""

    files: int = 0
    queued: int = 0
    growing: int = 0
    unreadable: int = 0
    seconds: float = 0


class Watchfolder(WatchfolderSettings):
    """A watchfolder as it is shown. Times are in milliseconds since 1970 UTC; `error` is from the last scan.

    `last_scan` is None while no node can reach the folder.
    """

    uuid: UUID
    version: int
    error: str | None = None
    error_at: int | None = None
    """When the error first occurred."""
    scanning_by: str | None = None
    """The node that is scanning it now."""
    last_check: int | None = None
    last_node: str | None = None
    last_scan: ScanResult | None = None
    next_check: int | None = None
    """None while it is suspended."""
    unreadable: str | None = None
    """Why this release can't read the settings; then the settings shown are incomplete."""
    overdue: float = Field(default=0, exclude=True)
    """Seconds since `next_check` at the time of reading; negative before it."""
    created_at: int
    updated_at: int

    def settings(self) -> WatchfolderSettings:
        """Its settings alone."""
        return WatchfolderSettings.model_validate(
            self.model_dump(include=set(WatchfolderSettings.model_fields))
        )


class FileState(StrEnum):
    """The state of a file as people see it."""

    WAITING = "waiting"
    GROWING = "growing"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    OUTPUT = "output"
    """An output of the cluster."""
    UNKNOWN = "unknown"
    """A state of a newer release; `state_word` has it."""


class WatchedFile(Wire):
    """A file record as people see it. `path` is relative to the watchfolder, with `/`; times as in Watchfolder.

    `reason` explains the state in a sentence. `gone`: the last scans didn't find the file.
    """

    id: int
    path: str
    state: FileState
    reason: str = ""
    size: int
    modified_at: int
    first_seen_at: int
    state_word: str = Field(default="", exclude=True)
    """The state as it is stored."""
    task: UUID | None = None
    task_id: int | None = Field(default=None, exclude=True)
    progress: float | None = None
    attempts: int = 0
    gone: bool = False

    @field_serializer("state")
    def _word(self, value: FileState) -> str:
        return self.state_word or value.value


Counts = Mapping[FileState, int]
"""How many files are in each state. Files that are gone count if they had a task."""
