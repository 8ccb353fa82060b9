"""Named loggers by topic: every module takes the one that fits, and `--debug` chooses what is shown.

A line has a namespace `level:topic`, such as `info:cluster`. The rules are FFmate's: names separated by commas,
`*` stands for anything, `x:?` for `x` alone or with one more word, a leading `-` takes away.
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
"""What a node without a window shows."""

QUIET_RULES = "warn:*,error:*"
"""What the other commands show."""

_LEVELS = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warn",
    logging.ERROR: "error",
    logging.CRITICAL: "error",
}


def namespace(record: logging.LogRecord) -> str:
    """`level:topic` of a line; the topic is missing for lines of the program as a whole."""
    level = _LEVELS.get(record.levelno, "info")
    topic = record.name.removeprefix("ffmate").lstrip(".")
    return f"{level}:{topic}" if topic else level


class DebugRules(logging.Filter):
    """Lets the lines through that the rules name. The last rule that fits a line decides."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._rules = [
            (not rule.startswith("-"), _pattern(rule.removeprefix("-")))
            for rule in (part.strip() for part in text.split(","))
            if rule
        ]

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is shown."""
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


def show(rules: str, stream: TextIO | None = None) -> None:
    """Show log lines on stderr, or `stream`, as the rules say; replaces what was set before."""
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_Formatter())
    handler.addFilter(DebugRules(rules))
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    root.propagate = False
    if logging.lastResort is not None:  # shows what libraries log, such as asyncio
        logging.lastResort.setFormatter(_Formatter())


class _Handler(logging.StreamHandler[TextIO]):
    """Drops the lines that cannot be written. Once nobody can read any more, all further ones go nowhere."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - as logging calls it
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif error.errno in (EIO, ENXIO, EPIPE):
            # A closed terminal or pipe: what is buffered would fail again at the end, and change the exit code.
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self.stream.fileno())
                os.close(nowhere)


class _Formatter(logging.Formatter):
    """Names in a message cannot command a terminal, nor look like another line of the log."""

    def format(self, record: logging.LogRecord) -> str:
        moment = self.formatTime(record, "%H:%M:%S")
        message = multi_line(record.getMessage(), "?").replace("\n", "\n    ")
        text = f"{moment} {namespace(record)}  {message}"
        return (
            f"{text}\n{multi_line(self.formatException(record.exc_info), '?')}" if record.exc_info else text
        )
