"""Durations as people type them: `30d`, `12h`, `90m`, `1d12h`."""

import re
from datetime import timedelta

from ffmate_desktop.domain.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_DURATION = re.compile(r"(?:\d+[smhdw])+", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"(\d+)([smhdw])", re.IGNORECASE | re.ASCII)

MAX_DURATION = timedelta(days=36_500)
"""A hundred years. The database can store more, but more is always a mistake."""


def parse_duration(text: str) -> timedelta:
    """Parse a duration; raises UsageError for anything else."""
    word = text.strip()
    if not _DURATION.fullmatch(word) or len(word) > 50:
        raise UsageError(f"“{text}” isn't a duration.", "Write it like 30d, 12h, 90m or 1d12h.")
    seconds = sum(int(number) * _UNITS[unit.lower()] for number, unit in _PART.findall(word))
    if seconds > MAX_DURATION.total_seconds():
        raise UsageError(f"“{text}” is too long.", "The maximum is 100 years (36500d).")
    return timedelta(seconds=seconds)
