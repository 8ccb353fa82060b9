"""Filters for wildcard values: `${INPUT_FILE|slash|filter}` applies each filter in turn."""

import re
import unicodedata
from collections.abc import Callable, Mapping

_SLUG_BYTES = 120  # leaves room for the rest of a file name, which may have 255 bytes
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)


def escape_in_filter(value: str) -> str:
    """Escape an option value inside a filter description, as in `subtitles=…` or `movie=filename=…`.

    ffmpeg parses the value twice: first the graph (`[`, `]`, `,`, `;`), then the filter's options (`:`, `=`). Each
    pass removes one level of backslashes and trims blanks at both ends. Don't put the value in quotes inside the
    filter description. Source: "Notes on filtergraph escaping" in the ffmpeg-filters manual.
    """
    return _escape(_escape(value, r"\\':="), r"\\'\[\],;")


def double_percent(value: str) -> str:
    """Double each `%`, for muxers that replace `%d` in a file name with a number (`image2`, `segment`, `hls`)."""
    return value.replace("%", "%%")


def slug(value: str) -> str:
    """Turn any text into a part of a file name that works on every system: letters, digits, `.`, `_` and `-`."""
    text = unicodedata.normalize("NFC", value)
    text = "".join(character if character.isalnum() or character in "._-" else "-" for character in text)
    text = re.sub(r"-{2,}", "-", text)
    text = text.encode()[:_SLUG_BYTES].decode(errors="ignore").strip("-.")
    return f"{text}_" if not text or _WINDOWS_DEVICE.match(text) else text


def forward_slashes(value: str) -> str:
    r"""Replace `\` with `/`, which ffmpeg accepts on Windows too."""
    return value.replace("\\", "/")


def _escape(value: str, special: str) -> str:
    return re.sub(rf"[{special}]|^[ \t\r\n]|[ \t\r\n](?=[ \t\r\n]*\Z)", r"\\\g<0>", value)


FILTERS: Mapping[str, Callable[[str], str]] = {
    "filter": escape_in_filter,
    "pct": double_percent,
    "slug": slug,
    "slash": forward_slashes,
}
