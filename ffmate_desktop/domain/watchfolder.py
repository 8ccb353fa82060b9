"""A watchfolder: a folder that the cluster scans, what people set about it, and what became of each file in it."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from pydantic import ConfigDict, Field, field_serializer

from ffmate_desktop.domain.stored_values import Unreadable, as_number, read_record, read_valid_fields
from ffmate_desktop.domain.wire import ForwardCompatible, Wire

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


LIMITS: Mapping[str, tuple[int, int]] = {
    "interval": (1, 7 * 86_400),
    "growth_checks": (0, 1000),
    "retries": (0, 100),
    "priority": (0, 2_147_483_647),
}
"""The least and the most of the whole numbers among the settings."""


def read_settings(stored: object) -> WatchfolderSettings | Unreadable:
    """The settings of a stored watchfolder; what this release cannot keep to is not guessed."""
    found = read_record(WatchfolderSettings, stored)
    if not isinstance(found, Unreadable) and (wrong := _out_of_range(found)):
        return Unreadable(f"{wrong[0]}: this number is too small or too large")
    return found


def readable_settings(stored: object) -> WatchfolderSettings:
    """As much of the settings as can be shown."""
    part = read_valid_fields(
        WatchfolderSettings, stored, {"name": "?", "path": "", "preset": str(UUID(int=0))}
    )
    wrong = _out_of_range(part)
    return part.model_copy(update={name: WatchfolderSettings.model_fields[name].default for name in wrong})


def _out_of_range(settings: WatchfolderSettings) -> list[str]:
    """The fields whose numbers nothing can be done with."""
    wrong = [
        name
        for name, (least, most) in LIMITS.items()
        if (number := getattr(settings, name)) is not None and not least <= number <= most
    ]
    sizes = (settings.filter.min_size, settings.filter.min_age)
    return wrong if all(as_number(size) is not None for size in sizes) else [*wrong, "filter"]


class ScanResult(ForwardCompatible):
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
    unreadable: str | None = None
    """Why this release cannot read the settings; then what is shown of them is incomplete."""
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
    UNKNOWN = "unknown"
    """A state of a newer release; the file keeps the word itself."""


class WatchedFile(Wire):
    """One file record. `path` is relative to the watchfolder, with `/`; times as in Watchfolder.

    `reason` says in a sentence why the state is what it is; `gone` tells that the last scans did not find the file.
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
"""How many files are in each state that occurs; of those that are gone, the ones that had a task."""
