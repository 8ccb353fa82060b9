"""Moving originals: what is checked before each attempt, and folders that never answer."""

import asyncio
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.db import file_records, scans
from ffmate_desktop.db.file_records import FileUpdate, FileWrite, PendingOriginal
from ffmate_desktop.db.scans import ScanLostError
from ffmate_desktop.domain.disposition import Disposition
from ffmate_desktop.domain.file_record import ScannedFile
from ffmate_desktop.domain.watchfolder import FileState, Original, OriginalAction, WatchedFile
from ffmate_desktop.media.rename import rename_to_free_name
from ffmate_desktop.node.watchfolders import originals as duty
from ffmate_desktop.node.watchfolders.original_mover import OriginalMove, OriginalMover, ScannedRoot
from ffmate_desktop.node.watchfolders.originals import Originals
from ffmate_desktop.storage import originals
from ffmate_desktop.storage.numbering import numbering_of
from ffmate_desktop.storage.originals import MoveResult, Version
from tests.db.cluster import joined
from tests.faults.disk import open_disk
from tests.node.farm import Farm
from tests.node.waiting import until
from tests.node.watchfolders.watched import Watched


def root_of(folder: Path) -> ScannedRoot:
    numbering = numbering_of(str(folder))
    return ScannedRoot(str(folder), numbering.root, numbering.view)


