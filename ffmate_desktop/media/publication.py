"""Finishing what another node was publishing when it died, instead of making a second output.

With the permission to publish a node writes down what it is about to move: temporary name, final name, and size and
time of every file. Moving changes neither, so a successor on the same storage finds each file either still under its
temporary name or already in its place. A node that was frozen between permission and move finds nothing to move.
"""

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import IfExists
from ffmate_desktop.media import publish
from ffmate_desktop.media.output_plan import OutputKind, OutputPlan, PlannedOutput

MOST_FILES = 1000
"""A set of more files is not written down; it is made again when its node dies while it is published."""

SAME_TIME = 2_000_000_000
"""Nanoseconds by which the time of one file may differ between two computers that look at it (FAT: two seconds)."""

Record = dict[str, Any]
"""One output: temporary, target, and files as [relative path, bytes, nanoseconds since 1970].

For the record of outputs alone: `real` is the target behind all links, where that is another path; of a set that is
too large, `files` is empty, and `written` has them. `side` marks the files beside the outputs.
"""


def describe(plan: OutputPlan) -> list[Record]:
    """What is about to be published, as JSON data; the files must have been synced. Raises OSError."""
    return [_describe(output) for output in _apart(plan)]


def _describe(output: PlannedOutput) -> Record:
    files = [_file(output.temporary, file) for file in _files(output)]
    record: Record = {"temporary": str(output.temporary), "target": str(output.target), "files": files}
    if output.side:
        record["side"] = True
    real = os.path.join(os.path.realpath(output.target.parent), output.target.name)  # noqa: PTH118 - text, as it is
    if real != record["target"]:
        record["real"] = real
    return record if len(files) <= MOST_FILES else record | {"files": [], "written": files}


def find(plan: OutputPlan, if_exists: IfExists, record: Sequence[Record]) -> OutputPlan | None:
    """The plan with the temporary names of the record, when each of its files is on this storage; else None."""
    written = {_key_of(entry): entry for entry in record}
    outputs = []
    for output in plan.outputs:
        entry = written.get((str(output.target), output.side))
        if output.side and (entry is None or not entry["files"]):
            continue
        if entry is None or not entry["files"]:
            return None
        older = replace(output, temporary=Path(entry["temporary"]))
        if _place(older, if_exists, entry) is None and not _waits(older, entry["files"]):
            return None
        outputs.append(older)
    main = next((older for older in outputs if plan.main and older.target == plan.main.target), None)
    return replace(plan, outputs=tuple(outputs), main=main) if outputs else None


def finish(plan: OutputPlan, if_exists: IfExists, record: Sequence[Record]) -> list[Path] | None:
    """Move what is left to move; where the outputs are, the main one first, or None when that cannot be done."""
    written = {_key_of(entry): entry for entry in record}
    published: list[Path] = []
    for output in sorted(_apart(plan), key=lambda output: (output.side, output is not plan.main)):
        entry = written[str(output.target), output.side]
        try:
            published += _finish(plan, output, if_exists, entry)
        except UserError as error:
            settled = _settled(output, if_exists, entry)  # a frozen node woke up and was faster
            if settled is None:
                logs.task.info("An earlier attempt's output could not be moved into place: %s", error)
                return None
            published += settled
    for folder in {path.parent for path in published}:
        publish.sync_folder(folder)
    return published


def _finish(plan: OutputPlan, output: PlannedOutput, if_exists: IfExists, entry: Record) -> list[Path]:
    place = _place(output, if_exists, entry)
    if output.kind is OutputKind.FILE:
        return [place or publish.publish_file(plan, output, if_exists)]
    if place is None:
        return publish.publish_set(plan, output, if_exists)
    files = [Path(name) for name, _, _ in entry["files"]]
    waiting = [file for file in files if os.path.lexists(output.temporary / file)]
    publish.move_all(plan, output.temporary, place, waiting, replace=if_exists is IfExists.REPLACE)
    return [place / file for file in files]


def _settled(output: PlannedOutput, if_exists: IfExists, entry: Record) -> list[Path] | None:
    place = _place(output, if_exists, entry)
    if place is None:
        return None
    if output.kind is OutputKind.FILE:
        return [place]
    paths = [place / name for name, _, _ in entry["files"]]
    return paths if all(path.exists() for path in paths) else None


def _key_of(entry: Record) -> tuple[str, bool]:
    """A set and the files beside the outputs may go to the same folder."""
    return entry["target"], bool(entry.get("side"))


def _place(output: PlannedOutput, if_exists: IfExists, entry: Record) -> Path | None:
    """The file that was published, or the folder that a set was, at least in part, moved to."""
    files = entry["files"]
    if output.kind is OutputKind.FILE:
        return next((path for path in _names(output.target, if_exists) if _is(path, *files[0][1:])), None)
    for folder in _folders(output, if_exists):
        there = [_is(folder / name, size, time) for name, size, time in files]
        if any(there) and all(
            found or _is(output.temporary / name, size, time)
            for found, (name, size, time) in zip(there, files, strict=True)
        ):
            return folder
    return None


def _names(target: Path, if_exists: IfExists) -> Iterator[Path]:
    """The names that the output may have got."""
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


def _waits(output: PlannedOutput, files: Sequence[Sequence[Any]]) -> bool:
    """Whether everything still has its temporary name."""
    if output.kind is OutputKind.FILE:
        return _is(output.temporary, *files[0][1:])
    return all(_is(output.temporary / name, size, time) for name, size, time in files)


def _is(path: Path, size: int, time: int) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_size == size and abs(found.st_mtime_ns - time) < SAME_TIME


def _apart(plan: OutputPlan) -> list[PlannedOutput]:
    """The outputs; of several sets in one temporary folder, which are moved together, the first."""
    return list({output.temporary: output for output in reversed(plan.outputs)}.values())[::-1]


def _files(output: PlannedOutput) -> list[Path]:
    if output.kind is OutputKind.FILE:
        return [output.temporary]
    return publish.files_below(output.temporary)


def _file(base: Path, file: Path) -> list[Any]:
    found = file.stat()
    name = "" if file == base else file.relative_to(base).as_posix()
    return [name, found.st_size, found.st_mtime_ns]
