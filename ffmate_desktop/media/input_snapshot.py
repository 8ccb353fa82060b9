"""A snapshot of a task's inputs, so that an encode never succeeds if an input changed during it.

A version is size, modification time, and the identity of the file. The snapshot keeps the first inputs open. That
keeps their identity comparable on file systems that renumber files at each access (FUSE, FAT), and follows a file
that a recorder renames when it is complete. An attempt captures the snapshot before the probe and compares it after
the encode, right before it asks for permission to publish. A file that was only renamed or deleted hasn't changed.

A short encode may fit between two writes of a recorder. So an input that changed in the last ten seconds is compared
again until ten seconds have passed, if its container doesn't show whether it is complete. After a failed encode, only
the error message depends on that, so a shorter wait is enough.
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
from ffmate_desktop.media.arguments import InputArgument, Invocation, parse_arguments
from ffmate_desktop.media.diagnosis import Diagnosis, RetryAdvice
from ffmate_desktop.media.inputs import files_read, series_pattern
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.side_inputs import side_inputs

STABLE_AFTER = 10.0
"""Seconds without a change after which a file counts as complete. Recorders write in blocks of 256 KiB."""

_MAX_CLOCK_LEAD = 60.0  # seconds that a file server's clock may be ahead; later times are ignored
_MAX_OPEN = 8
_SECOND = 1_000_000_000
# Units that file systems round times to when they write them: NTFS, XFS over a share, exFAT, HFS+, FAT.
_UNITS = (100, 1_000, 1_000_000, _SECOND // 100, _SECOND, 2 * _SECOND)
_OPEN_ENDED = frozenset({
    ".aac", ".ac3", ".ffconcat", ".h264", ".h265", ".hevc", ".m2t", ".m2ts", ".m2v", ".m3u8", ".mpeg", ".mpg", ".mts",
    ".ts", ".vob",
})  # fmt: skip
_NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)


class InputChangeKind(StrEnum):
    """What happened to an input. The value is stored in the task's result."""

    GROWING = "growing"
    CHANGED = "changed"
    WRITTEN = "written"
    """The command itself writes to it."""


@dataclass(frozen=True, slots=True)
class InputChange:
    """An input that has changed since the attempt began."""

    path: Path
    kind: InputChangeKind

    def diagnosis(self, lines: Sequence[str] = ()) -> Diagnosis:
        """Return the diagnosis for people. `lines` is ffmpeg's log."""
        name = self.path.name
        resubmit = "Submit it again when it is complete."
        match self.kind:
            case InputChangeKind.GROWING:
                sentence, hint = f"“{name}” changed during the encode: it is still being written.", resubmit
            case InputChangeKind.CHANGED:
                sentence, hint = f"“{name}” changed during the encode.", resubmit
            case InputChangeKind.WRITTEN:
                sentence = f"The command wrote to its own input, “{name}”."
                hint = "Check that file, and write to a different one."
        return Diagnosis(sentence, hint, tuple(lines), RetryAdvice.NO)

    def to_facts(self) -> ChangedInput:
        """Return it as stored in the task's row."""
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
class _RecordedFile:
    """`handle` is an open descriptor of the file, or None.

    `has_identity`: its path had the same (device, inode) as the open file. On file systems that renumber even open
    files at each access it has not, and only size and time count.
    """

    version: _Version
    handle: int | None
    has_identity: bool


