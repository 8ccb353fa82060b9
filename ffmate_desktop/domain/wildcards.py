"""Wildcards in commands and output patterns: `${NAME}` or `${NAME|filter|filter}`, with FFmate's names and meanings.

| name | value |
|---|---|
| INPUT_FILE, OUTPUT_FILE | the full path |
| …_BASE, …_BASENAME, …_EXTENSION, …_DIR | `film.mov`, `film`, `.mov`, the folder (`.` if there is none) |
| DATE_YEAR, _SHORTYEAR, _MONTH, _DAY, _WEEK | `2026`, `26`, `01` … `12`, `01` … `31`, ISO week `01` … `53` |
| TIME_HOUR, _MINUTE, _SECOND | `00` … `23`, `00` … `59` |
| TIMESTAMP_SECONDS, _MILLISECONDS, _MICROSECONDS, _NANOSECONDS | time since 1970 UTC |
| OS_NAME, OS_ARCH, FFMPEG | operating system, processor and ffmpeg of the node that runs the task |
| SOURCE, UUID | what created the task (`domain.task_source`); the task's id |
| SIDECAR_FILE | the sidecar of a script; only in scripts |
| METADATA_<path> | a value from the task's metadata (see `domain.metadata_path`) |

A wildcard without a value is an error that names it. In a path an empty value is an error too: otherwise
`x/${METADATA_title}.mp4` would become the hidden file `x/.mp4`.

Values are inserted once: in a file named `${UUID}.mov` nothing is replaced. They need no quotes, because a command is
split into arguments before its wildcards are replaced (see `domain.grammar`). FFmate replaces first, so a quote in a
file name breaks its commands.

| filter | what it does |
|---|---|
| filter | escapes a value inside a filter description: `subtitles=${INPUT_FILE|filter}` |
| pct | doubles each `%`, for muxers that read `%d` in a file name |
| slug | makes a safe part of a file name |
| slash | replaces `\\` with `/` |
"""

import difflib
import ntpath
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from ffmate_desktop.domain import metadata_path
from ffmate_desktop.domain.counts import either
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.value_filters import FILTERS

NODE_WILDCARDS = frozenset({"OS_NAME", "OS_ARCH", "FFMPEG"})
"""Only the node that runs the task knows their values."""

_WILDCARD = re.compile(r"\$\{([^}]*)\}")
_METADATA = "METADATA_"
_MAX_KEYS_SHOWN = 8


