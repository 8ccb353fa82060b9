"""Lets file records follow files that were moved, and cancels tasks of versions that were replaced or removed.

Written under the fence of the scan, before new tasks are queued.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from ffmate_desktop import logs
from ffmate_desktop.db import file_record_moves
from ffmate_desktop.db.file_record_moves import TaskOfVersion
from ffmate_desktop.db.file_records import FileUpdate
from ffmate_desktop.domain.file_record import REMOVED, FileRecord, JudgedFile, ScannedFile
from ffmate_desktop.domain.task import DONE, TaskStatus
from ffmate_desktop.domain.watch_moves import (
    REPLACED,
    MovePlan,
    RecordWithTask,
    match_moved_files,
    plan_moves,
)
from ffmate_desktop.domain.watch_version import is_same_time
from ffmate_desktop.node.watchfolders.scan_context import ScanContext, wait_for_storage
from ffmate_desktop.services.watch_drafts import watched_file_path
from ffmate_desktop.storage.moves import has_moved_away
from ffmate_desktop.storage.watched_thread import WatchedThread

CANCEL_TIME = 1.0
"""Seconds until a cancelled task that was running has usually ended, so that its output is free."""

_Tasks = Mapping[UUID, TaskOfVersion]


async def follow_moves(context: ScanContext, judged: list[JudgedFile]) -> list[JudgedFile]:
    """Move records to the new paths of their files; returns the files that still have to be written."""
    moved = await _moved_records(context, judged)
    replaced = _replaced_records(judged, context.view)
    if not (moved or replaced):
        return judged
    tasks = await file_record_moves.tasks_of_versions(
        context.database, [record.task for record in replaced.values() if record.task is not None]
    )
    for n, record in replaced.items():
        if n not in moved and _has_encoded(judged[n].found, _task_of(record, tasks), context.view):
            moved[n] = RecordWithTask(record, TaskStatus.DONE_SUCCESSFUL)
    plan = _plan(judged, moved, replaced, tasks)
    relocated = {place.record.id for place in plan.places}
    being_cancelled: set[int] = set()
    for n, record in replaced.items():
        task = _task_of(record, tasks)
        if record.id in relocated or task is None or task.status in DONE:
            continue
        plan.cancel(record, REPLACED)
        if task.status is not TaskStatus.QUEUED:
            being_cancelled.add(n)
    if plan:
        await _write(context, plan)
    left = {record.id for record in plan.dropped} | relocated
    return [
        _rejudge(file, moved.get(n), left, waits=n in being_cancelled)
        for n, file in enumerate(judged)
        if n not in moved or moved[n].never_started
    ]


async def cancel_removed(context: ScanContext, gone: Sequence[FileRecord]) -> list[FileRecord]:
    """Cancel the tasks of files that were removed before they were started; returns the records of the others."""
    queued = {record.task: record for record in gone if record.state == "queued" and record.task is not None}
    tasks = await file_record_moves.tasks_of_versions(context.database, list(queued)) if queued else {}
    waiting = {uuid: queued[uuid] for uuid, task in tasks.items() if task.status is TaskStatus.QUEUED}
    if not waiting:
        return list(gone)
    step = await file_record_moves.move(
        context.database,
        context.claim,
        MovePlan(cancelled=dict.fromkeys(waiting, REMOVED)),
        context.view,
        [
            FileUpdate(record.id, "skipped", REMOVED, record.attempts, gone=True)
            for record in waiting.values()
        ],
    )
    for record in waiting.values():
        context.cache.forget(record, context.view)
    context.cache.advance(step)
    return [record for record in gone if record.task not in waiting]


async def _moved_records(context: ScanContext, judged: Sequence[JudgedFile]) -> dict[int, RecordWithTask]:
    """Position of each new file that had another path until now → its record."""
    positions = [n for n, file in enumerate(judged) if file.is_open and file.found.inode]
    if not positions or not context.cache.has_tasks:
        return {}
    files = [judged[n].found for n in positions]
    rows = await file_record_moves.records_of_versions(
        context.database, context.claim.id, files, context.view
    )
    rows = [(n, candidate) for n, candidate in rows if candidate.record.path != files[n].path]
    if not rows:
        return {}
    root = context.root
    paths = [
        (watched_file_path(root, candidate.record.path), watched_file_path(root, files[n].path), files[n])
        for n, candidate in rows
    ]
    are_away = await wait_for_storage(
        WatchedThread(
            lambda: [has_moved_away(root, old, new, found) for old, new, found in paths],
            "looking for moved files",
        ),
        f"The folder “{root}”",
    )
    candidates = [(files[n], candidate) for (n, candidate), away in zip(rows, are_away, strict=True) if away]
    position_of = {found.path: n for n, found in zip(positions, files, strict=True)}
    return {
        position_of[found.path]: candidate for found, candidate in match_moved_files(candidates, context.view)
    }


def _replaced_records(judged: Sequence[JudgedFile], view: int) -> dict[int, FileRecord]:
    """Position → the record of another version at the same path, if that has a task."""
    return {
        n: file.record
        for n, file in enumerate(judged)
        if file.record is not None
        and file.record.task is not None
        and not file.record.is_version_of(file.found, view)
    }


def _plan(
    judged: Sequence[JudgedFile],
    moved: Mapping[int, RecordWithTask],
    replaced: Mapping[int, FileRecord],
    tasks: _Tasks,
) -> MovePlan:
    at_targets: dict[str, RecordWithTask] = {}
    for n, file in enumerate(judged):
        if file.record is not None:
            task = _task_of(replaced[n], tasks) if n in replaced else None
            status = None if task is None else task.status
            at_targets[file.record.path] = RecordWithTask(file.record, status)
    return plan_moves([(judged[n].found, candidate) for n, candidate in moved.items()], at_targets)


async def _write(context: ScanContext, plan: MovePlan) -> None:
    cache, view = context.cache, context.view
    step = await file_record_moves.move(context.database, context.claim, plan, view)
    for record in plan.dropped:
        cache.forget(record, view)
    for place in plan.places:
        cache.forget(place.record, view)
    for place in plan.places:
        if place.found is not None:
            cache.remember_final(place.found, place.record.id, view)
    cache.advance(step)
    logs.watchfolder.debug(
        "“%s”: %d files moved, %d tasks cancelled",
        context.claim.settings.name,
        sum(place.found is not None for place in plan.places),
        len(plan.cancelled),
    )


def _task_of(record: FileRecord, tasks: _Tasks) -> TaskOfVersion | None:
    return None if record.task is None else tasks.get(record.task)


def _has_encoded(found: ScannedFile, task: TaskOfVersion | None, view: int) -> bool:
    """Whether the task encoded this version: the file was replaced before its task began, and no scan saw it."""
    if task is None or task.status is not TaskStatus.DONE_SUCCESSFUL or task.source is None:
        return False
    size, mtime = task.source
    return size == found.size and is_same_time(mtime, found.mtime, view)


def _rejudge(file: JudgedFile, moved: RecordWithTask | None, left: set[int], *, waits: bool) -> JudgedFile:
    """The decision after records have moved: a file that was complete at its old path is complete."""
    found, record, decision = file
    if record is not None and record.id in left:
        record = None
    if moved is not None:
        decision = replace(decision, state="waiting", reason="Complete.", ready=True)
    if waits:
        wait = min(decision.wait or CANCEL_TIME, CANCEL_TIME)
        reason = "Waiting for the task of its previous version to be cancelled."
        decision = replace(decision, ready=False, reason=reason, wait=wait)
    return JudgedFile(found, record, decision)
