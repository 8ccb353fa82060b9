"""Which version of each input a task reads, so that a file that changes during its encode never becomes a success.

A version is size, modification time, and the identity of the file. The record holds small inputs open: that keeps
their identity comparable on file systems that number files anew at each look (FUSE, FAT), and shows what becomes of a
file that a recorder renames when it is complete. An attempt takes the record before the probe, and compares it after
the encode, right before it asks for the permission to publish. A file that only lost its name has not changed.

A short encode may fit between two writes of a recorder. So an input that changed in the last ten seconds is compared
again until then, if its container cannot tell whether it is complete. If the encode failed over it, only the sentence
depends on that, and a shorter look must do.
"""

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ffmate_desktop.domain.task_facts import ChangedInput, InputVersion
from ffmate_desktop.media.arguments import InputArgument, Invocation, parse
from ffmate_desktop.media.diagnosis import Diagnosis, RetryAdvice
from ffmate_desktop.media.inputs import files_read, series_pattern
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.side_inputs import side_inputs

STABLE_AFTER = 10.0
"""Seconds without a change after which a file counts as complete. Recorders write a quarter of a megabyte at once."""

_FROM_NOW = 60.0  # seconds by which the clock of a server may be ahead; times beyond say nothing
_MOST_OPEN = 8
_SECOND = 1_000_000_000
# Units to which file systems cut times when they write them to the disk: NTFS, XFS over a share, exFAT, HFS+, FAT.
_UNITS = (100, 1_000, 1_000_000, _SECOND // 100, _SECOND, 2 * _SECOND)
_ENDLESS = frozenset({
    ".aac", ".ac3", ".ffconcat", ".h264", ".h265", ".hevc", ".m2t", ".m2ts", ".m2v", ".m3u8", ".mpeg", ".mpg", ".mts",
    ".ts", ".vob",
})  # fmt: skip
_NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)


class InputChangeKind(StrEnum):
    """What happened to an input; the task's result keeps the value."""

    GROWING = "growing"
    CHANGED = "changed"
    WRITTEN = "written"
    """The command itself names it where it writes."""


@dataclass(frozen=True, slots=True)
class InputChange:
    """An input that is not what it was when the attempt began."""

    path: Path
    kind: InputChangeKind

    def diagnosis(self, lines: Sequence[str] = ()) -> Diagnosis:
        """The sentence for people; `lines` is what ffmpeg said."""
        name = self.path.name
        wait = "Submit it again when it is complete."
        match self.kind:
            case InputChangeKind.GROWING:
                sentence, hint = f"“{name}” changed during the encode: it is still being written.", wait
            case InputChangeKind.CHANGED:
                sentence, hint = f"“{name}” changed during the encode.", wait
            case InputChangeKind.WRITTEN:
                sentence = f"The command wrote to its own input, “{name}”."
                hint = "Check that file, and write to a different one."
        return Diagnosis(sentence, hint, tuple(lines), RetryAdvice.NO)

    def to_facts(self) -> ChangedInput:
        """As the task's row stores it."""
        return ChangedInput(str(self.path), self.kind.value)


@dataclass(frozen=True, slots=True)
class _Version:
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> "_Version":
        return cls(status.st_size, status.st_mtime_ns)

    def is_same(self, other: "_Version") -> bool:
        return self.size == other.size and _same_time(self.mtime_ns, other.mtime_ns)


@dataclass(frozen=True, slots=True)
class _Held:
    """A recorded file; `handle` is an open descriptor of it, or None.

    `has_identity`: its name led to the same (device, inode) as the open file. Where a file system numbers files anew
    at each look, even open ones, it does not, and only size and time count.
    """

    version: _Version
    handle: int | None
    has_identity: bool


