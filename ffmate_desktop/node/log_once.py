"""Logs a message that repeats only once."""

import logging


class LogOnce:
    """Logs messages at `level`, but at debug level while the same one repeats."""

    def __init__(self, logger: logging.Logger, level: int) -> None:
        self._logger = logger
        self._level = level
        self._last = ""

    def log(self, message: str) -> None:
        """Log it."""
        level = logging.DEBUG if message == self._last else self._level
        self._last = message
        self._logger.log(level, "%s", message)

    def reset(self) -> None:
        """The problem is over: if the last message comes back, it's worth a line again."""
        self._last = ""
