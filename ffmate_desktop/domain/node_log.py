"""The cluster log: lines that nodes write to the database for all to read."""

from dataclasses import dataclass
from enum import IntEnum


class LogLevel(IntEnum):
    """The severity of a line, with the numbers of Python's logging."""

    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40

    @classmethod
    def of(cls, number: int) -> "LogLevel":
        """The level for a number; a number between two levels counts as the lower one."""
        return max((level for level in cls if level <= number), default=cls.DEBUG)


@dataclass(frozen=True, slots=True)
class NewLogLine:
    """A line not yet in the database; `at` is in seconds since 1970 UTC by the node's clock."""

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
    """Which lines are shown: from these nodes and namespaces (None: all), at least this level, containing `text`."""

    nodes: frozenset[str] | None = None
    level: LogLevel = LogLevel.INFO
    namespaces: frozenset[str] | None = None
    text: str = ""
