"""One logger per topic. `--debug` selects which lines are shown.

Each line has a namespace `level:topic`, such as `info:cluster`. The rules have FFmate's syntax, separated by commas:
`*` matches anything, `x:?` matches `x` alone or with one more word, and a leading `-` excludes. The last rule that
matches a line decides. `debug:*,-debug:database` shows all debug lines except those of the database.
"""

import logging
import os
import re
import sys
from contextlib import suppress
from errno import EIO, ENXIO, EPIPE
from typing import TextIO

from ffmate_desktop.domain.plain_text import multi_line

root = logging.getLogger("ffmate")
task = root.getChild("task")
cluster = root.getChild("cluster")
database = root.getChild("database")
ffmpeg = root.getChild("ffmpeg")
watchfolder = root.getChild("watchfolder")

DEFAULT_RULES = "info:*,warn:*,error:*"
"""The default of a node without a window."""

QUIET_RULES = "warn:*,error:*"
"""The default of the other commands."""

_LEVELS = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warn",
    logging.ERROR: "error",
    logging.CRITICAL: "error",
}


def namespace(record: logging.LogRecord) -> str:
    """Return `level:topic`. Lines about the program as a whole have no topic."""
    level = _LEVELS.get(record.levelno, "info")
    topic = record.name.removeprefix("ffmate").lstrip(".")
    return f"{level}:{topic}" if topic else level


class DebugRules(logging.Filter):
    """Filters lines by their namespace. The last matching rule decides."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._rules = [
            (not rule.startswith("-"), _pattern(rule.removeprefix("-")))
            for rule in (part.strip() for part in text.split(","))
            if rule
        ]

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is shown."""
        name = namespace(record)
        shown = False
        for allows, pattern in self._rules:
            if pattern.fullmatch(name):
                shown = allows
        return shown


def _pattern(rule: str) -> re.Pattern[str]:
    if rule.endswith(":?"):
        return re.compile(_words(rule[:-2]) + r"(:[^:]+)?")
    if rule.endswith(":*"):
        return re.compile(_words(rule[:-2]) + r"(:.+)?")
    return re.compile(_words(rule))


def _words(rule: str) -> str:
    return re.escape(rule).replace(r"\*", ".*").replace(r"\?", "[^:]*")


def configure(rules: str, stream: TextIO | None = None) -> None:
    """Write the log lines that match the rules to stderr or `stream`. Replaces an earlier configuration."""
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_Formatter())
    handler.addFilter(DebugRules(rules))
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    root.propagate = False
    if logging.lastResort is not None:  # prints what libraries log, such as asyncio
        logging.lastResort.setFormatter(_Formatter())


class _Handler(logging.StreamHandler[TextIO]):
    """Drops lines that can't be written. After the reader has gone, all further lines go to the null device."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - as logging calls it
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif error.errno in (EIO, ENXIO, EPIPE):
            # A closed terminal or pipe: the buffered data would fail again at exit and change the exit code.
            with suppress(OSError, ValueError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, self.stream.fileno())
                os.close(null)


class _Formatter(logging.Formatter):
    """Escapes messages, so that names in them can neither control a terminal nor look like another log line."""

    def format(self, record: logging.LogRecord) -> str:
        time = self.formatTime(record, "%H:%M:%S")
        message = multi_line(record.getMessage(), "?").replace("\n", "\n    ")
        text = f"{time} {namespace(record)}  {message}"
        return (
            f"{text}\n{multi_line(self.formatException(record.exc_info), '?')}" if record.exc_info else text
        )
