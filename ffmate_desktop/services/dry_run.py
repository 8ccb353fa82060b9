"""A dry run of a watchfolder on this computer: what a scan would do now with each file, and why."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ffmate_desktop.db import file_records
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.file_record import Decision, FileRecord, Judge, ScannedFile
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.watch_moves import RecordWithTask, match_moved_files
from ffmate_desktop.domain.watchfolder import FileState, WatchfolderSettings
from ffmate_desktop.services.presets import PresetNotFoundError, PresetService
from ffmate_desktop.services.watch_drafts import draft_files, local_path, output_names_of, rules_of
from ffmate_desktop.storage.moves import has_moved_away
from ffmate_desktop.storage.walk import Walked, Walker, find_numbering
from ffmate_desktop.storage.watched_thread import WatchedThread


@dataclass(frozen=True, slots=True)
class DryRunFile:
    """What a scan would do with a file. `output` is where its task would write, if it was queued now."""

    path: str
    size: int
    state: FileState
    reason: str
    takes: bool = False
    output: str | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """The files by path, and a sentence for each folder that can't be read."""

    files: tuple[DryRunFile, ...]
    unreadable: tuple[str, ...]


async def dry_run(
    database: Database, presets: PresetService, settings: WatchfolderSettings, uuid: UUID
) -> DryRun:
    """Judge every file and write nothing. Can be cancelled. Raises UserError if the folder can't be read here."""
    rules = rules_of(settings)
    try:
        preset: Preset | None = await presets.get(settings.preset)
    except PresetNotFoundError:
        preset = None
    numbering = await WatchedThread(
        lambda: find_numbering(settings.path), "dry run of a watchfolder"
    ).result()
    walked = await _walk(Walker(settings.path, rules, {}, device=numbering.device))
    records = await file_records.all_records(database, uuid)
    judge = Judge(settings, rules, numbering.view, time.time())
    decided = [
        (found, records.get(found.path), judge.decide(found, records.get(found.path)))
        for found in walked.changed_files
    ]
    asked = await asyncio.to_thread(output_names_of, settings.path, [found for found, _, _ in decided])
    written = await file_records.outputs_among(database, [name for _, name in asked])
    outputs = {asked[position][0] for position in written}
    open_ones = [found for n, (found, _, one) in enumerate(decided) if n not in outputs and _is_open(one)]
    moved = await asyncio.to_thread(_moved, settings.path, open_ones, records, numbering.view)
    ready = [
        found
        for n, (found, _, one) in enumerate(decided)
        if one.ready and n not in outputs and found.path not in moved
    ]
    drafted: dict[str, str | None] = {}
    refused: dict[str, str] = {found.path: "The preset was deleted." for found in ready}
    if preset is not None:
        drafts, troubles = await asyncio.to_thread(draft_files, settings, uuid, preset, ready, "")
        drafted = {found.path: draft.requested_output for found, draft in drafts}
        refused = {found.path: sentence for found, sentence in troubles}
    files = [
        DryRunFile(found.path, found.size, FileState.OUTPUT, "An output of the cluster.")
        if number in outputs
        else _to_dry_run_file(found, record, decision, drafted, refused)
        if found.path not in moved
        else DryRunFile(found.path, found.size, FileState(moved[found.path].state), _was(moved[found.path]))
        for number, (found, record, decision) in enumerate(decided)
    ]
    files.sort(key=lambda one: one.path)
    return DryRun(tuple(files), tuple(sentence for _, sentence in walked.unreadable))


def _is_open(decision: Decision) -> bool:
    return decision.state in ("waiting", "growing")


def _moved(
    root: str, files: Sequence[ScannedFile], records: Mapping[str, FileRecord], view: int
) -> dict[str, FileRecord]:
    """The records that would follow files that were renamed, by new path. Blocks."""
    versions: dict[tuple[int, int], list[FileRecord]] = {}
    for record in records.values():
        if record.task is not None and record.inode:
            versions.setdefault((record.size, record.mtime), []).append(record)
    candidates = [
        (found, RecordWithTask(record, None))
        for found in files
        for record in versions.get((found.size, found.mtime), ())
        if record.path != found.path
        and has_moved_away(root, local_path(root, record.path), local_path(root, found.path), found)
    ]
    return {found.path: known.record for found, known in match_moved_files(candidates, view)}


def _was(record: FileRecord) -> str:
    return f"Renamed from “{record.path}”."


async def _walk(walker: Walker) -> Walked:
    """Walk in a thread that can be abandoned if the storage doesn't answer."""
    try:
        return await WatchedThread(walker.walk, "dry run of a watchfolder").result()
    except asyncio.CancelledError:
        walker.end()
        raise


def _to_dry_run_file(
    found: ScannedFile,
    record: FileRecord | None,
    decision: Decision,
    drafted: dict[str, str | None],
    refused: dict[str, str],
) -> DryRunFile:
    state = FileState(decision.state)
    if found.path in drafted:
        return DryRunFile(
            found.path, found.size, FileState.QUEUED, "Would be queued", True, drafted[found.path]
        )
    if found.path in refused:
        return DryRunFile(found.path, found.size, FileState.WAITING, refused[found.path])
    reason = decision.reason
    if not reason and record is not None:
        reason = "Already queued." if state is FileState.QUEUED else "Already processed."
    return DryRunFile(found.path, found.size, state, reason)