@dataclass
class InputSnapshot:
    """The local inputs of one plan as they were at `capture`. Call `close` when done."""

    _files: dict[Path, _RecordedFile] = field(default_factory=dict)
    _series: dict[Path, tuple[InputArgument, dict[str, _Version]]] = field(default_factory=dict)
    _written: str = ""

    @classmethod
    def capture(cls, plan: OutputPlan) -> "InputSnapshot":
        """Record every input. Skips what isn't a readable regular file: ffmpeg reports it."""
        snapshot = cls()
        invocations = [parse_arguments(step) for step in plan.steps]
        output_paths = {output.temporary for output in plan.outputs} | {
            output.target for output in plan.outputs
        }
        for invocation in invocations:
            for read in invocation.inputs:
                for path in files_read(read):
                    if path in plan.inputs and not path.exists() and series_pattern(read, path):
                        snapshot._series[path] = (read, _members(read, path))
        sides = [path for invocation in invocations for path in side_inputs(invocation)]
        for path in (*plan.inputs, *sides):
            if path not in output_paths and path not in snapshot._series and path not in snapshot._files:
                snapshot._add(path)
        snapshot._written = "\n".join(_arguments_that_may_write(plan, invocations, sides))
        return snapshot

    def compare(self) -> InputChange | None:
        """Return the first input that has changed since, if any."""
        for path, recorded in self._files.items():
            if (kind := _change_of(path, recorded)) is not None:
                return InputChange(path, InputChangeKind.WRITTEN if self._is_written(path) else kind)
        for path, (read, before) in self._series.items():
            now = _members(read, path)
            if any(name not in now or not now[name].is_same(version) for name, version in before.items()):
                return InputChange(path, InputChangeKind.CHANGED)
            if len(now) > len(before):
                return InputChange(path, InputChangeKind.GROWING)
        return None

    def version_of(self, path: Path) -> InputVersion | None:
        """Return size and time (microseconds) of an input as recorded. None unless it is a single file."""
        recorded = self._files.get(path)
        return (
            None
            if recorded is None
            else InputVersion(recorded.version.size, recorded.version.mtime_ns // 1000)
        )

    @property
    def files(self) -> tuple[Path, ...]:
        """The recorded single files."""
        return tuple(self._files)

    @property
    def open_ended(self) -> tuple[Path, ...]:
        """Series, playlists and stream files: nothing in them shows whether more data will follow."""
        named = [path for path in self._files if path.suffix.lower() in _OPEN_ENDED]
        return (*self._series, *named)

    def seconds_until_stable(self, paths: Iterable[Path], now: float) -> float:
        """Return the seconds until none of these files has changed for `STABLE_AFTER`. `now` is Unix time."""
        ages = [now - time / _SECOND for path in paths if (time := self._last_change(path)) is not None]
        return max(
            (STABLE_AFTER - max(age, 0.0) for age in ages if -_MAX_CLOCK_LEAD < age < STABLE_AFTER),
            default=0.0,
        )

    def close(self) -> None:
        """Close the files."""
        files, self._files = self._files, {}  # an abandoned comparison may still be running
        for recorded in files.values():
            if recorded.handle is not None:
                with contextlib.suppress(OSError):
                    os.close(recorded.handle)

    def _add(self, path: Path) -> None:
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return
        except (OSError, ValueError):
            return
        handle, has_identity = None, False
        if len(self._files) < _MAX_OPEN:
            with contextlib.suppress(OSError):
                handle = os.open(path, os.O_RDONLY | _NONBLOCK | _BINARY)
                status = os.fstat(handle)
                has_identity = os.path.samestat(status, path.stat())
        self._files[path] = _RecordedFile(_Version.of(status), handle, has_identity)

    def _last_change(self, path: Path) -> int | None:
        if path in self._series:
            _, members = self._series[path]
            return max((member.mtime_ns for member in members.values()), default=None)
        recorded = self._files.get(path)
        return None if recorded is None else recorded.version.mtime_ns

    def _is_written(self, path: Path) -> bool:
        return _unquoted(str(path)) in self._written


def _change_of(path: Path, recorded: _RecordedFile) -> InputChangeKind | None:
    """Return what happened to a file. None if it is the same or can't be accessed."""
    open_status: os.stat_result | None = None
    if recorded.handle is not None:
        with contextlib.suppress(OSError):
            open_status = os.fstat(recorded.handle)
    if open_status is not None and not recorded.version.is_same(_Version.of(open_status)):
        return _growth(recorded.version, open_status)
    try:
        now = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        # an open file can still be compared after a rename or deletion
        return None if open_status is not None else InputChangeKind.CHANGED
    except OSError:
        return None
    if not recorded.version.is_same(_Version.of(now)):
        return _growth(recorded.version, now)
    is_other = recorded.has_identity and open_status is not None and not os.path.samestat(open_status, now)
    return InputChangeKind.CHANGED if is_other else None


def _growth(before: _Version, now: os.stat_result) -> InputChangeKind:
    return InputChangeKind.GROWING if now.st_size > before.size else InputChangeKind.CHANGED


def _same_time(first: int, second: int) -> bool:
    """Return whether two times are equal, or one is the other rounded to a coarser unit."""
    return first == second or any(
        abs(first - second) < unit and rounded % unit == 0 and exact % finer != 0
        for finer, unit in zip((_UNITS[0], *_UNITS), _UNITS, strict=False)
        for rounded, exact in ((first, second), (second, first))
    )


def _members(read: InputArgument, pattern: Path) -> dict[str, _Version]:
    """Return the files that ffmpeg reads as a series: all matches of a glob, or the numbers without a gap."""
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
    run = _gapless_run(numbers, read.option("start_number"), read.option("start_number_range"))
    return {name: found[name] for name in run}


def _gapless_run(numbers: dict[int, str], start: str | None, reach: str | None) -> Iterator[str]:
    """ffmpeg starts with the first number that exists near the start number, and stops at the first gap."""
    first = int(start) if start and start.lstrip("-").isdecimal() else 0
    tries = int(reach) if reach and reach.isdecimal() else 5
    number = next((n for n in range(first, first + tries) if n in numbers), None)
    while number is not None and number in numbers:
        yield numbers[number]
        number += 1


def _arguments_that_may_write(
    plan: OutputPlan, invocations: Sequence[Invocation], reading: Sequence[Path]
) -> Iterator[str]:
    """Return the arguments in which the path of an input may mean writing: not inputs, titles or reading filters."""
    output_urls = {output.url for output in plan.outputs}
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
            if index not in harmless and token not in output_urls:
                yield text if not any(_unquoted(str(path)) in text for path in reading) else ""


def _unquoted(text: str) -> str:
    return re.sub(r"[\\'\"]", "", text)
