"""File records follow files that were moved; tasks of versions that were replaced are cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ffmate_desktop import logs
from ffmate_desktop.db import file_record_moves
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.file_record_moves import TaskOfVersion
from ffmate_desktop.db.file_records import FileUpdate
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.domain.file_record import REMOVED, Decision, FileRecord, ScannedFile
from ffmate_desktop.domain.task import DONE, TaskStatus
from ffmate_desktop.domain.watch_moves import (
    REPLACED,
    MovePlan,
    RecordWithTask,
    match_moved_files,
    plan_moves,
)
from ffmate_desktop.domain.watch_version import is_same_time
from ffmate_desktop.node.watchfolders.record_cache import FileRecordCache
from ffmate_desktop.services.watch_drafts import location
from ffmate_desktop.storage.moves import is_away
from ffmate_desktop.storage.watched_thread import WatchedThread, answered

Decided = tuple[ScannedFile, FileRecord | None, Decision]

PATIENCE = 60.0
"""Seconds in which storage must say whether a file is still where it was."""

ENDS = 1.0
"""Seconds until a task that runs and is cancelled has ended, as a rule; its output is free then."""


@dataclass(frozen=True, slots=True)
class MovedFiles:
    """For one claimed scan; everything is written under its fence, before new tasks are made."""

    database: Database
    claim: ScanClaim
    known: FileRecordCache
    view: int

    async def settle(self, decided: Sequence[Decided]) -> list[Decided]:
        """What is still to be decided: files whose rows have followed them are left out."""
        follows = await self._follows(decided)
        replaced = {
            n: record
            for n, (found, record, _) in enumerate(decided)
            if record is not None and record.task is not None and not record.is_version_of(found, self.view)
        }
        if not (follows or replaced):
            return list(decided)
        tasks = await file_record_moves.tasks_of_versions(
            self.database, [record.task for record in replaced.values() if record.task is not None]
        )
        states = {n: tasks.get(record.task) for n, record in replaced.items() if record.task is not None}
        for n, record in replaced.items():
            if n not in follows and _was_read(decided[n][0], states[n], self.view):
                follows[n] = RecordWithTask(record, TaskStatus.DONE_SUCCESSFUL)
        moves = plan_moves(
            [(decided[n][0], known) for n, known in follows.items()],
            {
                record.path: RecordWithTask(record, _status(states.get(n)))
                for n, (_, record, _) in enumerate(decided)
                if record
            },
        )
        placed = {place.record.id for place in moves.places}
        held: set[int] = set()
        for n, record in replaced.items():
            state = states[n]
            if record.id in placed or state is None or state.status in DONE:
                continue
            moves.cancel(record, REPLACED)
            if state.status is not TaskStatus.QUEUED:
                held.add(n)
        if moves:
            await self._write(moves)
        gone = {record.id for record in moves.dropped} | placed
        return [
            _after(one, follows.get(n), gone, held=n in held)
            for n, one in enumerate(decided)
            if n not in follows or follows[n].waits
        ]

    async def remove(self, gone: Sequence[FileRecord]) -> list[FileRecord]:
        """Cancel the tasks of files that were removed before they were started; returns the other files."""
        queued = {
            record.task: record for record in gone if record.state == "queued" and record.task is not None
        }
        tasks = await file_record_moves.tasks_of_versions(self.database, list(queued)) if queued else {}
        waiting = {task: queued[task] for task, one in tasks.items() if one.status is TaskStatus.QUEUED}
        if not waiting:
            return list(gone)
        step = await file_record_moves.move(
            self.database,
            self.claim,
            MovePlan(cancelled=dict.fromkeys(waiting, REMOVED)),
            self.view,
            [
                FileUpdate(record.id, "skipped", REMOVED, record.attempts, gone=True)
                for record in waiting.values()
            ],
        )
        for record in waiting.values():
            self.known.lose(record, self.view)
        self.known.stepped(step)
        return [record for record in gone if record.task not in waiting]

    async def _follows(self, decided: Sequence[Decided]) -> dict[int, RecordWithTask]:
        """The files that had another path until now, and their rows."""
        fresh = [
            n
            for n, (found, _, decision) in enumerate(decided)
            if decision.state in ("waiting", "growing") and found.inode
        ]
        if not fresh or not self.known.has_tasks:
            return {}
        files = [decided[n][0] for n in fresh]
        rows = await file_record_moves.rows_of_versions(self.database, self.claim.id, files, self.view)
        rows = [(n, known) for n, known in rows if known.record.path != files[n].path]
        if not rows:
            return {}
        root = self.claim.settings.path
        pairs = [
            (location(root, known.record.path), location(root, files[n].path), files[n]) for n, known in rows
        ]
        away = await answered(
            WatchedThread(lambda: [is_away(root, *pair) for pair in pairs], "looking for moved files"),
            PATIENCE,
        )
        candidates = [(files[n], known) for (n, known), left in zip(rows, away, strict=True) if left]
        positions = {found.path: n for n, found in zip(fresh, files, strict=True)}
        return {positions[found.path]: known for found, known in match_moved_files(candidates, self.view)}

    async def _write(self, moves: MovePlan) -> None:
        step = await file_record_moves.move(self.database, self.claim, moves, self.view)
        for record in moves.dropped:
            self.known.lose(record, self.view)
        for place in moves.places:
            self.known.lose(place.record, self.view)
        for place in moves.places:
            if place.found is not None:
                self.known.settle(place.found, place.record.id, self.view)
        self.known.stepped(step)
        logs.watchfolder.debug(
            "“%s”: %d moved, %d tasks cancelled",
            self.claim.settings.name,
            sum(place.found is not None for place in moves.places),
            len(moves.cancelled),
        )


def _status(task: TaskOfVersion | None) -> TaskStatus | None:
    return None if task is None else task.status


def _was_read(found: ScannedFile, task: TaskOfVersion | None, view: int) -> bool:
    """Whether the task has encoded this version, which came before it was started and was seen only now."""
    if task is None or task.status is not TaskStatus.DONE_SUCCESSFUL or task.source is None:
        return False
    size, mtime = task.source
    return size == found.size and is_same_time(mtime, found.mtime, view)


def _after(one: Decided, moved: RecordWithTask | None, gone: set[int], *, held: bool) -> Decided:
    """The decision, when rows have moved: a file that was complete under another path is complete."""
    found, record, decision = one
    if record is not None and record.id in gone:
        record = None
    if moved is not None:
        decision = replace(decision, state="waiting", reason="Complete.", ready=True)
    if held:
        wait = min(decision.wait or ENDS, ENDS)
        decision = replace(decision, ready=False, reason="Its former task is being cancelled.", wait=wait)
    return found, record, decision
