"""Every setting once: its option, environment variable, default and help; and the folders of the program."""

import os
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import platformdirs

from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.preferences import Preferences
from ffmate_desktop.domain.retention import DEFAULT_LOG_DAYS, Retention


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a user can set. `option` is its word on the command line, `environment` its variable.

    `field` names its field in `Settings` where that differs from the option. Code that passes settings on (to a
    running window, the start at login, the nodes of the demo) loops over `SETTINGS`, so it includes a new one.
    """

    option: str
    environment: str
    value: str
    help: str
    field: str = ""

    @property
    def parameter(self) -> str:
        """The option as a Python name: the command line has a parameter of this name."""
        return self.option.removeprefix("--").replace("-", "_")

    @property
    def name(self) -> str:
        """Its field in `Settings`."""
        return self.field or self.parameter


DATABASE = Setting(
    "--database",
    "FFMATE_DATABASE",
    "URI",
    "PostgreSQL to share with other nodes: postgresql://user:password@host/database. "
    "Without it: the embedded database of this computer.",
)
IDENTIFIER = Setting(
    "--identifier", "FFMATE_IDENTIFIER", "NAME", "Name of this node. Default: the host name."
)
MAX_CONCURRENT_TASKS = Setting(
    "--max-concurrent-tasks",
    "FFMATE_MAX_CONCURRENT_TASKS",
    "N",
    "Tasks that this node runs at once.",
    field="slots",
)
FFMPEG = Setting(
    "--ffmpeg", "FFMATE_FFMPEG", "PATH", "The ffmpeg to use. Default: the one on PATH, else the bundled one."
)
LABEL = Setting(
    "--label",
    "FFMATE_LABELS",
    "NAME",
    "A label that this node provides, such as gpu. Repeatable.",
    field="labels",
)
ENCODE_PRIORITY = Setting(
    "--encode-priority",
    "FFMATE_ENCODE_PRIORITY",
    "low|normal",
    "low: encodes let every other program go first; normal: they take an equal share. Default: low with a window, "
    "normal without one.",
)
HEARTBEAT = Setting(
    "--heartbeat", "FFMATE_HEARTBEAT", "SECONDS", "Seconds between two signs of life of this node."
)
DRAIN_TIME = Setting(
    "--drain-time",
    "FFMATE_DRAIN_TIME",
    "SECONDS",
    "Seconds that a stopping node waits for its tasks before they go back to the queue.",
)
ALLOW_SCRIPTS = Setting(
    "--allow-scripts",
    "FFMATE_ALLOW_SCRIPTS",
    "DIR",
    "A folder from which this node runs scripts of tasks. Repeatable. Default: none; any with the embedded database.",
)
ALLOW_READ = Setting(
    "--allow-read",
    "FFMATE_ALLOW_READ",
    "DIR",
    "A folder that tasks may read here; nothing else then. Repeatable. Default: whatever this account may.",
)
ALLOW_WRITE = Setting(
    "--allow-write",
    "FFMATE_ALLOW_WRITE",
    "DIR",
    "A folder that tasks may write and read here; nothing else then. Repeatable. Default: as for reading.",
)
SCRIPT_TIMEOUT = Setting(
    "--script-timeout",
    "FFMATE_SCRIPT_TIMEOUT",
    "SECONDS",
    "Seconds after which a script of a task is stopped; 0: never.",
)
KEEP_LOGS_DAYS = Setting(
    "--keep-logs-days",
    "FFMATE_KEEP_LOGS_DAYS",
    "DAYS",
    "Days that this computer keeps the log files of tasks; 0: no limit.",
)
KEEP_LOGS_COUNT = Setting(
    "--keep-logs-count",
    "FFMATE_KEEP_LOGS_COUNT",
    "N",
    "The most log files of tasks that this computer keeps; the oldest go first; 0: no limit.",
)
KEEP_TASKS_DAYS = Setting(
    "--keep-tasks-days",
    "FFMATE_KEEP_TASKS_DAYS",
    "DAYS",
    "Days after which this node removes finished tasks from the queue, for everyone; 0: never.",
)
KEEP_TASKS_COUNT = Setting(
    "--keep-tasks-count",
    "FFMATE_KEEP_TASKS_COUNT",
    "N",
    "The most finished tasks that this node leaves in the queue; the oldest go first; 0: no limit.",
)
DATA_DIR = Setting(
    "--data-dir", "FFMATE_DATA_DIR", "PATH", "Folder of the embedded database, settings and logs."
)
DEBUG = Setting(
    "--debug",
    "FFMATE_DEBUG",
    "NAMESPACES",
    "Log lines to show, in FFmate's way: info:cluster,*:task,-debug:? Also shows the traceback of errors.",
)

SETTINGS = tuple(value for value in list(globals().values()) if isinstance(value, Setting))
"""Every setting that is declared above."""

PREFIX = "FFMATE_"
"""Of the variables of all settings."""

DEFAULT_SLOTS = 3
DEFAULT_HEARTBEAT = 5.0
DEFAULT_SCRIPT_TIMEOUT = 3600.0
DEFAULT_DRAIN_TIME = 30.0
"""Less than the 90 s after which systemd kills."""
STALL_SECONDS = 300.0
"""An ffmpeg that shows no sign of life for so long is taken for stuck. Slow filters may be silent for minutes."""


class Source(StrEnum):
    """Where a value comes from; the first one that has it wins."""

    COMMAND_LINE = "command line"
    ENVIRONMENT = "environment"
    FILE = "settings file"
    DEFAULT = "default"


GIVEN = frozenset({Source.COMMAND_LINE, Source.ENVIRONMENT})
"""What the file of settings, and with it the window, cannot change."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What this run of the program was told. `heartbeat`, `drain_time` and `script_timeout` in seconds.

    For `allow_...` see `services.permissions`.

    `encode_priority` None means low with a window and normal without one.

    `sources` tells by the name of a field where its value comes from; what is not in it is a default.
    `password_kept` says that the keyring has the password which `database` lacks.
    """

    database: str | None
    identifier: str
    slots: int
    ffmpeg: str | None
    labels: tuple[str, ...]
    heartbeat: float
    data_dir: Path
    debug: str
    drain_time: float = DEFAULT_DRAIN_TIME
    script_timeout: float = DEFAULT_SCRIPT_TIMEOUT
    allow_scripts: tuple[Path, ...] = ()
    allow_read: tuple[Path, ...] = ()
    allow_write: tuple[Path, ...] = ()
    encode_priority: EncodePriority | None = None
    keep_logs_days: int = DEFAULT_LOG_DAYS
    keep_logs_count: int = 0
    keep_tasks_days: int = 0
    keep_tasks_count: int = 0
    sources: Mapping[str, Source] = field(default_factory=dict)
    password_kept: bool = False

    def source(self, name: str) -> Source:
        """Where the field of this name got its value."""
        return self.sources.get(name, Source.DEFAULT)

    def with_preferences(self, kept: Preferences) -> "Settings":
        """What neither the command line nor the environment gave, from the file of settings, else by default."""
        wished: dict[str, Any] = {
            "database": kept.cluster.database,
            "identifier": kept.node.identifier,
            "slots": kept.node.slots,
            "ffmpeg": kept.node.ffmpeg,
            "labels": kept.node.labels or None,
            "encode_priority": kept.node.encode_priority,
            "keep_logs_days": kept.retention.logs_days,
            "keep_logs_count": kept.retention.logs_count,
            "keep_tasks_days": kept.retention.tasks_days,
            "keep_tasks_count": kept.retention.tasks_count,
        }
        defaults: dict[str, Any] = {
            "identifier": default_identifier(),
            "slots": DEFAULT_SLOTS,
            "labels": (),
            "keep_logs_days": DEFAULT_LOG_DAYS,
            "keep_logs_count": 0,
            "keep_tasks_days": 0,
            "keep_tasks_count": 0,
        }
        sources = {name: source for name, source in self.sources.items() if source in GIVEN}
        values: dict[str, Any] = {}
        for name in wished.keys() - sources.keys():
            is_wished = wished[name] is not None
            values[name] = wished[name] if is_wished else defaults.get(name)
            sources[name] = Source.FILE if is_wished else Source.DEFAULT
        from_file = sources["database"] is Source.FILE
        return replace(
            self, **values, sources=sources, password_kept=from_file and kept.cluster.password_kept
        )

    def given(self, setting: Setting) -> bool:
        """The command line or the environment gave it."""
        return self.source(setting.name) in GIVEN

    def words(self, setting: Setting) -> list[str]:
        """The options that give a new start of the program the value of this setting."""
        value = getattr(self, setting.name)
        values = value if isinstance(value, tuple) else (value,)
        return [f"{setting.option}={one}" for one in values if one is not None]

    @property
    def retention(self) -> Retention:
        """How long finished tasks and log files are kept."""
        return Retention(
            self.keep_logs_days, self.keep_logs_count, self.keep_tasks_days, self.keep_tasks_count
        )

    @property
    def work_folder(self) -> Path:
        """Where every attempt has its private working directory."""
        return self.data_dir / "work"

    @property
    def permissions_file(self) -> Path:
        """What the owner of this computer allowed tasks to do here."""
        return self.data_dir / "permissions.json"

    @property
    def task_logs(self) -> Path:
        """Where the complete logs of the tasks are kept."""
        return self.data_dir / "logs" / "tasks"


def default_data_dir() -> Path:
    """The folder that this operating system has for a program's data."""
    return Path(platformdirs.user_data_dir("ffmate-desktop", appauthor=False))


def default_identifier() -> str:
    """The host name, which people recognise."""
    return socket.gethostname() or "node"


def resources_folder() -> Path:
    """Presets and other files that come with the program: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def other_settings(handled: Collection[Setting]) -> list[str]:
    """Variables of the environment that look like settings and are none of these, known to us or not."""
    known = {setting.environment for setting in handled}
    return [name for name in os.environ if name.startswith(PREFIX) and name not in known and os.environ[name]]


def environment_debug() -> str:
    """The debug rules of the environment, ours before FFmate's."""
    return os.environ.get(DEBUG.environment) or os.environ.get("DEBUGO", "")
