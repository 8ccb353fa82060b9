"""Wildcards: `${NAME}` and `${NAME|filter|filter}` in commands and output patterns, FFmate's names and meanings.

| names | stand for |
|---|---|
| INPUT_FILE, OUTPUT_FILE | the whole path |
| …_BASE, …_BASENAME, …_EXTENSION, …_DIR | `film.mov`, `film`, `.mov`, the folder (`.` when there is none) |
| DATE_YEAR, _SHORTYEAR, _MONTH, _DAY, _WEEK | `2026`, `26`, `01` … `12`, `01` … `31`, ISO week `01` … `53` |
| TIME_HOUR, _MINUTE, _SECOND | `00` … `23`, `00` … `59` |
| TIMESTAMP_SECONDS, _MILLISECONDS, _MICROSECONDS, _NANOSECONDS | since 1970 |
| OS_NAME, OS_ARCH, FFMPEG | of the node that runs the task |
| SOURCE, UUID | who made the task; the task's own id |
| SIDECAR_FILE | the sidecar of a script; only there |
| METADATA_<path> | a value of the task's metadata (see `domain.metadata_path`); refused when it is not there |

A wildcard without a value is refused by name. A path refuses an empty value too: `x/${METADATA_title}.mp4` would be
the hidden file `x/.mp4`.

Values are put in once: a file that is called `${UUID}.mov` stays so. They are never quoted, since a command is split
into arguments before (see `domain.grammar`); FFmate expands first, so a quote in a file name breaks its commands.

| filter | for |
|---|---|
| filter | a value inside a filter description: `subtitles=${INPUT_FILE|filter}` |
| pct | `%` doubled, for muxers that read `%d` in a file name |
| slug | a safe part of a file name |
| slash | `\\` turned into `/` |
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
from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.value_filters import FILTERS

NODE_WILDCARDS = frozenset({"OS_NAME", "OS_ARCH", "FFMPEG"})
"""Known only on the node that runs the task."""

_WILDCARD = re.compile(r"\$\{([^}]*)\}")
_METADATA = "METADATA_"
_MOST_KEYS = 8  # that an error names


@dataclass(frozen=True)
class ClockReading:
    """One clock reading, shared by every wildcard of a task: nanoseconds since 1970 and seconds east of Greenwich."""

    epoch_ns: int
    utc_offset_seconds: int

    @classmethod
    def of(cls, moment: datetime) -> "ClockReading":
        """Take over an aware datetime, to the microsecond. Raises ValueError for a naive one."""
        offset = moment.utcoffset()
        if offset is None:
            raise ValueError("a moment needs a time zone")
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
        return cls(since // timedelta(microseconds=1) * 1000, int(offset.total_seconds()))

    def local(self) -> datetime:
        """The same moment as a clock on the wall of its place shows it."""
        zone = timezone(timedelta(seconds=self.utc_offset_seconds))
        return datetime(1970, 1, 1, tzinfo=UTC).astimezone(zone) + timedelta(
            microseconds=self.epoch_ns // 1000
        )


@dataclass(frozen=True)
class WildcardValues:
    """What the wildcards of one task stand for; `input_file` or `output_file` is empty when the task has none.

    `os_name` is windows, darwin or linux, `os_arch` amd64, arm64 and so on, as FFmate names them.
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
    """False as long as a script may still add metadata: what is missing counts as empty until then."""

    def with_sidecar(self, path: str) -> "WildcardValues":
        """The same for a script, which has this sidecar."""
        return replace(self, sidecar_file=path)


def expand(text: str, values: WildcardValues) -> str:
    """Put values in for the wildcards of an argument, in one pass and unquoted.

    Raises UsageError for an unknown wildcard or filter, naming the nearest ones, and for a file or metadata that the
    task lacks.
    """
    return _WILDCARD.sub(lambda match: _Wildcard.read(match[1]).value(values), text)


def expand_path(text: str, values: WildcardValues) -> str:
    """The same for the pattern of a path, where an empty value would make another name: raises UsageError for it."""
    return _WILDCARD.sub(lambda match: _Wildcard.read(match[1]).value(values, in_path=True), text)


def expand_steps(steps: Iterable[Sequence[str]], values: WildcardValues) -> list[list[str]]:
    """Put values in inside the arguments of a command: whatever a value holds, an argument stays one argument.

    A file wildcard that begins an argument gets `file:` in front when ffmpeg would take the name for an option or a
    protocol (`-x.mov`, `a:b.mov`). Raises UsageError as `expand` does.
    """
    return [[_expand_argument(token, values) for token in step] for step in steps]


def wildcards_in(text: str) -> frozenset[str]:
    """Names used in a text, such as INPUT_FILE or METADATA_a.b. Raises UsageError for an unknown name or filter."""
    return frozenset(_Wildcard.read(match[1]).name for match in _WILDCARD.finditer(text))


def example_metadata(texts: Iterable[str]) -> dict[str, object]:
    """Metadata with a value for every wildcard of these texts that asks for some."""
    names = frozenset[str]().union(*map(wildcards_in, texts))
    return metadata_path.example_metadata(
        sorted(name.removeprefix(_METADATA) for name in names if name.startswith(_METADATA))
    )


def _expand_argument(token: str, values: WildcardValues) -> str:
    expanded = expand(token, values)
    first = _WILDCARD.match(token)
    if first and first[1].startswith(("INPUT_FILE", "OUTPUT_FILE")) and _is_misread(expanded):
        return f"file:{expanded}"
    return expanded


def _is_misread(name: str) -> bool:
    """Whether ffmpeg takes a file name for an option or for a protocol that it is not (`url_find_protocol()`)."""
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
                f"${{{self.name}}} holds a zero character, which no file name can have.", "Remove it."
            )
        return text

    def _no_value(self, text: str | None, values: WildcardValues) -> UsageError:
        if self.name.startswith(_METADATA):
            path = self.name.removeprefix(_METADATA)
            why = (
                f"the task's metadata has no “{path}”"
                if text is None
                else f"“{path}” of the metadata is empty"
            )
            known = list(metadata_path.all_paths(values.metadata))
            near = difflib.get_close_matches(path, known, n=3)
            shown = ", ".join(f"${{{_METADATA}{key}}}" for key in near or known[:_MOST_KEYS])
            rest = "" if near or len(known) <= _MOST_KEYS else f" and {len(known) - _MOST_KEYS} more"
            hint = f"There is {shown}{rest}." if known else "The task has no metadata."
        else:
            why, hint = f"“{_base(values.input_file)}” has none", "Leave it out, or write the text itself."
        return UsageError(f"${{{self.name}}} has no value: {why}.", hint)


def _unknown(what: str, word: str, known: Iterable[str], form: str) -> UsageError:
    by_folded = {name.casefold(): name for name in sorted(known)}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=3)
    names = ", ".join(form.format(by_folded[name]) for name in near or by_folded)
    return UsageError(
        f"There is no {what} {form.format(word)}.", f"The nearest: {names}" if near else f"There are {names}"
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
                f"There is no {which} file that ${{{which.upper()}_FILE}} could stand for.",
                f"Give the task an {which} file, or write the path itself"
                + (
                    "."
                    if which == "input"
                    else "; a pattern for the output file can only use the input's parts."
                ),
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
            "${SIDECAR_FILE} stands for the sidecar of a script, and only scripts have one.",
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
