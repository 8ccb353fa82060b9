"""The last steps of a scan: writes what was decided, with the new tasks, and remembers it in this node's cache."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from ffmate_desktop import logs
from ffmate_desktop.db import file_records
from ffmate_desktop.db.file_records import FileWrite
from ffmate_desktop.db.tasks import TaskRow
from ffmate_desktop.domain.counts import counted
from ffmate_desktop.domain.file_record import LOCKED, FileRecord, JudgedFile
from ffmate_desktop.node.watchfolders.drafting import Drafted
from ffmate_desktop.node.watchfolders.moved_files import cancel_removed
from ffmate_desktop.node.watchfolders.scan_context import ScanContext, ScanState
from ffmate_desktop.services.output_names import write_with_outputs
from ffmate_desktop.services.watch_drafts import watched_file_path
from ffmate_desktop.storage.locks import write_locks
from ffmate_desktop.storage.walk import Walked

AT_ONCE = 200
"""Files that are judged and written in one step."""


async def write_batch(context: ScanContext, judged: Sequence[JudgedFile], drafted: Drafted) -> None:
    """Write the records that change, together with the new tasks, in one step."""
    writes: list[FileWrite] = []
    reappeared: list[int] = []
    for file in judged:
        found, record, decision = file
        reason = drafted.refused.get(found.path, decision.reason)
        if record is not None and file.is_back(context.view):
            reappeared.append(record.id)
        elif decision.ready and (found.path not in drafted.refused or _has_reason(record, reason)):
            continue  # written with its task, or nothing new
        elif decision.changed:
            writes.append(FileWrite(found, context.view, decision.state, reason, decision.checks))
    if writes or reappeared or drafted.drafts:
        await _write(context, writes, reappeared, drafted)
    if drafted.drafts:
        settings = context.claim.settings
        logs.watchfolder.info("“%s”: %s", settings.name, counted(len(drafted.drafts), "new task"))
        if settings.write_locks:
            paths = [watched_file_path(settings.path, found.path) for found, _ in drafted.drafts]
            await asyncio.to_thread(write_locks, paths)


async def _write(
    context: ScanContext, writes: Sequence[FileWrite], reappeared: Sequence[int], drafted: Drafted
) -> None:
    by_task = {draft.row.uuid: found for found, draft in drafted.drafts}
    checks = context.claim.settings.growth_checks

    async def write(rows: Sequence[TaskRow]) -> None:
        queued = [
            FileWrite(by_task[row.uuid], context.view, "queued", "", checks, task=row.uuid, attempts=1)
            for row in rows
        ]
        files = [*writes, *queued]
        written = await file_records.write(
            context.database, context.claim, files, tasks=rows, reappeared=reappeared
        )
        context.cache.advance(written.step)
        for file in files:
            file_id = written.ids[file.found.path]
            if file.state in ("waiting", "growing"):
                context.cache.remember_open(file.found.path, file_id)
            else:
                is_locked = file.reason == LOCKED
                context.cache.remember_final(file.found, file_id, context.view, locked=is_locked)

    await write_with_outputs(context.database, [draft for _, draft in drafted.drafts], write)


def remember_batch(
    context: ScanContext, state: ScanState, judged: Sequence[JudgedFile], drafted: Drafted
) -> ScanState:
    """Cache the files whose records stand; returns the state with this batch counted."""
    growing, wait = state.growing, state.wait
    for file in judged:
        found, record, decision = file
        if file.is_open and (not decision.ready or found.path in drafted.refused):
            growing += 1
            if decision.wait is not None:
                wait = min(decision.wait, wait or decision.wait)
        elif record is not None and (not decision.changed or file.is_back(context.view)):
            context.cache.remember_unchanged(record, found, context.view)
    return replace(state, queued=state.queued + len(drafted.drafts), growing=growing, wait=wait)


async def mark_missing(context: ScanContext, walked: Walked) -> None:
    """Mark known files as gone that the walk didn't see, except those in folders that can't be read."""
    cache, claim = context.cache, context.claim
    changed_files, missing = await asyncio.to_thread(_missing, walked, cache.open)
    unreadable = tuple(f"{folder}/" for folder, _ in walked.unreadable)
    ids = list(missing)
    for start in range(0, len(ids), AT_ONCE):
        batch = ids[start : start + AT_ONCE]
        records = {
            record.id: record
            for record in await file_records.records_by_id(context.database, claim.id, batch)
        }
        gone: list[FileRecord] = []
        for file_id in batch:
            record, number = records.get(file_id), missing[file_id]
            if record is None or (number and not cache.is_current(record, number, context.view)):
                cache.drop_fingerprint(number)
            elif not record.path.startswith(unreadable) and record.path not in changed_files:
                gone.append(record)
        if gone:
            gone = await cancel_removed(context, gone)
        if gone:
            written = await file_records.write(
                context.database, claim, (), gone=[record.id for record in gone]
            )
            for record in gone:
                cache.forget(record, context.view)
            cache.advance(written.step)


def _missing(walked: Walked, opened: dict[str, int]) -> tuple[set[str], dict[int, int]]:
    """The paths of the changed files; and id → fingerprint of known files that weren't seen, 0 for open ones."""
    changed_files = {found.path for found in walked.changed_files}
    ids = {file_id: number for number, file_id in walked.missing.items()}
    ids.update((file_id, 0) for path, file_id in opened.items() if path not in changed_files)
    return changed_files, ids


def _has_reason(record: FileRecord | None, reason: str) -> bool:
    return record is not None and record.state == "waiting" and record.reason == reason and not record.gone