@dataclass(frozen=True)
class ClockReading:
    """The time that all wildcards of a task share: nanoseconds since 1970 UTC, and the local UTC offset."""

    epoch_ns: int
    utc_offset_seconds: int

    @classmethod
    def of(cls, time: datetime) -> "ClockReading":
        """The reading of an aware datetime, to the microsecond. Raises ValueError for a naive one."""
        offset = time.utcoffset()
        if offset is None:
            raise ValueError("a clock reading needs a time zone")
        since = time - datetime(1970, 1, 1, tzinfo=UTC)
        return cls(since // timedelta(microseconds=1) * 1000, int(offset.total_seconds()))

    def local(self) -> datetime:
        """The local time there."""
        zone = timezone(timedelta(seconds=self.utc_offset_seconds))
        return datetime(1970, 1, 1, tzinfo=UTC).astimezone(zone) + timedelta(
            microseconds=self.epoch_ns // 1000
        )


@dataclass(frozen=True)
class WildcardValues:
    """The values for one task's wildcards; `input_file` or `output_file` is empty if the task has none.

    `os_name` is windows, darwin or linux; `os_arch` is amd64, arm64 and so on, as FFmate names them.
    """

    input_file: str
    output_file: str
    clock: ClockReading
    uuid: str
    source: str
    os_name: str
    os_arch: str
    ffmpeg: str
    metadata: Mapping[str, object]
    sidecar_file: str = ""
    is_complete: bool = True
    """False while a script may still add metadata: until then, missing values count as empty."""

    def with_sidecar(self, path: str) -> "WildcardValues":
        """The same values for a script, with the path of its sidecar."""
        return replace(self, sidecar_file=path)


def expand(text: str, values: WildcardValues) -> str:
    """Replace the wildcards in a text in one pass, without quotes.

    Raises UsageError for an unknown wildcard or filter, suggesting similar names, and for a file or metadata that the
    task doesn't have.
    """
    return _WILDCARD.sub(lambda match: _Wildcard.read(match[1]).value(values), text)


def expand_path(text: str, values: WildcardValues) -> str:
    """Like `expand`, but for a path: an empty value is an error too, because it would change the name."""
    return _WILDCARD.sub(lambda match: _Wildcard.read(match[1]).value(values, in_path=True), text)


def expand_steps(steps: Iterable[Sequence[str]], values: WildcardValues) -> list[list[str]]:
    """Replace the wildcards in a command's arguments. Each argument stays one argument, regardless of the values.

    If an argument starts with a file wildcard and ffmpeg would mistake the name for an option or a protocol
    (`-x.mov`, `a:b.mov`), it gets the prefix `file:`. Raises UsageError as `expand` does.
    """
    return [[_expand_argument(token, values) for token in step] for step in steps]


def wildcards_in(text: str) -> frozenset[str]:
    """The wildcard names in a text, such as INPUT_FILE. Raises UsageError for an unknown name or filter."""
    return frozenset(_Wildcard.read(match[1]).name for match in _WILDCARD.finditer(text))


def example_metadata(texts: Iterable[str]) -> dict[str, object]:
    """Metadata with an example value for every metadata wildcard in these texts."""
    names = frozenset[str]().union(*map(wildcards_in, texts))
    return metadata_path.example_for(
        sorted(name.removeprefix(_METADATA) for name in names if name.startswith(_METADATA))
    )


def _expand_argument(token: str, values: WildcardValues) -> str:
    expanded = expand(token, values)
    first = _WILDCARD.match(token)
    if first and first[1].startswith(("INPUT_FILE", "OUTPUT_FILE")) and _is_misread(expanded):
        return f"file:{expanded}"
    return expanded


def _is_misread(name: str) -> bool:
    """Whether ffmpeg would read this file name as an option or a protocol (`url_find_protocol()`)."""
    protocol = re.match(r"[A-Za-z0-9+.-]+:", name)
    known = re.match(r"file:|[A-Za-z]:[\\/]|[A-Za-z][A-Za-z0-9+.-]*://", name)
    return name.startswith("-") or (protocol is not None and known is None)


@dataclass(frozen=True)
class _Wildcard:
    name: str
    filters: tuple[str, ...]

    @classmethod
    def read(cls, body: str) -> "_Wildcard":
        name, *filters = re.split(r"(?<!\\)\|", body)
        if name.startswith(_METADATA):
            metadata_path.check_path(name.removeprefix(_METADATA))
        elif name not in _VALUES:
            raise _unknown("wildcard", name, [*_VALUES, f"{_METADATA}<path>"], "${{{}}}")
        for value_filter in filters:
            if value_filter not in FILTERS:
                raise _unknown("filter", value_filter, FILTERS, "|{}")
        return cls(name, tuple(filters))

    def value(self, values: WildcardValues, *, in_path: bool = False) -> str:
        found: str | None
        if self.name.startswith(_METADATA):
            found = metadata_path.value_at(values.metadata, self.name.removeprefix(_METADATA))
        else:
            found = _VALUES[self.name](values)
        if values.is_complete and (found is None or (in_path and not found.strip())):
            raise self._no_value(found, values)
        text = found or ""
        for value_filter in self.filters:
            text = FILTERS[value_filter](text)
        if "\0" in text:
            raise UsageError(
                f"${{{self.name}}} contains a null character, which isn't allowed in file names.",
                "Remove it.",
            )
        return text

    def _no_value(self, text: str | None, values: WildcardValues) -> UsageError:
        if self.name.startswith(_METADATA):
            path = self.name.removeprefix(_METADATA)
            why = (
                f"the task's metadata has no “{path}”"
                if text is None
                else f"“{path}” in the metadata is empty"
            )
            known = list(metadata_path.all_paths(values.metadata))
            near = difflib.get_close_matches(path, known, n=3)
            shown = ", ".join(f"${{{_METADATA}{key}}}" for key in near or known[:_MAX_KEYS_SHOWN])
            rest = (
                "" if near or len(known) <= _MAX_KEYS_SHOWN else f" and {len(known) - _MAX_KEYS_SHOWN} more"
            )
            hint = f"Available: {shown}{rest}." if known else "The task has no metadata."
        else:
            why, hint = f"“{_base(values.input_file)}” has none", "Remove it, or write the text itself."
        return UsageError(f"${{{self.name}}} has no value: {why}.", hint)


def _unknown(what: str, word: str, known: Iterable[str], form: str) -> UsageError:
    by_folded = {name.casefold(): name for name in sorted(known)}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=3)
    names = [form.format(by_folded[name]) for name in near or by_folded]
    return UsageError(
        f"{form.format(word)} isn't a {what}.",
        f"Did you mean {either(names)}?" if near else f"Available: {', '.join(names)}.",
    )


