"""Finishes what another node was publishing when it died, instead of making a second output.

With the permission to publish, a node records temporary name, final name, size and time of every file. Moving changes
neither size nor time, so a successor on the same storage finds each file under its temporary or under its final name.
A node that was frozen between permission and move finds nothing left to move.
"""

import contextlib
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.publishing import Published, RecordedFile, RecordedOutput
from ffmate_desktop.domain.task import IfExists
from ffmate_desktop.media import publish
from ffmate_desktop.media.output_plan import OutputKind, OutputPlan, PlannedOutput

TIME_TOLERANCE_NS = 2_000_000_000
"""The times of one file may differ by that much between two computers (FAT: two seconds)."""


def record_outputs(plan: OutputPlan) -> tuple[RecordedOutput, ...]:
    """The outputs as they are before publishing. Their files must be synced. Raises OSError."""
    return tuple(map(_record_output, _distinct_outputs(plan)))


def _record_output(output: PlannedOutput) -> RecordedOutput:
    target = str(output.target)
    real = os.path.join(os.path.realpath(output.target.parent), output.target.name)  # noqa: PTH118 - text, as it is
    return RecordedOutput(
        str(output.temporary),
        target,
        tuple(_record_file(output.temporary, file) for file in _files(output)),
        side=output.side,
        real_target=None if real == target else real,
    )


def locate(plan: OutputPlan, if_exists: IfExists, recorded: Iterable[RecordedOutput]) -> OutputPlan | None:
    """The plan with the recorded temporary names, if every recorded file is on this storage; else None."""
    entries = _by_target(recorded)
    outputs = []
    for output in plan.outputs:
        entry = entries.get((str(output.target), output.side))
        if output.side and (entry is None or not entry.files):
            continue
        if entry is None or not entry.files:
            return None
        earlier = replace(output, temporary=Path(entry.temporary))
        if _place(earlier, if_exists, entry) is None and not _is_temporary(earlier, entry.files):
            return None
        outputs.append(earlier)
    main = next((earlier for earlier in outputs if plan.main and earlier.target == plan.main.target), None)
    return replace(plan, outputs=tuple(outputs), main=main) if outputs else None


def finish_publishing(
    plan: OutputPlan, if_exists: IfExists, recorded: Iterable[RecordedOutput]
) -> Published | None:
    """Move the files that still have temporary names; None if that isn't possible."""
    entries = _by_target(recorded)
    published: list[Path] = []
    for output in sorted(_distinct_outputs(plan), key=lambda output: (output.side, output is not plan.main)):
        entry = entries[str(output.target), output.side]
        try:
            published += _finish(plan, output, if_exists, entry)
        except UserError as error:
            moved = _published_paths(output, if_exists, entry)  # perhaps a frozen node woke up and was faster
            if moved is None:
                logs.task.info("Can't publish the output of an earlier attempt: %s", error)
                return None
            published += moved
    for folder in {path.parent for path in published}:
        publish.sync_folder(folder)
    return measure(published)


def measure(paths: Sequence[Path]) -> Published:
    """The published files with their sizes; a file that was moved away since then counts as 0 bytes."""
    sizes = [0] * len(paths)
    for number, path in enumerate(paths):
        with contextlib.suppress(OSError):
            sizes[number] = path.stat().st_size
    return Published(tuple(paths), sum(sizes), next(iter(sizes), 0))


def _finish(
    plan: OutputPlan, output: PlannedOutput, if_exists: IfExists, entry: RecordedOutput
) -> list[Path]:
    place = _place(output, if_exists, entry)
    if output.kind is OutputKind.FILE:
        return [place or publish.publish_file(plan, output, if_exists)]
    if place is None:
        return publish.publish_set(plan, output, if_exists)
    files = [Path(name) for name, _, _ in entry.files]
    waiting = [file for file in files if os.path.lexists(output.temporary / file)]
    publish.move_all(plan, output.temporary, place, waiting, replace=if_exists is IfExists.REPLACE)
    return [place / file for file in files]


def _published_paths(output: PlannedOutput, if_exists: IfExists, entry: RecordedOutput) -> list[Path] | None:
    place = _place(output, if_exists, entry)
    if place is None:
        return None
    if output.kind is OutputKind.FILE:
        return [place]
    paths = [place / name for name, _, _ in entry.files]
    return paths if all(path.exists() for path in paths) else None


def _by_target(recorded: Iterable[RecordedOutput]) -> dict[tuple[str, bool], RecordedOutput]:
    """By target and kind, since a set and the side outputs may have the same folder."""
    return {(entry.target, entry.side): entry for entry in recorded}


def _place(output: PlannedOutput, if_exists: IfExists, entry: RecordedOutput) -> Path | None:
    """The published file, or the folder with at least a part of a published set."""
    files = entry.files
    if output.kind is OutputKind.FILE:
        return next(
            (path for path in _names(output.target, if_exists) if _matches(path, *files[0][1:])), None
        )
    for folder in _folders(output, if_exists):
        there = [_matches(folder / name, size, time) for name, size, time in files]
        if any(there) and all(
            found or _matches(output.temporary / name, size, time)
            for found, (name, size, time) in zip(there, files, strict=True)
        ):
            return folder
    return None


def _names(target: Path, if_exists: IfExists) -> Iterator[Path]:
    """The names that the published output may have."""
    if if_exists is not IfExists.RENAME:
        return iter((target,))
    return itertools.takewhile(os.path.lexists, publish.names(target))


def _folders(output: PlannedOutput, if_exists: IfExists) -> Iterator[Path]:
    yield output.target
    if if_exists is IfExists.RENAME:
        own = output.target / publish.set_name(output)
        yield from itertools.takewhile(
            os.path.lexists, (own.with_name(f"{own.name}-{n}") for n in itertools.count(2))
        )


def _is_temporary(output: PlannedOutput, files: Sequence[RecordedFile]) -> bool:
    """Whether every file still has its temporary name."""
    if output.kind is OutputKind.FILE:
        return _matches(output.temporary, *files[0][1:])
    return all(_matches(output.temporary / name, size, time) for name, size, time in files)


def _matches(path: Path, size: int, time: int) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_size == size and abs(found.st_mtime_ns - time) < TIME_TOLERANCE_NS


def _distinct_outputs(plan: OutputPlan) -> list[PlannedOutput]:
    """The outputs, but only the first of several sets in one temporary folder, which are moved together."""
    return list({output.temporary: output for output in reversed(plan.outputs)}.values())[::-1]


def _files(output: PlannedOutput) -> list[Path]:
    if output.kind is OutputKind.FILE:
        return [output.temporary]
    return publish.files_below(output.temporary)


def _record_file(base: Path, file: Path) -> RecordedFile:
    found = file.stat()
    name = "" if file == base else file.relative_to(base).as_posix()
    return RecordedFile(name, found.st_size, found.st_mtime_ns)
