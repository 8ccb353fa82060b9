"""After a file's task has ended: update its record, retry it if needed, and move its original."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from ffmate_desktop import logs
from ffmate_desktop.db import file_records
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.file_records import EndedFile, FileUpdate
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.db.tasks import OutputsTakenError
from ffmate_desktop.domain.watch_ends import FileOutcome, outcome_of
from ffmate_desktop.domain.watchfolder import OriginalAction
from ffmate_desktop.node.watchfolders.original_mover import OriginalMove, OriginalMover, Root
from ffmate_desktop.services.watch_drafts import location
from ffmate_desktop.storage.watched_thread import SilentError, WatchedThread, answered

AT_ONCE = 100
"""Ends that are settled in one step; originals that are moved in one scan."""


PATIENCE = 60.0
"""Seconds in which the place of originals, or of outputs, must answer something."""


class Originals:
    """For one claimed scan; everything is written under its fence."""

    def __init__(self, database: Database, claim: ScanClaim) -> None:
        self._database = database
        self._claim = claim
        self._settings = claim.settings

    async def settle(self) -> bool:
        """Write down what tasks came to, and queue failed ones again; False when the next scan has to go on."""
        while True:
            ended = await file_records.ended_files(self._database, self._claim, AT_ONCE)
            if not ended:
                return True
            again = [file for file in ended if self._is_tried_again(file)]
            over = [file for file in ended if not self._is_tried_again(file)]
            if over:
                await file_records.settle(self._database, self._claim, [self._settled(file) for file in over])
            for file in again:
                try:
                    await file_records.settle(self._database, self._claim, [self._settled(file)], [file.task])
                except OutputsTakenError:
                    logs.watchfolder.debug(
                        "“%s” has to wait: another task writes to its output", file.found.path
                    )
                    return False
            if len(ended) < AT_ONCE:
                return True

    def _is_tried_again(self, file: EndedFile) -> bool:
        return self._end(file).again

    def _end(self, file: EndedFile) -> FileOutcome:
        moved = file.input not in (None, location(self._settings.path, file.found.path))
        changed = (file.changed or moved) and not file.gone
        return outcome_of(self._settings, file.status, file.error, file.attempts, changed=changed)

    def _settled(self, file: EndedFile) -> FileUpdate:
        end = self._end(file)
        disposal: dict[str, Any] | None = None
        if end.original is not None and not file.gone:
            disposal = {"action": end.original.action.value, "is_done": end.state == "done"}
            disposal |= {"output": file.output, "size": file.output_size}
            if end.original.action is OriginalAction.MOVE:
                disposal["folder"] = os.path.join(self._settings.path, end.original.folder)  # noqa: PTH118 - keeps the slashes
        return FileUpdate(file.id, end.state, end.reason, file.attempts + end.again, disposal)

    async def dispose(self, root: Root, stuck: dict[str, WatchedThread[None]]) -> None:
        """OriginalMove or throw away what is due; what cannot be now stays due, with the reason.

        One place that does not answer holds up nothing but what goes there; `stuck` remembers who waits for it.
        """
        found = await file_records.pending_disposals(self._database, self._claim, AT_ONCE)
        unclear = [one for one in found if one.unreadable is not None]
        await self._write([one.update(f"Left in place. {one.unreadable}") for one in unclear])
        pending = [one for one in found if one.unreadable is None]
        if not pending:
            return
        # More are waiting: those that cannot be moved now are the last ones next time.
        tried = {"tried": self._claim.epoch} if len(pending) == AT_ONCE else {}
        moves = [
            OriginalMove(one, location(self._settings.path, one.found.path), one.disposal | tried)
            for one in pending
        ]
        used = await file_records.inputs_in_use(self._database, [move.source for move in moves])
        if tried:
            await self._write([_later(move) for move in moves if move.source in used])
        places: dict[str, list[OriginalMove]] = {}
        for move in moves:
            if move.source not in used:
                places.setdefault(move.disposal.get("folder", ""), []).append(move)
        try:
            async with asyncio.TaskGroup() as group:  # nobody moves on when another one has learnt of the end
                for place, moves in places.items():
                    group.create_task(self._run(place, moves, root, stuck), name=f"originals to {place}")
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors

    async def _run(
        self, place: str, moves: Sequence[OriginalMove], root: Root, stuck: dict[str, WatchedThread[None]]
    ) -> None:
        """Everything that goes to one place, the trash if it is empty."""
        errand = OriginalMover(moves, root, f"{self._claim.node_id:x}-{self._claim.epoch}")
        begun: Sequence[OriginalMove] = ()
        reason = ""
        try:
            if (former := stuck.pop(place, None)) is not None and former.is_alive:
                raise SilentError(former)
            await answered(WatchedThread(errand.plan, "looking at originals"), PATIENCE, lambda: errand.steps)
            begun = tuple(errand.begun)
            # The name is written down before anything is moved.
            await self._write([move.pending.update(disposal=move.disposal) for move in begun])
            await answered(
                WatchedThread(errand.carry_out, "moving originals"), PATIENCE, lambda: errand.steps
            )
        except SilentError as silent:
            stuck[place] = silent.job
            reason = f"“{place or 'The trash'}”, or the place of its output, does not answer."
            logs.watchfolder.info("Originals of “%s” have to wait: %s", self._settings.name, reason)
        finally:
            errand.give_up()
        ended = list(errand.ended)
        over = {end.id for end in ended}
        now = {move.pending.id: move for move in (*moves, *begun)}
        ended += [_later(move, reason) for move in now.values() if move.pending.id not in over]
        await self._write(ended)

    async def _write(self, settled: Sequence[FileUpdate]) -> None:
        if settled:
            await file_records.settle(self._database, self._claim, settled)


def _later(move: OriginalMove, reason: str = "") -> FileUpdate:
    return move.pending.update(reason, disposal=move.disposal)
