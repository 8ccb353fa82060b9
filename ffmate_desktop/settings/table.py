"""The table of settings: command line, variables, settings.json, `doctor`, dialog and docs are derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.retention import DEFAULT_LOG_DAYS, MAX_COUNT, MAX_DAYS, Retention
from ffmate_desktop.domain.slots import MAX_SLOTS
from ffmate_desktop.settings.folders import default_data_dir, default_identifier
from ffmate_desktop.settings.kinds import Choice, Folders, Labels, NewFolder, NodeName, Number, Text
from ffmate_desktop.settings.preferences import Preferences
from ffmate_desktop.settings.setting import EXPLICIT, Setting, Source

FILE_VERSION = 2
"""Of settings.json. Raise it with each new key, so that an older program doesn't drop a key that it doesn't know."""

DATABASE = Setting[str | None](
    field="database",
    option="--database",
    variable="FFMATE_DATABASE",
    metavar="URI",
    kind=Text(),
    default=None,
    default_text="the embedded database of this computer",
    file_key="cluster.database",
    help="PostgreSQL database to share with other nodes: postgresql://user:password@host/database.",
)
IDENTIFIER = Setting(
    field="identifier",
    option="--identifier",
    variable="FFMATE_IDENTIFIER",
    metavar="NAME",
    kind=NodeName(),
    default=default_identifier(),
    default_text="the host name",
    file_key="node.identifier",
    needs_rejoin=True,
    help="Name of this node in the cluster: one line of at most 200 characters.",
)
SLOTS = Setting(
    field="slots",
    option="--max-concurrent-tasks",
    variable="FFMATE_MAX_CONCURRENT_TASKS",
    metavar="N",
    kind=Number(1, MAX_SLOTS, is_whole=True),
    default=3,
    file_key="node.slots",
    help="Tasks that this node runs at once.",
)
FFMPEG = Setting[str | None](
    field="ffmpeg",
    option="--ffmpeg",
    variable="FFMATE_FFMPEG",
    metavar="PATH",
    kind=Text(),
    default=None,
    default_text="the one on PATH, else the bundled one",
    file_key="node.ffmpeg",
    needs_rejoin=True,
    help="The ffmpeg program to use.",
)
LABELS = Setting[tuple[str, ...]](
    field="labels",
    option="--label",
    variable="FFMATE_LABELS",
    metavar="NAME",
    kind=Labels(),
    default=(),
    file_key="node.labels",
    needs_rejoin=True,
    help="A label that this node provides, such as gpu. Repeatable.",
)
ENCODE_PRIORITY = Setting[EncodePriority | None](
    field="encode_priority",
    option="--encode-priority",
    variable="FFMATE_ENCODE_PRIORITY",
    metavar="low|normal",
    kind=Choice(EncodePriority),
    default=None,
    default_text="low with a window, normal without one",
    file_key="node.encode_priority",
    needs_rejoin=True,
    help="low: encodes let every other program go first. normal: they get an equal share.",
)
HEARTBEAT = Setting(
    field="heartbeat",
    option="--heartbeat",
    variable="FFMATE_HEARTBEAT",
    metavar="SECONDS",
    kind=Number(0.5, 3600),
    default=5.0,
    help="Seconds between two heartbeats of this node.",
)
DRAIN_TIME = Setting(
    field="drain_time",
    option="--drain-time",
    variable="FFMATE_DRAIN_TIME",
    metavar="SECONDS",
    kind=Number(0, 86_400),
    default=30.0,  # less than the 90 s after which systemd kills
    help="Seconds that a stopping node waits for its tasks before they go back to the queue.",
)
ALLOW_SCRIPTS = Setting[tuple[Path, ...]](
    field="allow_scripts",
    option="--allow-scripts",
    variable="FFMATE_ALLOW_SCRIPTS",
    metavar="DIR",
    kind=Folders(),
    default=(),
    default_text="none; with the embedded database, any folder",
    help="A folder whose scripts tasks may run here. Repeatable.",
)
ALLOW_READ = Setting[tuple[Path, ...]](
    field="allow_read",
    option="--allow-read",
    variable="FFMATE_ALLOW_READ",
    metavar="DIR",
    kind=Folders(),
    default=(),
    default_text="every folder this account can read",
    help="A folder that tasks may read here; they can't read any other. Repeatable.",
)
ALLOW_WRITE = Setting[tuple[Path, ...]](
    field="allow_write",
    option="--allow-write",
    variable="FFMATE_ALLOW_WRITE",
    metavar="DIR",
    kind=Folders(),
    default=(),
    default_text="every folder this account can write to",
    help="A folder that tasks may read and write here; they can't write to any other. Repeatable.",
)
SCRIPT_TIMEOUT = Setting(
    field="script_timeout",
    option="--script-timeout",
    variable="FFMATE_SCRIPT_TIMEOUT",
    metavar="SECONDS",
    kind=Number(0, 604_800),
    default=3600.0,
    help="Seconds after which a task's script is stopped; 0: never.",
)
KEEP_LOGS_DAYS = Setting(
    field="keep_logs_days",
    option="--keep-logs-days",
    variable="FFMATE_KEEP_LOGS_DAYS",
    metavar="DAYS",
    kind=Number(0, MAX_DAYS, is_whole=True),
    default=DEFAULT_LOG_DAYS,
    file_key="retention.logs_days",
    help="Days that this computer keeps the log files of tasks; 0: no limit.",
)
KEEP_LOGS_COUNT = Setting(
    field="keep_logs_count",
    option="--keep-logs-count",
    variable="FFMATE_KEEP_LOGS_COUNT",
    metavar="N",
    kind=Number(0, MAX_COUNT, is_whole=True),
    default=0,
    file_key="retention.logs_count",
    help="The most log files of tasks that this computer keeps. The oldest are removed first; 0: no limit.",
)
KEEP_TASKS_DAYS = Setting(
    field="keep_tasks_days",
    option="--keep-tasks-days",
    variable="FFMATE_KEEP_TASKS_DAYS",
    metavar="DAYS",
    kind=Number(0, MAX_DAYS, is_whole=True),
    default=0,
    file_key="retention.tasks_days",
    help="Days after which this node removes finished tasks from the queue, for every computer; 0: never.",
)
KEEP_TASKS_COUNT = Setting(
    field="keep_tasks_count",
    option="--keep-tasks-count",
    variable="FFMATE_KEEP_TASKS_COUNT",
    metavar="N",
    kind=Number(0, MAX_COUNT, is_whole=True),
    default=0,
    file_key="retention.tasks_count",
    help="The most finished tasks that this node leaves in the queue. The oldest are removed first; 0: no limit.",
)
DATA_DIR = Setting(
    field="data_dir",
    option="--data-dir",
    variable="FFMATE_DATA_DIR",
    metavar="PATH",
    kind=NewFolder(),
    default=default_data_dir(),
    default_text="where this system keeps the data of programs",
    help="Folder of the embedded database, settings and logs.",
)
DEBUG = Setting(
    field="debug",
    option="--debug",
    variable="FFMATE_DEBUG",
    other_variable="DEBUGO",
    metavar="NAMESPACES",
    kind=Text(),
    default="",
    default_text="info, warn and error for a node without a window, else warn and error",
    help="Log lines to show, as LEVEL:TOPIC in FFmate's syntax, such as info:*,debug:task; * shows all."
    " Also shows tracebacks.",
)

SETTINGS: tuple[Setting[Any], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Setting)
)
"""Every setting above, in the order of the help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of this run: one field for each setting above.

    `sources` says by field where each value comes from; a field that isn't in it has its default.
    `password_kept`: the keyring has the password which `database` lacks.
    """

    database: str | None = DATABASE.default
    identifier: str = IDENTIFIER.default
    slots: int = SLOTS.default
    ffmpeg: str | None = FFMPEG.default
    labels: tuple[str, ...] = LABELS.default
    encode_priority: EncodePriority | None = ENCODE_PRIORITY.default
    heartbeat: float = HEARTBEAT.default
    drain_time: float = DRAIN_TIME.default
    allow_scripts: tuple[Path, ...] = ALLOW_SCRIPTS.default
    allow_read: tuple[Path, ...] = ALLOW_READ.default
    allow_write: tuple[Path, ...] = ALLOW_WRITE.default
    script_timeout: float = SCRIPT_TIMEOUT.default
    keep_logs_days: int = KEEP_LOGS_DAYS.default
    keep_logs_count: int = KEEP_LOGS_COUNT.default
    keep_tasks_days: int = KEEP_TASKS_DAYS.default
    keep_tasks_count: int = KEEP_TASKS_COUNT.default
    data_dir: Path = DATA_DIR.default
    debug: str = DEBUG.default
    sources: Mapping[str, Source] = field(default_factory=dict)
    password_kept: bool = False

    def source(self, setting: Setting[Any]) -> Source:
        """Where the value of this setting comes from."""
        return self.sources.get(setting.field, Source.DEFAULT)

    def is_explicit(self, setting: Setting[Any]) -> bool:
        """The command line or the environment sets it, so the settings file and the window can't."""
        return self.source(setting) in EXPLICIT

    def with_preferences(self, preferences: Preferences) -> "Settings":
        """The values of settings.json, or defaults, for all that isn't explicit."""
        sources = {name: source for name, source in self.sources.items() if source in EXPLICIT}
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            if setting.file_key and not self.is_explicit(setting):
                chosen = preferences.get(setting)
                values[setting.field] = setting.default if chosen is None else chosen
                sources[setting.field] = Source.DEFAULT if chosen is None else Source.FILE
        from_file = sources[DATABASE.field] is Source.FILE
        return replace(self, **values, sources=sources, password_kept=from_file and preferences.password_kept)

    def options(self, setting: Setting[Any]) -> list[str]:
        """The options that give a new start of the program the value of this setting."""
        return [f"{setting.option}={word}" for word in setting.words(getattr(self, setting.field))]

    @property
    def retention(self) -> Retention:
        """How long finished tasks and log files are kept."""
        return Retention(
            self.keep_logs_days, self.keep_logs_count, self.keep_tasks_days, self.keep_tasks_count
        )

    @property
    def work_folder(self) -> Path:
        """Where each attempt has its private working directory."""
        return self.data_dir / "work"

    @property
    def permissions_file(self) -> Path:
        """What the owner of this computer allows tasks to do here."""
        return self.data_dir / "permissions.json"

    @property
    def task_logs(self) -> Path:
        """Where the complete logs of tasks are kept."""
        return self.data_dir / "logs" / "tasks"
