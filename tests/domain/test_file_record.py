"""Decisions about a file from one scan to the next: growth, versions, age, locks, ended tasks."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from ffmate_desktop.domain.file_record import LOCKED, Decision, FileRecord, Judge, RecordState, ScannedFile
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.watch_ends import outcome_of
from ffmate_desktop.domain.watch_rules import FileRules
from ffmate_desktop.domain.watch_version import FIRST_LASTING, LOCAL_TIME, UNNUMBERED, is_same_time
from ffmate_desktop.domain.watchfolder import (
    Extensions,
    FileFilter,
    Original,
    OriginalAction,
    WatchfolderSettings,
)

FILE = ScannedFile("a/one.mov", 100, 1_000_000, 7)
SETTINGS = WatchfolderSettings(name="x", path="/x", preset=uuid4(), interval=10, growth_checks=2)


DISK = FIRST_LASTING - 7


def judge(now: float = 1000.0, view: int = DISK, **changes: object) -> Judge:
    settings = SETTINGS.model_copy(update=changes)
    return Judge(settings, FileRules(settings.filter), view, now)


def record(decision: Decision, found: ScannedFile = FILE, **changes: Any) -> FileRecord:
    made = FileRecord(
        1, found.path, found.size, found.mtime, found.inode, DISK, decision.state, decision.reason,
        gone=False, checks=decision.checks, unchecked=10, unchanged=10, task=None, attempts=0,
    )  # fmt: skip
    return replace(made, **changes)


def test_a_file_is_queued_after_its_checks() -> None:
    first = judge().decide(FILE, None)
    assert (first.state, first.checks, first.ready, first.wait) == ("waiting", 0, False, 10)
    second = judge().decide(FILE, record(first))
    assert (second.state, second.checks, second.reason) == ("waiting", 1, "Unchanged in 1 of 2 checks.")
    third = judge().decide(FILE, record(second))
    assert third.ready and third.checks == 2


@pytest.mark.parametrize(
    "changed", [replace(FILE, size=101), replace(FILE, mtime=1_000_001), replace(FILE, inode=8)]
)
def test_a_changed_file_starts_again(changed: ScannedFile) -> None:
    decision = judge().decide(changed, record(Decision("waiting", "", 1)))
    assert (decision.state, decision.checks, decision.changed) == ("growing", 0, True)
    assert decision.reason == "It is still being written."


def test_a_scan_that_comes_early_is_not_a_check() -> None:
    decision = judge().decide(FILE, record(Decision("waiting", "x", 1), unchecked=4))
    assert (decision.checks, decision.changed, decision.wait) == (1, False, 6)


def test_nodes_that_number_inodes_differently_agree() -> None:
    for state in ("queued", "done"):
        known = record(Decision(state, ""), view=99)
        assert judge().decide(replace(FILE, inode=8), known).state == state
        assert judge().decide(replace(FILE, mtime=2_000_000), known).state == "waiting"
    assert judge().decide(replace(FILE, inode=0), record(Decision("done", ""))).state == "done"


@pytest.mark.parametrize("view", [UNNUMBERED, LOCAL_TIME])
def test_another_inode_is_the_same_version_where_inodes_do_not_last(view: int) -> None:
    known = record(Decision("done", ""), view=view)
    assert not judge(view=view).decide(replace(FILE, inode=8), known).changed
    assert judge(view=view).decide(replace(FILE, size=8), known).state == "waiting"
    waits = record(Decision("waiting", "", 1), view=view)
    assert judge(view=view).decide(replace(FILE, inode=8), waits).checks == 2
    assert judge().decide(replace(FILE, inode=8), record(Decision("done", ""))).state == "waiting"


def test_coarser_clocks_and_time_zones_do_not_make_another_version() -> None:
    exact, second, hour = 1_700_000_001_234_567, 1_700_000_001_000_000, 3_600_000_000
    for coarse in (exact // 10_000 * 10_000, second, second + 1_000_000):
        assert is_same_time(exact, coarse) and is_same_time(coarse, exact)
    assert is_same_time(exact, second - 1_000_000, LOCAL_TIME)  # FAT counts in two seconds
    for shift in (-hour, 2 * hour, 13 * hour + hour // 4):
        assert is_same_time(second, second + shift, LOCAL_TIME)
        assert not is_same_time(second, second + shift)
    assert not is_same_time(second, second + 1_000_000)
    assert not is_same_time(second, second + 2_000_000, LOCAL_TIME)
    assert not is_same_time(second, second + hour + 7_000_000, LOCAL_TIME)
    assert not is_same_time(second, second + 30 * hour, LOCAL_TIME)
    assert not is_same_time(exact, exact + 1)
    coarser = replace(FILE, mtime=second)
    known = record(Decision("done", ""), replace(FILE, mtime=exact), view=99)
    assert not judge().decide(coarser, known).changed
    assert judge().decide(coarser, replace(known, view=DISK)).changed


def test_a_file_that_grew_with_pauses_must_be_quiet_for_longer() -> None:
    known = record(Decision("waiting", "", 1), quiet=30.0)
    waits = judge().decide(FILE, replace(known, unchanged=12.0))
    assert (waits.ready, waits.wait, waits.checks) == (False, 18.0, 2) and "pauses" in waits.reason
    assert judge().decide(FILE, replace(known, unchanged=31.0)).ready


def test_a_file_that_was_queued_while_being_written_is_checked_even_without_checks() -> None:
    fast = judge(growth_checks=0)
    grown = replace(FILE, size=101)
    first = fast.decide(grown, record(Decision("queued", "")))
    assert (first.state, first.ready) == ("growing", False)
    second = fast.decide(grown, record(first, grown))
    assert (second.state, second.checks, second.ready) == ("growing", 1, False)
    assert fast.decide(grown, record(second, grown)).ready
    assert fast.decide(replace(grown, inode=8), record(Decision("queued", ""))).ready  # replaced
    ended = outcome_of(SETTINGS, TaskStatus.DONE_ERROR, "It changed.", 1, changed=True)
    assert (ended.state, ended.retry) == ("growing", False)


def test_without_checks_a_file_is_queued_as_soon_as_it_is_old_enough() -> None:
    assert judge(growth_checks=0).decide(FILE, None).ready
    young = judge(now=31.0, growth_checks=0, filter=FileFilter(min_age=60)).decide(FILE, None)
    assert (young.ready, young.state, young.wait) == (False, "waiting", 30)
    seen = record(young, unchanged=61)  # its clock runs ahead, ours says that it has been there for long
    assert judge(now=-500.0, growth_checks=0, filter=FileFilter(min_age=60)).decide(FILE, seen).ready


@pytest.mark.parametrize("state", ["queued", "done", "failed", "output"])
def test_a_version_is_queued_once(state: RecordState) -> None:
    known = record(Decision(state, "why"))
    assert judge().decide(FILE, known) == Decision(state, "why", 0, changed=False)
    assert judge().decide(FILE, replace(known, gone=True)).changed
    assert judge().decide(replace(FILE, size=1), known).state == "waiting"


def test_a_version_whose_task_was_cancelled_is_not_queued_again() -> None:
    known = record(Decision("skipped", "Its task was cancelled."), task=uuid4())
    assert not judge().decide(FILE, known).changed
    assert judge().decide(replace(FILE, size=1), known).state == "waiting"


def test_skipped_files_are_recorded_once_and_come_back_with_other_rules() -> None:
    text = ScannedFile("a.txt", 1, 1, 1)
    first = judge().decide(text, None)
    assert (first.state, first.changed) == ("skipped", True)
    assert not judge().decide(text, record(first, text)).changed
    other = judge(filter=FileFilter(extensions=Extensions(include=("txt",))))
    assert other.decide(text, record(first, text)).state == "waiting"


def test_locks() -> None:
    locked = replace(FILE, locked=True)
    assert judge().decide(locked, None).reason == LOCKED
    assert judge().decide(FILE, record(Decision("skipped", LOCKED))).state == "waiting"
    ours = record(Decision("done", ""), task=uuid4(), attempts=1)
    newer = replace(locked, size=5)
    assert judge(write_locks=True).decide(newer, ours).state == "waiting"
    waits = record(Decision("waiting", "", 1), newer, attempts=1)  # it has no task now, and its lock stands
    assert judge(write_locks=True).decide(newer, waits).ready
    assert judge().decide(newer, ours).reason == LOCKED


def test_outcomes_of_ended_tasks() -> None:
    done = Original(action=OriginalAction.TRASH)
    settings = SETTINGS.model_copy(update={"retries": 1, "on_success": done})
    assert outcome_of(settings, TaskStatus.DONE_SUCCESSFUL, "", 1).original == done
    again = outcome_of(settings, TaskStatus.DONE_ERROR, "No luck.", 1)
    assert (again.state, again.retry) == ("queued", True)
    failed = outcome_of(settings, TaskStatus.DONE_ERROR, "No luck.", 2)
    assert (failed.state, failed.retry, failed.reason, failed.original) == ("failed", False, "No luck.", None)
    assert outcome_of(settings, TaskStatus.DONE_CANCELED, "", 1).state == "skipped"
