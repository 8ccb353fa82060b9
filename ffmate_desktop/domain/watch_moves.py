"""Rows of the ledger whose files have other paths now, and rows that stand in their way: pure rules."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ffmate_desktop.domain.file_record import REMOVED, FileRecord, ScannedFile
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.watch_version import is_lasting

MOVED = "Its file has another name now, and was queued again."
REPLACED = "The file was replaced by a newer version."


@dataclass(frozen=True, slots=True)
class Known:
    """A row, and the status of its task; None when the task was deleted."""

    entry: FileRecord
    status: TaskStatus | None

    @property
    def waits(self) -> bool:
        """Whether its task was not started, or cancelled before: it would read whatever has its path."""
        return self.status is TaskStatus.QUEUED or self.entry.reason == REMOVED

    def is_row_of(self, found: ScannedFile, view: int) -> bool:
        """Whether the file is the one of this row, as far as inodes last."""
        return self.entry.inode == found.inode and self.entry.view == view and is_lasting(view)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row belongs now. Without `found` its file was not seen: it is gone."""

    entry: FileRecord
    path: str
    found: ScannedFile | None


@dataclass(slots=True)
class Moves:
    """What one step of the ledger does with rows: which get other places, which go, which tasks are cancelled."""

    places: list[Place] = field(default_factory=list)
    dropped: list[FileRecord] = field(default_factory=list)
    cancelled: dict[UUID, str] = field(default_factory=dict)
    """Task → the reason."""

    def __bool__(self) -> bool:
        return bool(self.places or self.dropped or self.cancelled)

    def cancel(self, entry: FileRecord, reason: str) -> None:
        """End the task of a row, if it has one."""
        if entry.task is not None:
            self.cancelled[entry.task] = reason


def pair(candidates: Sequence[tuple[ScannedFile, Known]], view: int) -> list[tuple[ScannedFile, Known]]:
    """Which files are those of which rows. All rows have the size and time of their file, and left their paths.

    Where inodes last they decide. Elsewhere a number may be used again, and files may have one size and second: there
    it takes the only such row, the only such file, and the same number.
    """
    pairs: list[tuple[ScannedFile, Known]] = []
    taken: set[int] = set()
    paths: set[str] = set()
    rows = Counter(found.path for found, _ in candidates)
    files = Counter(known.entry.id for _, known in candidates)
    for found, known in candidates:
        entry = known.entry
        is_only = rows[found.path] == files[entry.id] == 1 and entry.inode == found.inode
        if entry.id not in taken and found.path not in paths and (known.is_row_of(found, view) or is_only):
            pairs.append((found, known))
            taken.add(entry.id)
            paths.add(found.path)
    return pairs


def plan(follows: Sequence[tuple[ScannedFile, Known]], at_targets: Mapping[str, Known]) -> Moves:
    """Rows go where their files are. `at_targets` are the rows that have these paths now.

    A task that was not started reads a path that is no longer right: it is cancelled and its row goes, so that the
    file is queued under its new path. A row that is in the way, and has had a task, gets a path that became free: the
    file may be seen elsewhere soon, as when two files swap their names.
    """
    moves = Moves()
    moving = {known.entry.id for _, known in follows}
    targets = {found.path for found, known in follows if not known.waits}
    free = sorted({known.entry.path for _, known in follows if not known.waits} - targets)
    for found, known in follows:
        if known.waits:
            moves.cancel(known.entry, MOVED)
            moves.dropped.append(known.entry)
            continue
        moves.places.append(Place(known.entry, found.path, found))
        there = at_targets.get(found.path)
        if there is None or there.entry.id in moving:
            continue
        if there.entry.task is None or there.waits or not free:
            moves.cancel(there.entry, REPLACED)
            moves.dropped.append(there.entry)
        else:
            moves.places.append(Place(there.entry, free.pop(), None))
    return moves
