"""Rows of the ledger follow files that were moved; tasks of versions that were replaced are cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ffmate_desktop import logs
from ffmate_desktop.db import file_record_moves
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.file_record_moves import TaskOfVersion
from ffmate_desktop.db.file_records import Settled
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.domain.file_record import REMOVED, Decision, FileRecord, ScannedFile
from ffmate_desktop.domain.task import DONE, TaskStatus
from ffmate_desktop.domain.watch_moves import REPLACED, Known, Moves, pair, plan
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
            n: entry
            for n, (found, entry, _) in enumerate(decided)
            if entry is not None and entry.task is not None and not entry.is_version_of(found, self.view)
        }
        if not (follows or replaced):
            return list(decided)
        tasks = await file_record_moves.tasks_of_versions(
            self.database, [entry.task for entry in replaced.values() if entry.task is not None]
        )
        states = {n: tasks.get(entry.task) for n, entry in replaced.items() if entry.task is not None}
        for n, entry in replaced.items():
            if n not in follows and _was_read(decided[n][0], states[n], self.view):
                follows[n] = Known(entry, TaskStatus.DONE_SUCCESSFUL)
        moves = plan(
            [(decided[n][0], known) for n, known in follows.items()],
            {
                entry.path: Known(entry, _status(states.get(n)))
                for n, (_, entry, _) in enumerate(decided)
                if entry
            },
        )
        placed = {place.entry.id for place in moves.places}
        held: set[int] = set()
        for n, entry in replaced.items():
            state = states[n]
            if entry.id in placed or state is None or state.status in DONE:
                continue
            moves.cancel(entry, REPLACED)
            if state.status is not TaskStatus.QUEUED:
                held.add(n)
        if moves:
            await self._write(moves)
        gone = {entry.id for entry in moves.dropped} | placed
        return [
            _after(one, follows.get(n), gone, held=n in held)
            for n, one in enumerate(decided)
            if n not in follows or follows[n].waits
        ]

    async def remove(self, gone: Sequence[FileRecord]) -> list[FileRecord]:
        """Cancel the tasks of files that were removed before they were started; returns the other files."""
        queued = {entry.task: entry for entry in gone if entry.state == "queued" and entry.task is not None}
        tasks = await file_record_moves.tasks_of_versions(self.database, list(queued)) if queued else {}
        waiting = {task: queued[task] for task, one in tasks.items() if one.status is TaskStatus.QUEUED}
        if not waiting:
            return list(gone)
        step = await file_record_moves.move(
            self.database,
            self.claim,
            Moves(cancelled=dict.fromkeys(waiting, REMOVED)),
            self.view,
            [Settled(entry.id, "skipped", REMOVED, entry.attempts, gone=True) for entry in waiting.values()],
        )
        for entry in waiting.values():
            self.known.lose(entry, self.view)
        self.known.stepped(step)
        return [entry for entry in gone if entry.task not in waiting]

    async def _follows(self, decided: Sequence[Decided]) -> dict[int, Known]:
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
        rows = [(n, known) for n, known in rows if known.entry.path != files[n].path]
        if not rows:
            return {}
        root = self.claim.settings.path
        pairs = [
            (location(root, known.entry.path), location(root, files[n].path), files[n]) for n, known in rows
        ]
        away = await answered(
            WatchedThread(lambda: [is_away(root, *pair) for pair in pairs], "looking for moved files"),
            PATIENCE,
        )
        candidates = [(files[n], known) for (n, known), left in zip(rows, away, strict=True) if left]
        positions = {found.path: n for n, found in zip(fresh, files, strict=True)}
        return {positions[found.path]: known for found, known in pair(candidates, self.view)}

    async def _write(self, moves: Moves) -> None:
        step = await file_record_moves.move(self.database, self.claim, moves, self.view)
        for entry in moves.dropped:
            self.known.lose(entry, self.view)
        for place in moves.places:
            self.known.lose(place.entry, self.view)
        for place in moves.places:
            if place.found is not None:
                self.known.settle(place.found, place.entry.id, self.view)
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


def _after(one: Decided, moved: Known | None, gone: set[int], *, held: bool) -> Decided:
    """The decision, when rows have moved: a file that was complete under another path is complete."""
    found, entry, decision = one
    if entry is not None and entry.id in gone:
        entry = None
    if moved is not None:
        decision = replace(decision, state="waiting", reason="Complete.", ready=True)
    if held:
        wait = min(decision.wait or ENDS, ENDS)
        decision = replace(decision, ready=False, reason="Its former task is being cancelled.", wait=wait)
    return found, entry, decision
