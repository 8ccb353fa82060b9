"""Collects the warnings of a test, so that unexpected ones fail it."""

import logging
import re


class ExpectedWarnings(logging.Handler):
    """Collects the lines logged at WARNING or above during one test, and what the test expects of them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []
        self._expected: list[str] = []
        self._allowed: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")

    def expect(self, pattern: str) -> None:
        """A line that matches this regular expression must be logged."""
        self._expected.append(pattern)

    def allow(self, pattern: str) -> None:
        """Lines that match this regular expression may be logged. For lines that depend on timing."""
        self._allowed.append(pattern)

    def problems(self) -> list[str]:
        """Return a sentence for each unexpected line, and for each expected line that is missing."""
        accepted = [*self._expected, *self._allowed]
        unexpected = [
            line for line in self._lines if not any(re.search(pattern, line) for pattern in accepted)
        ]
        missing = [p for p in self._expected if not any(re.search(p, line) for line in self._lines)]
        return [f"unexpected log line: {line}" for line in unexpected] + [
            f"never logged: {p}" for p in missing
        ]
