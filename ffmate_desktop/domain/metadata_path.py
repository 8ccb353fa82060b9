"""Paths into a task's metadata, as in `${METADATA_show.episodes.0.title}`: the part of FFmate's path syntax in use.

`a.b` goes into an object, `a.0` into an array, `a.#` counts an array, `a.#.b` collects `b` of its elements; `\\.` is
a point that belongs to a key. Source: the GJSON path syntax, which FFmate uses. Its patterns, queries and modifiers
(`*`, `?`, `#(…)`, `@…`) are refused rather than taken for keys.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ffmate_desktop.domain.errors import UsageError

_MISSING = object()
_UNSUPPORTED = re.compile(r"(?<!\\)[*?]|(?:^|\.)(?:#\(|@)")


def check_path(path: str) -> None:
    """Raise UsageError when a path is empty or uses syntax that is not supported."""
    if not path or _UNSUPPORTED.search(path):
        raise UsageError(
            f"The metadata path in ${{METADATA_{path}}} cannot be read.",
            "Write keys and array positions with points between them, such as ${METADATA_episodes.0.title}",
        )


def value_at(metadata: Mapping[str, object], path: str) -> str | None:
    """Value at a path as text: a string as it is, anything else as JSON; empty for null, None when it is absent."""
    value = _find(metadata, _keys(path))
    if value is _MISSING:
        return None
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def example_metadata(paths: Iterable[str]) -> dict[str, object]:
    """Metadata that has a value at each of these paths: the name of its last key."""
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
    """Every path that leads to a value which is no object, as one writes it."""
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
