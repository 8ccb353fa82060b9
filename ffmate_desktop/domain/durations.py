"""Lengths of time as people type them: `30d`, `12h`, `90m`, `1d12h`."""

import re
from datetime import timedelta

from ffmate_desktop.domain.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_WHOLE = re.compile(r"(?:\d+[smhdw])+", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"(\d+)([smhdw])", re.IGNORECASE | re.ASCII)

MAX_DURATION = timedelta(days=36_500)
"""A hundred years; the database counts farther, but nobody means that."""


def parse_duration(text: str) -> timedelta:
    """The length of time; raises UsageError for anything else."""
    word = text.strip()
    if not _WHOLE.fullmatch(word) or len(word) > 50:
        raise UsageError(f"“{text}” is not a length of time.", "Write it as 30d, 12h, 90m or 1d12h.")
    seconds = sum(int(number) * _UNITS[unit.lower()] for number, unit in _PART.findall(word))
    if seconds > MAX_DURATION.total_seconds():
        raise UsageError(f"“{text}” is too long.", "A hundred years (36500d) is the most.")
    return timedelta(seconds=seconds)
