"""Paths into a task's metadata, as in `${METADATA_show.episodes.0.title}`: the part of FFmate's path syntax in use.

`a.b` goes into an object, `a.0` into an array, `a.#` counts an array, `a.#.b` collects `b` of its elements; `\\.` is
a point that belongs to a key. Source: the GJSON path syntax, which FFmate uses. Its patterns, queries and modifiers
(`*`, `?`, `#(…)`, `@…`) are refused rather than taken for keys.
"""

import json
import re
from collections.abc import Mapping, Sequence

from ffmate_desktop.domain.errors import UsageError

_MISSING = object()
_UNSUPPORTED = re.compile(r"(?<!\\)[*?]|(?:^|\.)(?:#\(|@)")


def check(path: str) -> None:
    """Raise UsageError when a path is empty or uses syntax that is not supported."""
    if not path or _UNSUPPORTED.search(path):
        raise UsageError(
            f"The metadata path in ${{METADATA_{path}}} cannot be read.",
            "Write keys and array positions with points between them, such as ${METADATA_episodes.0.title}",
        )


def find(metadata: Mapping[str, object], path: str) -> str:
    """Value at a path as text: a string as it is, anything else as JSON; empty when absent or null, as in FFmate."""
    keys = [re.sub(r"\\(.)", r"\1", key) for key in re.split(r"(?<!\\)\.", path)]
    value = _find(metadata, keys)
    if value is _MISSING or value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _find(value: object, keys: Sequence[str]) -> object:
    if not keys:
        return value
    key, rest = keys[0], keys[1:]
    if isinstance(value, Mapping):
        return _find(value[key], rest) if key in value else _MISSING
    if not isinstance(value, list | tuple):
        return _MISSING
    if key == "#":
        found = [_find(element, rest) for element in value]
        return [element for element in found if element is not _MISSING] if rest else len(value)
    if re.fullmatch(r"[0-9]+", key) and int(key) < len(value):
        return _find(value[int(key)], rest)
    return _MISSING