def _is_windows_path(path: str) -> bool:
    return re.match(r"[A-Za-z]:[\\/]|\\\\", path) is not None


def _base(path: str) -> str:
    return ntpath.basename(path) if _is_windows_path(path) else posixpath.basename(path)


def _folder(path: str) -> str:
    return (ntpath.dirname(path) if _is_windows_path(path) else posixpath.dirname(path)) or "."


def _file(which: Literal["input", "output"], part: Callable[[str], str]) -> Callable[[WildcardValues], str]:
    def value(values: WildcardValues) -> str:
        path = values.input_file if which == "input" else values.output_file
        if not path:
            raise UsageError(
                f"${{{which.upper()}_FILE}} has no value: the task has no {which} file.",
                f"Add an {which} file, or write the path itself"
                + ("." if which == "input" else "; an output pattern can only use parts of the input path."),
            )
        return part(path)

    return value


def _clock(form: str) -> Callable[[WildcardValues], str]:
    return lambda values: format(values.clock.local(), form)


def _timestamp(nanoseconds: int) -> Callable[[WildcardValues], str]:
    return lambda values: str(values.clock.epoch_ns // nanoseconds)


def _sidecar(values: WildcardValues) -> str:
    if not values.sidecar_file:
        raise UsageError(
            "Only scripts can use ${SIDECAR_FILE}: it is the path of the script's sidecar.",
            "Use it in scriptPath.",
        )
    return values.sidecar_file


_PARTS: dict[str, Callable[[str], str]] = {
    "": str,
    "_BASE": _base,
    "_BASENAME": lambda path: posixpath.splitext(_base(path))[0],
    "_EXTENSION": lambda path: posixpath.splitext(_base(path))[1],
    "_DIR": _folder,
}
_VALUES: dict[str, Callable[[WildcardValues], str]] = {
    **{f"INPUT_FILE{suffix}": _file("input", part) for suffix, part in _PARTS.items()},
    **{f"OUTPUT_FILE{suffix}": _file("output", part) for suffix, part in _PARTS.items()},
    "DATE_YEAR": _clock("%Y"),
    "DATE_SHORTYEAR": _clock("%y"),
    "DATE_MONTH": _clock("%m"),
    "DATE_DAY": _clock("%d"),
    "DATE_WEEK": _clock("%V"),
    "TIME_HOUR": _clock("%H"),
    "TIME_MINUTE": _clock("%M"),
    "TIME_SECOND": _clock("%S"),
    "TIMESTAMP_SECONDS": _timestamp(1_000_000_000),
    "TIMESTAMP_MILLISECONDS": _timestamp(1_000_000),
    "TIMESTAMP_MICROSECONDS": _timestamp(1_000),
    "TIMESTAMP_NANOSECONDS": _timestamp(1),
    "OS_NAME": lambda values: values.os_name,
    "OS_ARCH": lambda values: values.os_arch,
    "SOURCE": lambda values: values.source,
    "UUID": lambda values: values.uuid,
    "FFMPEG": lambda values: values.ffmpeg,
    "SIDECAR_FILE": _sidecar,
}