@dataclass
class InputSnapshot:
    """The local inputs of one plan as they were when `capture` looked; `close` when it is not needed any more."""

    _files: dict[Path, _Held] = field(default_factory=dict)
    _series: dict[Path, tuple[InputArgument, dict[str, _Version]]] = field(default_factory=dict)
    _written: str = ""

    @classmethod
    def capture(cls, plan: OutputPlan) -> "InputSnapshot":
        """Look at every input. What is no regular file, or cannot be read, is left out: ffmpeg tells about it."""
        record = cls()
        invocations = [parse(step) for step in plan.steps]
        made = {output.temporary for output in plan.outputs} | {output.target for output in plan.outputs}
        for invocation in invocations:
            for read in invocation.inputs:
                for path in files_read(read):
                    if path in plan.inputs and not path.exists() and series_pattern(read, path):
                        record._series[path] = (read, _members(read, path))
        sides = [path for invocation in invocations for path in side_inputs(invocation)]
        for path in (*plan.inputs, *sides):
            if path not in made and path not in record._series and path not in record._files:
                record._add(path)
        record._written = "\n".join(_words_that_write(plan, invocations, sides))
        return record

    def compare(self) -> InputChange | None:
        """The first input that changed since, if any."""
        for path, held in self._files.items():
            if (how := _how(path, held)) is not None:
                return InputChange(path, InputChangeKind.WRITTEN if self._is_written(path) else how)
        for path, (read, before) in self._series.items():
            now = _members(read, path)
            if any(name not in now or not now[name].is_same(version) for name, version in before.items()):
                return InputChange(path, InputChangeKind.CHANGED)
            if len(now) > len(before):
                return InputChange(path, InputChangeKind.GROWING)
        return None

    def version_of(self, path: Path) -> InputVersion | None:
        """Size and time (microseconds) of an input as the attempt reads it; None for what is no single file."""
        held = self._files.get(path)
        return None if held is None else InputVersion(held.version.size, held.version.mtime_ns // 1000)

    @property
    def files(self) -> tuple[Path, ...]:
        """The single files of the record."""
        return tuple(self._files)

    @property
    def endless(self) -> tuple[Path, ...]:
        """Series, playlists and streams named by a list: nothing in them says whether more will follow."""
        named = [path for path in self._files if path.suffix.lower() in _ENDLESS]
        return (*self._series, *named)

    def seconds_until_stable(self, paths: Iterable[Path], now: float) -> float:
        """Seconds until none of these files has changed for a while; `now` is in seconds since 1970."""
        ages = [now - time / _SECOND for path in paths if (time := self._last_change(path)) is not None]
        return max(
            (STABLE_AFTER - max(age, 0.0) for age in ages if -_FROM_NOW < age < STABLE_AFTER), default=0.0
        )

    def close(self) -> None:
        """Let go of the files."""
        files, self._files = self._files, {}  # a comparison that nobody waits for may still go on
        for held in files.values():
            if held.handle is not None:
                with contextlib.suppress(OSError):
                    os.close(held.handle)

    def _add(self, path: Path) -> None:
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return
        except (OSError, ValueError):
            return
        handle, has_identity = None, False
        if len(self._files) < _MOST_OPEN:
            with contextlib.suppress(OSError):
                handle = os.open(path, os.O_RDONLY | _NONBLOCK | _BINARY)
                status = os.fstat(handle)
                has_identity = os.path.samestat(status, path.stat())
        self._files[path] = _Held(_Version.of(status), handle, has_identity)

    def _last_change(self, path: Path) -> int | None:
        if path in self._series:
            _, members = self._series[path]
            return max((member.mtime_ns for member in members.values()), default=None)
        held = self._files.get(path)
        return None if held is None else held.version.mtime_ns

    def _is_written(self, path: Path) -> bool:
        return _unquoted(str(path)) in self._written


def _how(path: Path, held: _Held) -> InputChangeKind | None:
    """What happened to a file; None when it is the same, or cannot be asked."""
    open_one: os.stat_result | None = None
    if held.handle is not None:
        with contextlib.suppress(OSError):
            open_one = os.fstat(held.handle)
    if open_one is not None and not held.version.is_same(_Version.of(open_one)):
        return _grown(held.version, open_one)
    try:
        now = path.stat()
    except (FileNotFoundError, NotADirectoryError):  # what is open is complete, whatever became of its name
        return None if open_one is not None else InputChangeKind.CHANGED
    except OSError:
        return None
    if not held.version.is_same(_Version.of(now)):
        return _grown(held.version, now)
    is_other = held.has_identity and open_one is not None and not os.path.samestat(open_one, now)
    return InputChangeKind.CHANGED if is_other else None


def _grown(before: _Version, now: os.stat_result) -> InputChangeKind:
    return InputChangeKind.GROWING if now.st_size > before.size else InputChangeKind.CHANGED


def _same_time(first: int, second: int) -> bool:
    """Whether two times are one: the same, or one of them is the other as a coarser clock keeps it."""
    return first == second or any(
        abs(first - second) < unit and one % unit == 0 and other % finer != 0
        for finer, unit in zip((_UNITS[0], *_UNITS), _UNITS, strict=False)
        for one, other in ((first, second), (second, first))
    )


def _members(read: InputArgument, pattern: Path) -> dict[str, _Version]:
    """The files that ffmpeg takes for a series: all of a glob, or the run of numbers without a gap."""
    is_member = re.compile(series_pattern(read, pattern) or "(?!)")
    found: dict[str, _Version] = {}
    numbers: dict[int, str] = {}
    try:
        with os.scandir(pattern.parent) as entries:
            for entry in entries:
                if (match := is_member.match(entry.name)) is None:
                    continue
                found[entry.name] = _Version.of(Path(entry.path).stat())
                if match.groups():
                    numbers[int(match[1])] = entry.name
    except OSError:
        return {}
    if not numbers:
        return found
    run = _run(numbers, read.option("start_number"), read.option("start_number_range"))
    return {name: found[name] for name in run}


def _run(numbers: dict[int, str], start: str | None, reach: str | None) -> Iterator[str]:
    """ffmpeg begins with the first number that it finds near the start, and goes on to the first gap."""
    first = int(start) if start and start.lstrip("-").isdecimal() else 0
    tries = int(reach) if reach and reach.isdecimal() else 5
    number = next((n for n in range(first, first + tries) if n in numbers), None)
    while number is not None and number in numbers:
        yield numbers[number]
        number += 1


def _words_that_write(
    plan: OutputPlan, invocations: Sequence[Invocation], reading: Sequence[Path]
) -> Iterator[str]:
    """Arguments where the path of an input may mean that it is written: no inputs, titles, and reading filters."""
    ours = {output.url for output in plan.outputs}
    for tokens, invocation in zip(plan.steps, invocations, strict=True):
        harmless = {read.index for read in invocation.inputs}
        harmless |= {
            option.index + 1
            for file in (*invocation.inputs, *invocation.outputs)
            for option in file.options
            if isinstance(file, InputArgument) or option.base == "metadata"
        }
        for index, token in enumerate(tokens):
            text = _unquoted(token)
            if index not in harmless and token not in ours:
                yield text if not any(_unquoted(str(path)) in text for path in reading) else ""


def _unquoted(text: str) -> str:
    return re.sub(r"[\\'\"]", "", text)
