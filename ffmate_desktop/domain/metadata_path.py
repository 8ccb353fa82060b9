"""Paths into a task's metadata, as in `${METADATA_show.episodes.0.title}`: a subset of FFmate's path syntax.

| path | value |
|---|---|
| `a.b` | field `b` of the object `a` |
| `a.0` | first element of the array `a` |
| `a.#` | length of the array `a` |
| `a.#.b` | field `b` of every element, as a list |
| `a\\.b` | the field named `a.b` |

FFmate uses the GJSON path syntax. Its patterns, queries and modifiers (`*`, `?`, `#(…)`, `@…`) aren't supported and
are refused, so that they are never mistaken for field names.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ffmate_desktop.domain.errors import UsageError

_MISSING = object()
_UNSUPPORTED = re.compile(r"(?<!\\)[*?]|(?:^|\.)(?:#\(|@)")


def check_path(path: str) -> None:
    """Raise UsageError if a path is empty or uses unsupported syntax."""
    if not path or _UNSUPPORTED.search(path):
        raise UsageError(
            f"The metadata path in ${{METADATA_{path}}} isn't valid.",
            "Separate field names and array positions with dots, as in ${METADATA_episodes.0.title}",
        )


def value_at(metadata: Mapping[str, object], path: str) -> str | None:
    """The value at a path: text as it is, null as empty text, anything else as JSON. None if it doesn't exist."""
    value = _find(metadata, _keys(path))
    if value is _MISSING:
        return None
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def example_for(paths: Iterable[str]) -> dict[str, object]:
    """Metadata with an example value at each of these paths: the last field name."""
    metadata: dict[str, Any] = {}
    for path in paths:
        *parents, last = _keys(path)
        place: Any = metadata
        for key in parents:
            place = place.setdefault(key, {}) if isinstance(place, dict) else {}
        if isinstance(place, dict):
            place.setdefault(last, last)
    return metadata


def _keys(path: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", key) for key in re.split(r"(?<!\\)\.", path)]


def all_paths(metadata: Mapping[str, object]) -> Iterator[str]:
    """Every path to a value that isn't an object, with special characters escaped."""
    for key, value in metadata.items():
        name = re.sub(r"[.\\*?]", r"\\\g<0>", key)
        if isinstance(value, Mapping) and value:
            yield from (f"{name}.{path}" for path in all_paths(value))
        else:
            yield name


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
