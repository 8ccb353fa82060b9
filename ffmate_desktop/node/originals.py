"""After the end of a file's task: what the ledger says, whether it is tried again, and where the original goes."""

import asyncio
import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ffmate_desktop import logs
from ffmate_desktop.db import ledger
from ffmate_desktop.db.connection import Database
from ffmate_desktop.db.ledger import EndedFile, Pending, Settled
from ffmate_desktop.db.scans import ScanClaim
from ffmate_desktop.db.tasks import OutputsTakenError
from ffmate_desktop.domain.watch_ends import end_of
from ffmate_desktop.domain.watchfolder import OriginalAction
from ffmate_desktop.services.watch_drafts import location
from ffmate_desktop.storage import originals
from ffmate_desktop.storage.originals import Fate

AT_ONCE = 100
"""Ends that are settled in one step; originals that are moved in one scan."""


@dataclass(frozen=True, slots=True)
class _Move:
    """One original on its way. `disposal` is what the ledger has of it."""

    pending: Pending
    source: str
    disposal: dict[str, Any]


class Originals:
    """For one claimed scan; everything is written under its fence."""

    def __init__(self, database: Database, claim: ScanClaim) -> None:
        self._database = database
        self._claim = claim
        self._settings = claim.settings

    async def settle(self) -> bool:
        """Write down what tasks came to, and queue failed ones again; False when the next scan has to go on."""
        while True:
            ended = await ledger.ended_files(self._database, self._claim, AT_ONCE)
            if not ended:
                return True
            again = [file for file in ended if self._is_tried_again(file)]
            over = [file for file in ended if not self._is_tried_again(file)]
            if over:
                await ledger.settle(self._database, self._claim, [self._settled(file) for file in over])
            for file in again:
                try:
                    await ledger.settle(self._database, self._claim, [self._settled(file)], [file.task])
                except OutputsTakenError:
                    logs.watchfolder.debug(
                        "“%s” has to wait: another task writes to its output", file.found.path
                    )
                    return False
            if len(ended) < AT_ONCE:
                return True

    def _is_tried_again(self, file: EndedFile) -> bool:
        return end_of(self._settings, file.status, file.error, file.attempts).again

    def _settled(self, file: EndedFile) -> Settled:
        end = end_of(self._settings, file.status, file.error, file.attempts)
        disposal: dict[str, Any] | None = None
        if end.original is not None and not file.gone:
            disposal = {"action": end.original.action.value, "is_done": end.state == "done"}
            disposal |= {"output": file.output, "size": file.output_size}
            if end.original.action is OriginalAction.MOVE:
                disposal["folder"] = os.path.join(self._settings.path, end.original.folder)  # noqa: PTH118
        return Settled(file.id, end.state, end.reason, file.attempts + end.again, disposal)

    async def dispose(self) -> None:
        """Move or throw away what is due; what cannot be now stays due, with the reason."""
        pending = await ledger.pending_disposals(self._database, self._claim, AT_ONCE)
        if not pending:
            return
        moves = [_Move(one, location(self._settings.path, one.found.path), one.disposal) for one in pending]
        used = await ledger.inputs_in_use(self._database, [move.source for move in moves])
        moves = [move for move in moves if move.source not in used]
        planned = await asyncio.to_thread(lambda: [_plan(move) for move in moves])
        begun = [step for step in planned if isinstance(step, _Move)]
        ended = [step for step in planned if isinstance(step, Settled)]
        if begun:  # the name is written down before anything is moved
            await self._write([_settled(step.pending, disposal=step.disposal) for step in begun])
            tag = f"{self._claim.node_id:x}-{self._claim.epoch}"
            root = self._settings.path
            ended += await asyncio.to_thread(lambda: [_carry_out(step, tag, root) for step in begun])
        await self._write([end for end in ended if end is not None])

    async def _write(self, settled: Sequence[Settled]) -> None:
        if settled:
            await ledger.settle(self._database, self._claim, settled)


def _plan(move: _Move) -> "_Move | Settled":
    """Where it goes; or the end of it, when it must stay."""
    disposal = move.disposal
    if disposal["is_done"] and "begun" not in disposal:
        if not os.path.lexists(move.source):
            return _settled(move.pending, gone=True)
        try:
            safe = originals.is_safe_to_remove(move.source, disposal["output"], disposal["size"])
        except OSError:
            safe = False
        if not safe:
            reason = f"Left in place: its output “{disposal['output']}” is not there, or not whole."
            return _settled(move.pending, reason)
    if disposal["action"] == OriginalAction.MOVE and "target" not in disposal:
        disposal = disposal | {"target": originals.free_name(disposal["folder"], move.pending.found.path)}
    return replace(move, disposal=disposal | {"begun": True})


def _carry_out(move: _Move, tag: str, root: str) -> Settled:
    pending, disposal = move.pending, move.disposal
    version = (pending.found.size, pending.found.mtime)
    moves = disposal["action"] == OriginalAction.MOVE
    aside = _below(root, disposal["target"]) if moves else ""
    try:
        if moves:
            fate = originals.move(move.source, disposal["target"], version, f"{tag}-{pending.id}")
        else:
            fate = originals.throw_away(move.source, version)
    except OSError as error:
        what = "moved" if moves else "put into the trash"
        later = {
            key: disposal[key] for key in disposal if key != "begun"
        }  # and its output is looked at again
        return _settled(pending, f"It cannot be {what}: {_words(error)}.", disposal=later)
    match fate:
        case Fate.AWAY:
            where = f"Moved to “{disposal['target']}”." if moves else "Put into the trash."
            return _settled(pending, where, gone=True, aside=aside)
        case Fate.GONE:
            where = "" if moves else "Put into the trash, or removed."
            return _settled(pending, where, gone=True, aside=aside)
        case Fate.CHANGED:
            return _settled(pending, "Left in place: it has changed since it was encoded.")
        case Fate.TAKEN:
            return _settled(pending, disposal={key: disposal[key] for key in disposal if key != "target"})


def _below(root: str, path: str) -> str:
    """The path as the ledger has it, when it is below the watchfolder; else nothing."""
    try:
        return "/".join(Path(path).relative_to(root).parts)
    except ValueError:
        return ""


def _settled(
    pending: Pending,
    reason: str = "",
    *,
    disposal: dict[str, Any] | None = None,
    gone: bool = False,
    aside: str = "",
) -> Settled:
    return Settled(pending.id, pending.state, reason, pending.attempts, disposal, gone, aside)


def _words(error: OSError) -> str:
    if error.errno == errno.EXDEV:
        return "its disk has no trash"
    return error.strerror or str(error)
