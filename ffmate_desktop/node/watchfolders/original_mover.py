"""Originals that go to one place, one after the other in a thread: where each goes, and what becomes of it."""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ffmate_desktop.db.file_records import FileUpdate, PendingOriginal
from ffmate_desktop.domain.watch_version import is_lasting
from ffmate_desktop.domain.watchfolder import OriginalAction
from ffmate_desktop.storage import originals
from ffmate_desktop.storage.numbering import INODES
from ffmate_desktop.storage.originals import MoveResult, Version


class GivenUpError(Exception):
    """Nobody waits for the errand any more."""


@dataclass(frozen=True, slots=True)
class Root:
    """The watchfolder as the scan saw it: its path, (device, inode), and how files in it are numbered."""

    path: str
    identity: tuple[int, int]
    view: int


@dataclass(frozen=True, slots=True)
class OriginalMove:
    """One original on its way. `disposal` is what its file record says."""

    pending: PendingOriginal
    source: str
    disposal: dict[str, Any]


class OriginalMover:
    """`tag` tells this scan from others. `steps` grows as long as the storage answers; what has ended is in `ended`.

    After `give_up` the thread moves nothing any more, however late the storage answers.
    """

    def __init__(self, moves: Sequence[OriginalMove], root: Root, tag: str) -> None:
        self._moves = moves
        self._root = root
        self._tag = tag
        self._is_over = False
        self.steps = 0
        self.begun: list[OriginalMove] = []
        self.ended: list[FileUpdate] = []

    def give_up(self) -> None:
        """Nobody waits any more."""
        self._is_over = True

    def _tick(self) -> None:
        self.steps += 1
        if self._is_over:
            raise GivenUpError

    def plan(self) -> None:
        """Find a name for each, and what must stay."""
        for move in self._moves:
            self._tick()
            step = _plan(move)
            if isinstance(step, FileUpdate):
                self.ended.append(step)
            else:
                tag = f"{self._tag}-{step.pending.id}"
                self.begun.append(replace(step, disposal=step.disposal | {"begun": True, "tag": tag}))

    def carry_out(self) -> None:
        """OriginalMove them, or throw them away, once their names are written down."""
        half = {move.pending.id: move.disposal.get("tag") for move in self._moves}
        for move in self.begun:
            self._tick()
            self.ended.append(self._carry_out(move, half[move.pending.id]))

    def _carry_out(self, move: OriginalMove, half: str | None) -> FileUpdate:
        pending, disposal = move.pending, move.disposal
        found, view = pending.found, self._root.view
        version = Version(
            found.size,
            found.mtime,
            found.inode if pending.view == view and is_lasting(view) else 0,
            view=view,
        )
        moves = disposal["action"] == OriginalAction.MOVE
        try:
            if not self._is_same_root():  # the next scan finds out what is there now
                return pending.update("The folder is not the one that was scanned.", disposal=disposal)
            if moves:
                if half is not None:
                    originals.remove_half_copy(disposal["target"], half)
                fate = originals.move(move.source, disposal["target"], version, disposal["tag"], self._tick)
            else:
                fate = originals.throw_away(move.source, version, self._tick)
        except OSError as error:
            what = "moved" if moves else "put into the trash"
            return pending.update(f"It cannot be {what}: {_words(error)}.", disposal=disposal)
        return _end(move, fate, _below(self._root.path, disposal["target"]) if moves else "")

    def _is_same_root(self) -> bool:
        status = Path(self._root.path).stat()
        return (status.st_dev, status.st_ino & INODES) == self._root.identity


def _plan(move: OriginalMove) -> OriginalMove | FileUpdate:
    """Where it goes; or the end of it, when it must stay."""
    disposal = move.disposal
    if not os.path.lexists(move.source):
        if disposal["is_done"] and "begun" not in disposal:
            return move.pending.update(gone=True)
    elif disposal["is_done"]:  # also if it was begun: that may be days ago, and nothing was moved
        try:
            safe = originals.is_safe_to_remove(move.source, disposal["output"], disposal["size"])
        except OSError:
            safe = False
        if not safe:
            reason = f"Left in place: its output “{disposal['output']}” is not there, or not whole."
            return move.pending.update(reason)
    if disposal["action"] == OriginalAction.MOVE and "target" not in disposal:
        disposal = disposal | {"target": originals.free_name(disposal["folder"], move.pending.found.path)}
    return replace(move, disposal=disposal)


def _end(move: OriginalMove, fate: MoveResult, aside: str) -> FileUpdate:
    pending, disposal = move.pending, move.disposal
    moves = disposal["action"] == OriginalAction.MOVE
    match fate:
        case MoveResult.AWAY:
            where = f"Moved to “{disposal['target']}”." if moves else "Put into the trash."
            return pending.update(where, gone=True, aside=aside)
        case MoveResult.GONE:
            where = "" if moves else "Put into the trash, or removed."
            return pending.update(where, gone=True, aside=aside)
        case MoveResult.CHANGED:
            return pending.update("Left in place: it has changed since it was encoded.")
        case MoveResult.TAKEN:
            return pending.update(disposal={key: disposal[key] for key in disposal if key != "target"})


def _below(root: str, path: str) -> str:
    """The path as a file record has it, when it is below the watchfolder; else nothing."""
    try:
        return "/".join(Path(path).relative_to(root).parts)
    except ValueError:
        return ""


def _words(error: OSError) -> str:
    if error.errno == errno.EXDEV:
        return "its disk has no trash"
    return error.strerror or str(error)
