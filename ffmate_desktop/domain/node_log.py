"""The log of the cluster: lines that nodes write for everybody to read."""

from dataclasses import dataclass
from enum import IntEnum


class LogLevel(IntEnum):
    """How serious a line is; the numbers are those of Python's logging."""

    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40

    @classmethod
    def of(cls, number: int) -> "LogLevel":
        """The level of this number; a number between two of them counts as the lower one."""
        return max((level for level in cls if level <= number), default=cls.DEBUG)


@dataclass(frozen=True, slots=True)
class NewLogLine:
    """A line on its way to the database; `at` in seconds since 1970 UTC by the node's clock."""

    at: float
    level: LogLevel
    namespace: str
    message: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line as it is shown; `at` in milliseconds since 1970 UTC. `namespace` is a topic such as "cluster", or ""."""

    id: int
    node: str
    at: int
    level: LogLevel
    namespace: str
    message: str


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines are shown: of these nodes and namespaces (None: all), of this level and above, that hold `text`."""

    nodes: frozenset[str] | None = None
    level: LogLevel = LogLevel.INFO
    namespaces: frozenset[str] | None = None
    text: str = ""