def to_move(source: Path, output: Path, folder: Path, **changes: Any) -> OriginalMove:
    """The move of an original that was encoded to `output`, to `folder`."""
    status = source.stat()
    found = ScannedFile(source.name, status.st_size, status.st_mtime_ns // 1000, status.st_ino)
    disposition = Disposition(OriginalAction.MOVE, True, str(output), 4, str(folder))
    disposition = replace(disposition, **changes)
    view = numbering_of(str(source.parent)).view
    return OriginalMove(PendingOriginal(1, found, view, "done", 1, disposition), str(source), disposition)


def update_after_move(move: OriginalMove, folder: Path, tag: str = "t") -> FileUpdate:
    """Plan and carry out one move; returns the update of its record."""
    mover = OriginalMover([move], root_of(folder), tag)
    mover.plan()
    mover.carry_out()
    [update] = mover.updates
    return update


def files(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(b"film")
    return [folder / name for name in names]


def test_an_output_that_is_removed_before_the_next_try_keeps_the_original(tmp_path: Path) -> None:
    source, output, folder = files(tmp_path, "one.mov", "one.mp4", "file")
    move = to_move(source, output, folder / "x")
    failed = update_after_move(move, tmp_path)
    assert failed.disposition is not None and failed.reason.startswith("It can't be moved")
    output.unlink()
    folder.unlink()  # now it could be moved
    left = update_after_move(OriginalMove(move.pending, str(source), failed.disposition), tmp_path)
    assert left.reason.startswith("Left in place")
    assert source.exists()


def test_an_output_that_is_removed_while_a_move_waits_keeps_the_original(tmp_path: Path) -> None:
    """The move was recorded but not carried out."""
    source, output = files(tmp_path, "one.mov", "one.mp4")
    first = OriginalMover([to_move(source, output, tmp_path / "done")], root_of(tmp_path), "t")
    first.plan()
    first.abandon()
    [begun_move] = first.begun
    output.unlink()
    left = update_after_move(begun_move, tmp_path, "u")
    assert left.reason.startswith("Left in place") and source.exists()
    originals.move(
        str(source), begun_move.disposition.target or "", Version(4, begun_move.pending.found.mtime), "t"
    )
    done = update_after_move(
        begun_move, tmp_path, "u"
    )  # a move that may have been carried out isn't judged again
    assert done.gone and done.reason.startswith("Moved to")


def test_another_file_of_the_same_name_size_and_time_stays(tmp_path: Path) -> None:
    """The folder was swapped during the encode, by a link or a mount that looks the same."""
    root = tmp_path / "in"
    root.mkdir()
    source, output = files(root, "one.mov", "one.mp4")
    move = to_move(source, output, tmp_path / "done")
    other = root / "other"
    other.write_bytes(b"meat")
    os.utime(other, ns=(0, source.stat().st_mtime_ns))
    other.replace(source)
    assert update_after_move(move, root).reason.startswith("Left in place: it has changed")
    assert source.read_bytes() == b"meat"


def test_a_folder_that_is_swapped_after_the_scan_loses_nothing(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    root.mkdir()
    source, output = files(root, "one.mov", "one.mp4")
    mover = OriginalMover([to_move(source, output, tmp_path / "done")], root_of(root), "t")
    mover.plan()
    root.rename(elsewhere)
    shutil.copytree(elsewhere, root)  # with the same times
    mover.carry_out()
    [update] = mover.updates
    assert update.disposition is not None  # looked at again by the next scan
    assert source.exists() and (elsewhere / "one.mov").exists()


def test_the_unfinished_copy_of_a_killed_attempt_is_removed(tmp_path: Path) -> None:
    source, output = files(tmp_path, "one.mov", "one.mp4")
    done = tmp_path / "done"
    done.mkdir()
    (done / ".ffd-move-a-1-1").write_bytes(b"fi")
    begun_fields = {"begun": True, "target": str(done / "one.mov"), "tag": "a-1-1"}
    assert update_after_move(to_move(source, output, done, **begun_fields), tmp_path, "b-2").gone
    assert [path.name for path in done.iterdir()] == ["one.mov"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_node_killed_at_any_moment_leaves_the_complete_file_and_no_partial_copies(tmp_path: Path) -> None:
    with open_disk(tmp_path / "disk", 64) as disk:
        if disk is None:
            pytest.skip("a small disk can only be mounted by root on Linux")
        data = os.urandom(20_000_000)
        source, output = files(tmp_path, "one.mov", "one.mp4")
        halves = 0
        for number in range(10):
            source.write_bytes(data)
            first = OriginalMover([to_move(source, output, disk.folder)], root_of(tmp_path), "a-1")
            first.plan()
            process = multiprocessing.get_context("fork").Process(target=first.carry_out)
            process.start()
            time.sleep(0.005 + number * 0.002)
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
            target = disk.folder / "one.mov"
            assert any(path.exists() and path.read_bytes() == data for path in (source, target))
            halves += bool(list(disk.folder.glob(".ffd-*")))
            [begun_move] = first.begun  # as its record says
            assert update_after_move(begun_move, tmp_path, f"b-{number}").gone
            assert target.read_bytes() == data and not source.exists()
            assert [path.name for path in disk.folder.iterdir() if path.name != "lost+found"] == ["one.mov"]
            target.unlink()
        assert halves  # some were killed in the middle of the copy


# -- On a real node --------------------------------------------------------------------------------------------------


@pytest.fixture
def watched(farm: Farm, tmp_path: Path) -> Watched:
    root = tmp_path / "in"
    root.mkdir()
    return Watched(farm, root)


async def moved(watched: Watched, path: str) -> WatchedFile | None:
    file = (await watched.files(gone=True)).get(path)
    return file if file is not None and file.reason.startswith("Moved to") else None


MOVE = Original(action=OriginalAction.MOVE, folder="done")


@pytest.mark.db
@pytest.mark.ffmpeg
async def test_a_folder_that_never_answers_delays_no_other_folder(
    watched: Watched, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duty, "PATIENCE", 1.0)
    answer, began = threading.Event(), threading.Event()

    def hang(source: Path, target: Path) -> None:  # a share whose server is gone
        if "failed" in str(target):
            began.set()
            assert answer.wait(60)
        rename_to_free_name(source, target)

    monkeypatch.setattr("ffmate_desktop.storage.originals.rename_to_free_name", hang)
    await watched.farm.node(watches=True, slots=2)
    failed = Original(action=OriginalAction.MOVE, folder="failed")
    await watched.begin(growth_checks=0, on_success=MOVE, on_failure=failed)
    bad = watched.root / "bad.mov"
    bad.write_bytes(b"no film")
    await until(began.is_set, "a move hangs")
    watched.put(clip, "one.mov")
    await until(lambda: moved(watched, "one.mov"), "the other folder isn't delayed")
    waiting = (await watched.files())["bad.mov"]
    assert "doesn't answer" in waiting.reason and bad.exists()
    answer.set()
    await until(lambda: moved(watched, "bad.mov"), "it answers again")
    assert sorted(path.name for path in watched.root.iterdir()) == ["done", "failed"]


@pytest.mark.db
@pytest.mark.ffmpeg
async def test_originals_that_cannot_be_moved_do_not_starve_the_others(
    watched: Watched, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duty, "AT_ONCE", 3)
    (watched.root / "file").write_bytes(b"x")
    await watched.farm.node(watches=True, slots=2)
    failed = Original(action=OriginalAction.MOVE, folder="file/x")
    await watched.begin(growth_checks=0, on_success=MOVE, on_failure=failed)
    for number in range(5):
        (watched.root / f"bad{number}.mov").write_bytes(b"no film")
    for number in range(5):
        await watched.state(f"bad{number}.mov", FileState.FAILED)
    watched.put(clip, "one.mov")
    await until(lambda: moved(watched, "one.mov"), "it is moved anyway")


@pytest.mark.db
@pytest.mark.ffmpeg
async def test_a_lost_scan_stops_the_moves_to_all_folders(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, began, answer = threading.Event(), threading.Event(), threading.Event()

    def wait(source: Path, target: Path) -> None:  # two slow shares
        if target.parent.name == "b":
            began.set()
        assert (answer if target.parent.name == "b" else taken).wait(60)
        rename_to_free_name(source, target)

    monkeypatch.setattr("ffmate_desktop.storage.originals.rename_to_free_name", wait)
    await watched.begin()
    database = watched.farm.database
    one, two, three = files(watched.root, "1.mov", "2.mov", "3.mov")
    async with joined(watched.farm.uri) as node:
        claim = await scans.claim_scan(database, node.id)
        assert claim is not None
        due: list[FileUpdate] = []
        for source, place in ((one, "a"), (two, "b"), (three, "b")):
            move = to_move(source, source, watched.root / place, is_done=False)
            write = FileWrite(move.pending.found, move.pending.view, "failed", "")
            [number] = (await file_records.write(database, claim, [write])).ids.values()
            due.append(FileUpdate(number, "failed", "", 1, move.disposition))
        await file_records.update_files(database, claim, due)
        moving = asyncio.create_task(Originals(database, claim).move_pending(root_of(watched.root), {}))
        await until(began.is_set, "both places are at it")
        await watched.farm.sql("UPDATE ffmate.watchfolders SET epoch = epoch + 1")  # another node scans
        taken.set()
        with pytest.raises(ScanLostError):
            await moving
        answer.set()
        await until(lambda: not _movers(), "the threads have ended")
    assert not two.exists() and three.exists()  # one was on its way


def _movers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "moving originals"]


def test_a_target_that_is_taken_meanwhile_gets_another_name_next_time(tmp_path: Path) -> None:
    source, output = files(tmp_path, "one.mov", "one.mp4")
    move = to_move(source, output, tmp_path / "done")
    mover = OriginalMover([move], root_of(tmp_path), "t")
    mover.plan()
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "one.mov").write_bytes(b"somebody else's")
    mover.carry_out()
    [update] = mover.updates
    assert update.disposition is not None and update.disposition.target is None  # another name next time
    version = Version(4, source.stat().st_mtime_ns // 1000)
    assert originals.move(str(source), str(tmp_path / "x"), version, "t") is MoveResult.AWAY
