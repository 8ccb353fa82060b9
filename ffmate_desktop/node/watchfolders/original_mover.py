"""Moves originals to one folder, or into the trash, one after another in a thread."""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ffmate_desktop.db.file_records import FileUpdate, PendingOriginal
from ffmate_desktop.domain.disposition import Disposition
from ffmate_desktop.domain.watch_version import is_lasting
from ffmate_desktop.domain.watchfolder import OriginalAction
from ffmate_desktop.storage import originals
from ffmate_desktop.storage.numbering import INODES
from ffmate_desktop.storage.originals import MoveResult, Version


class AbandonedError(Exception):
    """The scan no longer waits for this mover."""


@dataclass(frozen=True, slots=True)
class ScannedRoot:
    """The watchfolder as the scan saw it: its path, (device, inode), and how files in it are numbered."""

    path: str
    identity: tuple[int, int]
    view: int


@dataclass(frozen=True, slots=True)
class OriginalMove:
    """One original: where it is, and what is left to do with it."""

    pending: PendingOriginal
    source: str
    disposition: Disposition


class OriginalMover:
    """First `plan`, then store the dispositions of `begun`, then `carry_out`. Both run in a thread.

    `tag` identifies this scan. `steps` grows while the storage answers. `updates` are the records of originals that
    are finished. After `abandon` the thread moves nothing more, however late the storage answers.
    """

    def __init__(self, moves: Sequence[OriginalMove], root: ScannedRoot, tag: str) -> None:
        self._moves = moves
        self._root = root
        self._tag = tag
        self._is_abandoned = False
        self.steps = 0
        self.begun: list[OriginalMove] = []
        self.updates: list[FileUpdate] = []

    def abandon(self) -> None:
        """Stop before the next step; the scan no longer waits."""
        self._is_abandoned = True

    def _tick(self) -> None:
        self.steps += 1
        if self._is_abandoned:
            raise AbandonedError

    def plan(self) -> None:
        """Choose a path for each original that may go."""
        for move in self._moves:
            self._tick()
            planned = _plan(move)
            if isinstance(planned, FileUpdate):
                self.updates.append(planned)
            else:
                tag = f"{self._tag}-{move.pending.id}"
                begun_disposition = replace(planned.disposition, begun=True, tag=tag)
                self.begun.append(replace(planned, disposition=begun_disposition))

    def carry_out(self) -> None:
        """Move what `plan` has begun, or put it into the trash."""
        former_tags = {move.pending.id: move.disposition.tag for move in self._moves}
        for move in self.begun:
            self._tick()
            self.updates.append(self._carry_out(move, former_tags[move.pending.id]))

    def _carry_out(self, move: OriginalMove, former_tag: str | None) -> FileUpdate:
        pending, disposition = move.pending, move.disposition
        try:
            if not self._is_same_root():  # the next scan finds out what is there now
                reason = "The folder is not the one that was scanned."
                return pending.update(reason, disposition=disposition)
            if disposition.action is OriginalAction.TRASH:
                result = originals.move_to_trash(move.source, self._version(pending), self._tick)
                return _trashed(move, result)
            target, tag = disposition.target, disposition.tag
            if target is None or tag is None:
                raise ValueError("a move begins with plan()")
            if former_tag is not None:
                originals.remove_half_copy(target, former_tag)
            result = originals.move(move.source, target, self._version(pending), tag, self._tick)
            return _moved(move, result, target, _path_below(self._root.path, target))
        except OSError as error:
            verb = "put into the trash" if disposition.action is OriginalAction.TRASH else "moved"
            return pending.update(f"It can't be {verb}: {_error_text(error)}.", disposition=disposition)

    def _version(self, pending: PendingOriginal) -> Version:
        found, view = pending.found, self._root.view
        has_inode = pending.view == view and is_lasting(view)
        return Version(found.size, found.mtime, found.inode if has_inode else 0, view=view)

    def _is_same_root(self) -> bool:
        status = Path(self._root.path).stat()
        return (status.st_dev, status.st_ino & INODES) == self._root.identity


def _plan(move: OriginalMove) -> OriginalMove | FileUpdate:
    """The move with its target, or the final update of a record whose original stays or is gone."""
    disposition = move.disposition
    if not os.path.lexists(move.source):
        if disposition.is_done and not disposition.begun:
            return move.pending.update(gone=True)
    elif disposition.is_done:  # also if a move was begun: that may be days ago, and nothing was moved
        try:
            safe = originals.is_safe_to_remove(move.source, disposition.output, disposition.size)
        except OSError:
            safe = False
        if not safe:
            return move.pending.update(
                f"Left in place: its output “{disposition.output}” is missing or incomplete."
            )
    if disposition.action is OriginalAction.MOVE and disposition.target is None:
        target = originals.free_name(disposition.folder or "", move.pending.found.path)
        disposition = replace(disposition, target=target)
    return replace(move, disposition=disposition)


_CHANGED = "Left in place: it has changed since it was encoded."


def _trashed(move: OriginalMove, result: MoveResult) -> FileUpdate:
    match result:
        case MoveResult.AWAY:
            return move.pending.update("Put into the trash.", gone=True)
        case MoveResult.GONE:
            return move.pending.update("Put into the trash, or removed.", gone=True)
        case MoveResult.CHANGED:
            return move.pending.update(_CHANGED)
        case MoveResult.TAKEN:
            return move.pending.update(disposition=move.disposition)


def _moved(move: OriginalMove, result: MoveResult, target: str, moved_to: str) -> FileUpdate:
    match result:
        case MoveResult.AWAY:
            return move.pending.update(f"Moved to “{target}”.", gone=True, moved_to=moved_to)
        case MoveResult.GONE:
            return move.pending.update(gone=True, moved_to=moved_to)
        case MoveResult.CHANGED:
            return move.pending.update(_CHANGED)
        case MoveResult.TAKEN:  # another name next time
            return move.pending.update(disposition=replace(move.disposition, target=None))


def _path_below(root: str, path: str) -> str:
    """The path as a file record has it; empty if it isn't below the watchfolder."""
    try:
        return "/".join(Path(path).relative_to(root).parts)
    except ValueError:
        return ""


def _error_text(error: OSError) -> str:
    if error.errno == errno.EXDEV:
        return "its disk has no trash"
    return error.strerror or str(error)
