"""Find paths inside an option or a filter, as far as its text shows them."""

import re
from collections.abc import Iterator
from pathlib import Path

# A root: at the start, or after a character that can't be part of a name. Inside a word, `/` only separates.
_ROOTED = re.compile(r"(?<![\w.)\]}%+*-])(/[^:,;|'\"\[\]]*)")
_WINDOWS = re.compile(r"(?<![A-Za-z])([A-Za-z]:[\\/]+[^:,;|'\"\[\]]*|\\\\[^:,;|'\"\[\]]+)")


def raw_and_unquoted(token: str) -> tuple[str, str]:
    """Return a token as it is and without quotes and backslashes: ffmpeg may unquote filters several times."""
    return token, re.sub(r"[\\'\"]", "", token)


def rooted_paths_in(text: str) -> Iterator[Path]:
    """Find every path with a root in one form of a token."""
    for pattern in (_ROOTED, _WINDOWS):
        for found in pattern.finditer(text):
            yield Path(found[1].strip())
