"""A dry run of a watchfolder on this computer: what a scan would do now with each file, and why."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ffmate_desktop.db import file_records
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.file_record import FileRecord, Judge, JudgedFile, ScannedFile, reason_text
from ffmate_desktop.domain.watch_moves import RecordWithTask, match_moved_files
from ffmate_desktop.domain.watchfolder import FileState, WatchfolderSettings
from ffmate_desktop.services.presets import PresetNotFoundError, PresetService
from ffmate_desktop.services.watch_drafts import draft_files, output_names_of, rules_of, watched_file_path
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
    numbering = await WatchedThread(
        lambda: find_numbering(settings.path), "dry run of a watchfolder"
    ).result()
    walked = await _walk(Walker(settings.path, rules, {}, device=numbering.device))
    records = await file_records.all_records(database, uuid)
    judged = Judge(settings, rules, numbering.view, time.time()).judge(walked.changed_files, records)

    outputs = await _outputs(database, settings.path, [file.found for file in judged])
    files = [
        DryRunFile(file.found.path, file.found.size, FileState.OUTPUT, "An output of the cluster.")
        for file in judged
        if file.found.path in outputs
    ]
    judged = [file for file in judged if file.found.path not in outputs]

    moved = await asyncio.to_thread(_moved, settings.path, judged, records, numbering.view)
    for found, record in moved:
        reason = f"Renamed from “{record.path}”."
        files.append(DryRunFile(found.path, found.size, FileState(record.state), reason))
    moved_paths = {found.path for found, _ in moved}
    judged = [file for file in judged if file.found.path not in moved_paths]

    ready = [file.found for file in judged if file.decision.ready]
    files += await _queue(presets, settings, uuid, ready)
    files += [_not_queued(file) for file in judged if not file.decision.ready]
    files.sort(key=lambda file: file.path)
    return DryRun(tuple(files), tuple(sentence for _, sentence in walked.unreadable))


async def _walk(walker: Walker) -> Walked:
    """Walk in a thread that can be abandoned if the storage doesn't answer."""
    try:
        return await WatchedThread(walker.walk, "dry run of a watchfolder").result()
    except asyncio.CancelledError:
        walker.end()
        raise


async def _outputs(database: Database, root: str, files: Sequence[ScannedFile]) -> set[str]:
    """The paths of files that the cluster wrote."""
    names = await asyncio.to_thread(output_names_of, root, files)
    outputs = await file_records.outputs_among(database, [name for _, name in names])
    return {files[names[number][0]].path for number in outputs}


def _moved(
    root: str, judged: Sequence[JudgedFile], records: Mapping[str, FileRecord], view: int
) -> list[tuple[ScannedFile, FileRecord]]:
    """New files that were renamed, and the records that would follow them. Blocks."""
    versions: dict[tuple[int, int], list[FileRecord]] = {}
    for record in records.values():
        if record.task is not None and record.inode:
            versions.setdefault((record.size, record.mtime), []).append(record)
    candidates = [
        (file.found, RecordWithTask(record, None))
        for file in judged
        if file.is_open
        for record in versions.get((file.found.size, file.found.mtime), ())
        if record.path != file.found.path
        and has_moved_away(
            root, watched_file_path(root, record.path), watched_file_path(root, file.found.path), file.found
        )
    ]
    return [(found, candidate.record) for found, candidate in match_moved_files(candidates, view)]


async def _queue(
    presets: PresetService, settings: WatchfolderSettings, uuid: UUID, ready: Sequence[ScannedFile]
) -> list[DryRunFile]:
    """What would happen to the complete files."""
    try:
        preset = await presets.get(settings.preset)
    except PresetNotFoundError:
        return [
            DryRunFile(found.path, found.size, FileState.WAITING, "The preset was deleted.")
            for found in ready
        ]
    drafts, refused = await asyncio.to_thread(draft_files, settings, uuid, preset, ready, "")
    return [
        *(
            DryRunFile(
                found.path, found.size, FileState.QUEUED, "Would be queued", True, draft.requested_output
            )
            for found, draft in drafts
        ),
        *(DryRunFile(found.path, found.size, FileState.WAITING, reason) for found, reason in refused),
    ]


def _not_queued(file: JudgedFile) -> DryRunFile:
    state = FileState(file.decision.state)
    reason = reason_text(file.decision.reason)
    if not reason and file.record is not None:
        reason = "Already queued." if state is FileState.QUEUED else "Already processed."
    return DryRunFile(file.found.path, file.found.size, state, reason)
