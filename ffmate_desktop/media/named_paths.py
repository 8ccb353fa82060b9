"""The paths that stand inside an option or a filter, as far as its words tell."""

import re
from collections.abc import Iterator
from pathlib import Path

# A root: at the beginning, or behind anything that can be no part of a name. Within a word `/` only divides.
_ROOTED = re.compile(r"(?<![\w.)\]}%+*-])(/[^:,;|'\"\[\]]*)")
_WINDOWS = re.compile(r"(?<![A-Za-z])([A-Za-z]:[\\/]+[^:,;|'\"\[\]]*|\\\\[^:,;|'\"\[\]]+)")


def raw_and_unquoted(token: str) -> tuple[str, str]:
    """A filter is read with quotes and backslashes taken away, perhaps several times: look at both."""
    return token, re.sub(r"[\\'\"]", "", token)


def paths_in(text: str) -> Iterator[Path]:
    """Every path with a root in one reading of a token."""
    for pattern in (_ROOTED, _WINDOWS):
        for found in pattern.finditer(text):
            yield Path(found[1].strip())
