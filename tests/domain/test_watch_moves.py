"""Which records follow which files, and what happens to records in their way."""

from dataclasses import replace
from uuid import UUID, uuid4

from ffmate_desktop.domain.file_record import REMOVED, FileRecord, ScannedFile
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.watch_moves import MovePlan, RecordWithTask, match_moved_files, plan_moves
from ffmate_desktop.domain.watch_version import FIRST_LASTING, UNNUMBERED

DISK = FIRST_LASTING - 1


def row(
    number: int, path: str, view: int = DISK, status: TaskStatus = TaskStatus.DONE_SUCCESSFUL
) -> RecordWithTask:
    """A record whose inode is its number."""
    record = FileRecord(
        number,
        path,
        4,
        5,
        number,
        view,
        "done",
        "",
        gone=False,
        checks=0,
        unchecked=0,
        unchanged=0,
        task=uuid4(),
        attempts=1,
    )
    return RecordWithTask(record, status)


def file(inode: int, path: str) -> ScannedFile:
    return ScannedFile(path, 4, 5, inode)


def test_inodes_decide_where_they_last() -> None:
    one, two = row(1, "a"), row(2, "b")
    found = [file(2, "x"), file(1, "y")]
    candidates = [(one_file, candidate) for one_file in found for candidate in (one, two)]
    assert match_moved_files(candidates, DISK) == [(found[0], two), (found[1], one)]
    hard_link = file(1, "z")
    assert match_moved_files([(found[1], one), (hard_link, one)], DISK) == [(found[1], one)]


def test_elsewhere_only_certain_matches_count() -> None:
    one, two = row(1, "a", UNNUMBERED), row(2, "b", UNNUMBERED)
    found = file(1, "x")
    assert match_moved_files([(found, one)], UNNUMBERED) == [(found, one)]
    # of one size and second, and numbers are used again
    assert match_moved_files([(found, one), (found, two)], UNNUMBERED) == []
    assert match_moved_files([(found, one), (file(3, "y"), one)], UNNUMBERED) == []
    assert match_moved_files([(file(3, "y"), one)], UNNUMBERED) == []


def places(moves: MovePlan) -> dict[int, tuple[str, bool]]:
    return {place.record.id: (place.path, place.found is None) for place in moves.places}


def test_names_are_swapped_and_a_record_in_the_way_gets_a_path() -> None:
    one, two = row(1, "a"), row(2, "b")
    swapped = plan_moves([(file(2, "a"), two), (file(1, "b"), one)], {"a": one, "b": two})
    assert places(swapped) == {1: ("b", False), 2: ("a", False)} and not swapped.dropped
    half = plan_moves([(file(2, "a"), two)], {"a": one})  # the other one is seen later
    assert places(half) == {2: ("a", False), 1: ("b", True)}


def test_queued_tasks_are_cancelled_when_their_path_is_wrong() -> None:
    waits, in_the_way = row(1, "a", status=TaskStatus.QUEUED), row(2, "b", status=TaskStatus.QUEUED)
    moves = plan_moves([(file(1, "x"), waits)], {})
    assert (moves.places, [record.id for record in moves.dropped]) == ([], [1])
    assert tasks(waits) == moves.cancelled.keys()
    done = row(3, "c")
    moves = plan_moves([(file(3, "b"), done)], {"b": in_the_way})
    assert places(moves) == {3: ("b", False)} and tasks(in_the_way) == moves.cancelled.keys()
    removed = row(4, "d")
    back = RecordWithTask(
        replace(removed.record, state="skipped", reason=REMOVED, gone=True), TaskStatus.DONE_CANCELED
    )
    assert plan_moves([(file(4, "e"), back)], {}).places == []


def tasks(*rows: RecordWithTask) -> set[UUID | None]:
    return {candidate.record.task for candidate in rows}
