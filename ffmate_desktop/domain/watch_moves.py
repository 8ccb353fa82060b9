"""Matches file records to files that were moved, and plans how the records follow. Pure rules."""

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
class RecordWithTask:
    """A row, and the status of its task; None when the task was deleted."""

    record: FileRecord
    status: TaskStatus | None

    @property
    def waits(self) -> bool:
        """Whether its task was not started, or cancelled before: it would read whatever has its path."""
        return self.status is TaskStatus.QUEUED or self.record.reason == REMOVED

    def is_row_of(self, found: ScannedFile, view: int) -> bool:
        """Whether the file is the one of this row, as far as inodes last."""
        return self.record.inode == found.inode and self.record.view == view and is_lasting(view)


@dataclass(frozen=True, slots=True)
class Relocation:
    """Where a row belongs now. Without `found` its file was not seen: it is gone."""

    record: FileRecord
    path: str
    found: ScannedFile | None


@dataclass(slots=True)
class MovePlan:
    """What to change in one step: records that get another path, records to remove, tasks to cancel."""

    places: list[Relocation] = field(default_factory=list)
    dropped: list[FileRecord] = field(default_factory=list)
    cancelled: dict[UUID, str] = field(default_factory=dict)
    """Task → the reason."""

    def __bool__(self) -> bool:
        return bool(self.places or self.dropped or self.cancelled)

    def cancel(self, record: FileRecord, reason: str) -> None:
        """End the task of a row, if it has one."""
        if record.task is not None:
            self.cancelled[record.task] = reason


def match_moved_files(
    candidates: Sequence[tuple[ScannedFile, RecordWithTask]], view: int
) -> list[tuple[ScannedFile, RecordWithTask]]:
    """Which files are those of which rows. All rows have the size and time of their file, and left their paths.

    Where inodes last they decide. Elsewhere a number may be used again, and files may have one size and second: there
    it takes the only such row, the only such file, and the same number.
    """
    pairs: list[tuple[ScannedFile, RecordWithTask]] = []
    taken: set[int] = set()
    paths: set[str] = set()
    rows = Counter(found.path for found, _ in candidates)
    files = Counter(known.record.id for _, known in candidates)
    for found, known in candidates:
        record = known.record
        is_only = rows[found.path] == files[record.id] == 1 and record.inode == found.inode
        if record.id not in taken and found.path not in paths and (known.is_row_of(found, view) or is_only):
            pairs.append((found, known))
            taken.add(record.id)
            paths.add(found.path)
    return pairs


def plan_moves(
    follows: Sequence[tuple[ScannedFile, RecordWithTask]], at_targets: Mapping[str, RecordWithTask]
) -> MovePlan:
    """Rows go where their files are. `at_targets` are the rows that have these paths now.

    A task that was not started reads a path that is no longer right: it is cancelled and its row goes, so that the
    file is queued under its new path. A row that is in the way, and has had a task, gets a path that became free: the
    file may be seen elsewhere soon, as when two files swap their names.
    """
    moves = MovePlan()
    moving = {known.record.id for _, known in follows}
    targets = {found.path for found, known in follows if not known.waits}
    free = sorted({known.record.path for _, known in follows if not known.waits} - targets)
    for found, known in follows:
        if known.waits:
            moves.cancel(known.record, MOVED)
            moves.dropped.append(known.record)
            continue
        moves.places.append(Relocation(known.record, found.path, found))
        there = at_targets.get(found.path)
        if there is None or there.record.id in moving:
            continue
        if there.record.task is None or there.waits or not free:
            moves.cancel(there.record, REPLACED)
            moves.dropped.append(there.record)
        else:
            moves.places.append(Relocation(there.record, free.pop(), None))
    return moves
