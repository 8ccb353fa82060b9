"""The first step of a scan: decides what to do with each new or changed file.

The rules (`domain.file_record.Judge`) know only the file and its record. Then the decisions are corrected by what the
database, the storage and the operating system know.
"""

import time
from collections.abc import Sequence

from ffmate_desktop.db import file_records
from ffmate_desktop.domain.file_record import Decision, JudgedFile, ScannedFile
from ffmate_desktop.node.watchfolders.moved_files import follow_moves
from ffmate_desktop.node.watchfolders.scan_context import ScanContext, wait_for_storage
from ffmate_desktop.services.watch_drafts import output_names_of, watched_file_path
from ffmate_desktop.storage.watched_thread import WatchedThread
from ffmate_desktop.storage.writers import open_for_writing

LONGEST_PAUSE = 600.0
"""Seconds without a change after which a file is complete even if a program has it open for writing."""


async def judge_batch(context: ScanContext, files: Sequence[ScannedFile]) -> list[JudgedFile]:
    """Judge the files. Files whose records have followed them to a new path need nothing more and are left out."""
    records = await file_records.records_by_path(
        context.database, context.claim.id, [found.path for found in files]
    )
    judged = context.judge.judge(files, records)
    judged = await _mark_outputs(context, judged)
    judged = await follow_moves(context, judged)
    return await _hold_open_files(context, judged)


async def _mark_outputs(context: ScanContext, judged: list[JudgedFile]) -> list[JudgedFile]:
    """Mark files that the cluster wrote as outputs."""
    positions = [n for n, file in enumerate(judged) if file.is_open]
    if not positions:
        return judged
    files = [judged[n].found for n in positions]
    names = await wait_for_storage(
        WatchedThread(lambda: output_names_of(context.root, files), "following the links in a watchfolder"),
        f"The folder “{context.root}”",
    )
    outputs = await file_records.outputs_among(context.database, [name for _, name in names])
    for number, task in outputs.items():
        position = positions[names[number][0]]
        reason = f"The output of task {str(task)[:8]}, written by the cluster itself."
        judged[position] = judged[position]._replace(decision=Decision("output", reason))
    return judged


async def _hold_open_files(context: ScanContext, judged: list[JudgedFile]) -> list[JudgedFile]:
    """Hold files that a program on this computer has open for writing and wrote to lately."""
    now = time.time()
    paths = {
        watched_file_path(context.root, file.found.path): file.found.path
        for file in judged
        if file.decision.ready and now - file.found.mtime / 1e6 < LONGEST_PAUSE
    }
    if not paths:
        return judged
    thread = WatchedThread(lambda: open_for_writing(paths), "looking for programs that write")
    held = {paths[path] for path in await wait_for_storage(thread, f"The folder “{context.root}”")}
    interval = context.claim.settings.interval
    return [
        file._replace(decision=file.decision.held(file.record, interval)) if file.found.path in held else file
        for file in judged
    ]
