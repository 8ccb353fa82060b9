"""After a file's task has ended: update its record, retry it if needed, and move its original."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace

from ffmate_desktop import logs
from ffmate_desktop.db import file_records
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.file_records import EndedFile, FileUpdate
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.db.tasks import OutputsTakenError
from ffmate_desktop.domain.disposition import Disposition
from ffmate_desktop.domain.stored_values import Unreadable
from ffmate_desktop.domain.watch_ends import outcome_of
from ffmate_desktop.domain.watchfolder import OriginalAction, WatchfolderSettings
from ffmate_desktop.node.watchfolders.original_mover import OriginalMove, OriginalMover, ScannedRoot
from ffmate_desktop.services.watch_drafts import watched_file_path
from ffmate_desktop.storage.watched_thread import SilentError, WatchedThread

AT_ONCE = 100
"""Ended tasks that are recorded in one step; originals that are moved in one scan."""

PATIENCE = 60.0
"""Seconds in which the storage of originals, or of outputs, must make some progress."""

BlockedFolders = dict[str, WatchedThread[None]]
"""Folders for originals that didn't answer, and the threads that still wait for them. "" is the trash."""


class Originals:
    """For one claimed scan; everything is written under its fence."""

    def __init__(self, database: Database, claim: ScanClaim) -> None:
        self._database = database
        self._claim = claim
        self._settings = claim.settings

    async def record_ended_tasks(self) -> bool:
        """Update the records of ended tasks and queue failed ones again; False if some are left to the next scan."""
        while True:
            ended = await file_records.ended_files(self._database, self._claim, AT_ONCE)
            if not ended:
                return True
            retried: list[tuple[EndedFile, FileUpdate]] = []
            finished: list[FileUpdate] = []
            for file in ended:
                update, retry = _update_of(file, self._settings)
                if retry:
                    retried.append((file, update))
                else:
                    finished.append(update)
            await self._write(finished)
            for file, update in retried:
                try:
                    await file_records.update_files(self._database, self._claim, [update], [file.task])
                except OutputsTakenError:
                    logs.watchfolder.debug(
                        "The retry of “%s” waits: another task writes to its output", file.found.path
                    )
                    return False
            if len(ended) < AT_ONCE:
                return True

    async def move_pending(self, root: ScannedRoot, blocked: BlockedFolders) -> None:
        """Move the originals that are due, or put them into the trash. Those that can't be moved stay due.

        A folder that doesn't answer delays only its own originals; `blocked` remembers it for later scans.
        """
        found = await file_records.pending_originals(self._database, self._claim, AT_ONCE)
        unreadable: list[FileUpdate] = []
        moves: list[OriginalMove] = []
        for original in found:
            disposition = original.disposition
            if isinstance(disposition, Unreadable):
                unreadable.append(original.update(f"Left in place. {disposition}"))
            else:
                source = watched_file_path(self._settings.path, original.found.path)
                moves.append(OriginalMove(original, source, disposition))
        await self._write(unreadable)
        if not moves:
            return
        more_are_waiting = len(moves) == AT_ONCE
        if more_are_waiting:  # those that can't be moved now go to the back of the line
            moves = [
                replace(move, disposition=replace(move.disposition, tried=self._claim.epoch))
                for move in moves
            ]
        used = await file_records.inputs_in_use(self._database, [move.source for move in moves])
        if more_are_waiting:
            await self._write([_still_pending(move) for move in moves if move.source in used])
        by_folder: dict[str, list[OriginalMove]] = {}
        for move in moves:
            if move.source not in used:
                by_folder.setdefault(move.disposition.folder or "", []).append(move)
        try:
            # A group: if one folder finds that the scan is lost, the moves to all folders stop.
            async with asyncio.TaskGroup() as group:
                for folder, its_moves in by_folder.items():
                    group.create_task(
                        self._move_to_folder(folder, its_moves, root, blocked), name=f"originals to {folder}"
                    )
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors

    async def _move_to_folder(
        self, folder: str, moves: Sequence[OriginalMove], root: ScannedRoot, blocked: BlockedFolders
    ) -> None:
        """All originals that go to one folder; "" is the trash."""
        mover = OriginalMover(moves, root, f"{self._claim.node_id:x}-{self._claim.epoch}")
        begun: Sequence[OriginalMove] = ()
        reason = ""
        try:
            if (former := blocked.pop(folder, None)) is not None and former.is_alive:
                raise SilentError(former)
            plan = WatchedThread(mover.plan, "looking at originals")
            await plan.result_within(PATIENCE, lambda: mover.steps)
            begun = tuple(mover.begun)
            # Store the new paths first: if this node dies, the next one knows where to look.
            await self._write([_still_pending(move) for move in begun])
            carry_out = WatchedThread(mover.carry_out, "moving originals")
            await carry_out.result_within(PATIENCE, lambda: mover.steps)
        except SilentError as silent:
            blocked[folder] = silent.thread
            reason = f"“{folder or 'The trash'}”, or the folder of its output, doesn't answer."
            logs.watchfolder.info("Originals of “%s” have to wait: %s", self._settings.name, reason)
        finally:
            mover.abandon()
        updates = list(mover.updates)
        finished = {update.id for update in updates}
        latest = {move.pending.id: move for move in (*moves, *begun)}
        updates += [
            _still_pending(move, reason) for move in latest.values() if move.pending.id not in finished
        ]
        await self._write(updates)

    async def _write(self, updates: Sequence[FileUpdate]) -> None:
        if updates:
            await file_records.update_files(self._database, self._claim, updates)


def _update_of(file: EndedFile, settings: WatchfolderSettings) -> tuple[FileUpdate, bool]:
    """The update of an ended file's record, and whether its task is queued again."""
    was_moved = file.input not in (None, watched_file_path(settings.path, file.found.path))
    has_changed = (file.changed or was_moved) and not file.gone
    outcome = outcome_of(settings, file.status, file.error, file.attempts, changed=has_changed)
    disposition: Disposition | None = None
    if outcome.original is not None and not file.gone:
        folder: str | None = None
        if outcome.original.action is OriginalAction.MOVE:
            folder = os.path.join(settings.path, outcome.original.folder)  # noqa: PTH118 - keeps the slashes
        is_done = outcome.state == "done"
        disposition = Disposition(outcome.original.action, is_done, file.output, file.output_size, folder)
    attempts = file.attempts + outcome.retry
    return FileUpdate(file.id, outcome.state, outcome.reason, attempts, disposition), outcome.retry


def _still_pending(move: OriginalMove, reason: str = "") -> FileUpdate:
    return move.pending.update(reason, disposition=move.disposition)
