"""Progress of long work: one line on a terminal, overwritten each time; nothing elsewhere."""

import sys
import time
from types import TracebackType

PATIENCE = 1.0
"""Seconds before the first line."""


class Counter:
    """Call it with the number that is done. It clears its line at the end."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._start = time.monotonic()
        self._shows = sys.stderr.isatty()
        self._width = 0

    def __call__(self, done: int) -> None:
        """Show this number."""
        if self._shows and time.monotonic() - self._start > PATIENCE:
            self._write(f"{done} of {self._total}")

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r{text.ljust(self._width)}")
        sys.stderr.flush()
        self._width = len(text)

    def __enter__(self) -> "Counter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            self._write("")
            sys.stderr.write("\r")
