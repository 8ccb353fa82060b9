"""Matches file records to files that were moved, and plans how the records follow. Pure rules."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ffmate_desktop.domain.file_record import REMOVED, FileRecord, ScannedFile
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.watch_version import is_lasting

MOVED = "The file was renamed, and queued again under its new name."
REPLACED = "The file was replaced by a newer version."


@dataclass(frozen=True, slots=True)
class RecordWithTask:
    """A record, and the status of its task; None if the task was deleted."""

    record: FileRecord
    status: TaskStatus | None

    @property
    def never_started(self) -> bool:
        """Whether its task never started: it would read any file that now has its path."""
        return self.status is TaskStatus.QUEUED or self.record.reason == REMOVED

    def is_record_of(self, found: ScannedFile, view: int) -> bool:
        """Whether the file has the inode of this record, and such inodes last."""
        return self.record.inode == found.inode and self.record.view == view and is_lasting(view)


@dataclass(frozen=True, slots=True)
class Relocation:
    """The new path of a record. Without `found`, its file wasn't seen: it is gone."""

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
        """Cancel the task of a record, if it has one."""
        if record.task is not None:
            self.cancelled[record.task] = reason


def match_moved_files(
    candidates: Sequence[tuple[ScannedFile, RecordWithTask]], view: int
) -> list[tuple[ScannedFile, RecordWithTask]]:
    """Match files to records. All candidates agree in size and time, and the file left the record's path.

    Where inodes last, they decide. Elsewhere a number may be used again, and several files may have the same size and
    time: there, a pair must be the only one for both the record and the file, and have the same number.
    """
    pairs: list[tuple[ScannedFile, RecordWithTask]] = []
    matched: set[int] = set()
    paths: set[str] = set()
    rows = Counter(found.path for found, _ in candidates)
    files = Counter(candidate.record.id for _, candidate in candidates)
    for found, candidate in candidates:
        record = candidate.record
        is_only = rows[found.path] == files[record.id] == 1 and record.inode == found.inode
        if (
            record.id not in matched
            and found.path not in paths
            and (candidate.is_record_of(found, view) or is_only)
        ):
            pairs.append((found, candidate))
            matched.add(record.id)
            paths.add(found.path)
    return pairs


def plan_moves(
    moved: Sequence[tuple[ScannedFile, RecordWithTask]], at_targets: Mapping[str, RecordWithTask]
) -> MovePlan:
    """Plan how records follow their files. `at_targets` are the records that have these paths now.

    1. A task that hasn't started would read a path that is no longer right: it is cancelled and its record dropped,
       so that the file is queued under its new path.
    2. A record that is in the way and has had a task gets one of the freed paths: its file may turn up elsewhere, as
       when two files swap names.
    """
    moves = MovePlan()
    moving = {candidate.record.id for _, candidate in moved}
    targets = {found.path for found, candidate in moved if not candidate.never_started}
    free = sorted({candidate.record.path for _, candidate in moved if not candidate.never_started} - targets)
    for found, candidate in moved:
        if candidate.never_started:
            moves.cancel(candidate.record, MOVED)
            moves.dropped.append(candidate.record)
            continue
        moves.places.append(Relocation(candidate.record, found.path, found))
        there = at_targets.get(found.path)
        if there is None or there.record.id in moving:
            continue
        if there.record.task is None or there.never_started or not free:
            moves.cancel(there.record, REPLACED)
            moves.dropped.append(there.record)
        else:
            moves.places.append(Relocation(there.record, free.pop(), None))
    return moves
