"""Moving originals: never over another file, never a changed file, and safe to repeat after a kill."""

import math
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ffmate_desktop.storage import originals
from ffmate_desktop.storage.originals import (
    MoveResult,
    Version,
    free_name,
    is_safe_to_remove,
    move,
    move_to_trash,
)
from tests.faults.disk import open_disk


def put(path: Path, data: bytes = b"film") -> Version:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return version(path)


def version(path: Path) -> Version:
    status = path.stat()
    return Version(status.st_size, status.st_mtime_ns // 1000)


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    with open_disk(tmp_path / "disk", 64) as disk:
        if disk is None:
            pytest.skip("a small disk can only be mounted by root on Linux")
        yield disk.folder


def test_a_file_is_moved_with_its_subfolders(tmp_path: Path) -> None:
    source = tmp_path / "in" / "a" / "one.mov"
    known = put(source)
    target = free_name(str(tmp_path / "done"), "a/one.mov")
    assert target == str(tmp_path / "done" / "a" / "one.mov")
    assert move(str(source), target, known, "t") is MoveResult.AWAY
    assert version(Path(target)) == known and not source.exists()
    assert move(str(source), target, known, "t") is MoveResult.AWAY  # again, after the answer was lost


def test_never_over_another_file(tmp_path: Path) -> None:
    source, there = tmp_path / "one.mov", tmp_path / "done" / "one.mov"
    known = put(source)
    put(there, b"other")
    assert free_name(str(tmp_path / "done"), "one.mov").endswith("one-2.mov")
    assert move(str(source), str(there), known, "t") is MoveResult.TAKEN
    assert source.exists() and there.read_bytes() == b"other"


def test_a_created_folder_that_stays_empty_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "locked" / "one.mov", tmp_path / "done" / "locked" / "deep" / "one.mov"
    known = put(source)

    def refuse(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as context:
        context.setattr(originals, "rename_to_free_name", refuse)
        with pytest.raises(PermissionError):
            move(str(source), str(target), known, "t")
    assert not (tmp_path / "done").exists()
    put(tmp_path / "done" / "other.mov")
    with monkeypatch.context() as context:
        context.setattr(originals, "rename_to_free_name", refuse)
        with pytest.raises(PermissionError):
            move(str(source), str(target), known, "t")
    assert [path.name for path in (tmp_path / "done").iterdir()] == ["other.mov"]
    assert move(str(source), str(target), known, "t") is MoveResult.AWAY and target.exists()


def test_never_a_changed_file(tmp_path: Path) -> None:
    source = tmp_path / "one.mov"
    known = put(source)
    os.utime(source, ns=(1, 1))
    assert move(str(source), str(tmp_path / "x.mov"), known, "t") is MoveResult.CHANGED
    assert move_to_trash(str(source), known) is MoveResult.CHANGED
    source.unlink()
    assert move(str(source), str(tmp_path / "x.mov"), known, "t") is MoveResult.GONE
    assert move_to_trash(str(source), known) is MoveResult.GONE


def test_never_another_file_of_the_same_size_and_time(tmp_path: Path) -> None:
    source = tmp_path / "one.mov"
    known = replace(put(source), inode=source.stat().st_ino)
    other = tmp_path / "other.mov"
    other.write_bytes(b"meat")
    os.utime(other, ns=(0, source.stat().st_mtime_ns))
    other.replace(source)
    assert move(str(source), str(tmp_path / "x.mov"), known, "t") is MoveResult.CHANGED
    assert move_to_trash(str(source), known) is MoveResult.CHANGED
    assert source.read_bytes() == b"meat"


def test_unfinished_copies_of_dead_nodes_are_removed_and_those_of_live_ones_are_not(
    tmp_path: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(originals, "ABANDONED", 0.5)
    source, target = tmp_path / "one.mov", other_disk / "one.mov"
    known = put(source)
    put(other_disk / ".ffd-move-dead")
    os.utime(other_disk / ".ffd-move-dead")
    time.sleep(0.6)
    put(other_disk / ".ffd-move-alive")
    os.utime(other_disk / ".ffd-move-alive", ns=(1, 1))  # as a copy has the time of its original
    assert move(str(source), str(target), known, "t") is MoveResult.AWAY
    assert sorted(path.name for path in other_disk.iterdir()) == [".ffd-move-alive", "one.mov"]


def test_an_abandoned_mover_moves_nothing(tmp_path: Path, other_disk: Path) -> None:
    source = tmp_path / "one.mov"
    known = put(source)

    def refuse() -> None:
        raise TimeoutError

    for target in (tmp_path / "x" / "one.mov", other_disk / "one.mov"):
        with pytest.raises(TimeoutError):
            move(str(source), str(target), known, "t", refuse)
        assert not target.exists()
    with pytest.raises(TimeoutError):
        move_to_trash(str(source), known, refuse)
    assert source.read_bytes() == b"film" and list(other_disk.iterdir()) == []


def test_to_another_disk(tmp_path: Path, other_disk: Path) -> None:
    source, target = tmp_path / "one.mov", other_disk / "a" / "one.mov"
    known = put(source, os.urandom(100_000))
    data = source.read_bytes()
    assert move(str(source), str(target), known, "t") is MoveResult.AWAY
    assert target.read_bytes() == data and version(target) == known and not source.exists()
    assert [path.name for path in target.parent.iterdir()] == ["one.mov"]


@pytest.mark.parametrize("swift", [0.0, math.inf])
def test_a_copy_to_slow_storage_is_flushed_often_enough_to_show_progress(
    tmp_path: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch, swift: float
) -> None:
    monkeypatch.setattr("ffmate_desktop.storage.originals.FAST", swift)
    source, target = tmp_path / "one.mov", other_disk / "one.mov"
    known = put(source, bytes(40 * 2**20))
    waiting: list[int] = []
    flushed, flush = 0, os.fsync

    def sync(file: int) -> None:
        nonlocal flushed
        flush(file)
        flushed = os.fstat(file).st_size

    def tick() -> None:
        waiting.extend(path.stat().st_size - flushed for path in other_disk.glob(".ffd-move-*"))

    monkeypatch.setattr(os, "fsync", sync)
    assert move(str(source), str(target), known, "t", tick) is MoveResult.AWAY
    assert len(waiting) > 10
    if swift:
        assert 16 * 2**20 > max(waiting) > 8 * 2**20, "a fast one gets more at once, and more each time"
    else:
        assert max(waiting) == 0, "each sign of life is one of the disk, not of its cache"
    assert target.stat().st_size == 40 * 2**20


def test_a_file_that_appears_while_the_copy_is_renamed_stays(
    tmp_path: Path, other_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "one.mov", other_disk / "one.mov"
    known = put(source)
    monkeypatch.setattr(originals, "sync_folder", lambda _: put(source, b"the next film"))
    assert move(str(source), str(target), known, "t") is MoveResult.CHANGED
    assert source.read_bytes() == b"the next film" and target.read_bytes() == b"film"


def test_to_a_disk_that_is_full(tmp_path: Path) -> None:
    with open_disk(tmp_path / "disk", 1) as disk:
        if disk is None:
            pytest.skip("a small disk can only be mounted by root on Linux")
        source = tmp_path / "one.mov"
        known = put(source, bytes(4_000_000))
        with pytest.raises(OSError, match="No space"):
            move(str(source), str(disk.folder / "one.mov"), known, "t")
        assert version(source) == known and list(disk.folder.iterdir()) == []


def test_a_copy_that_was_complete_is_not_made_twice(tmp_path: Path, other_disk: Path) -> None:
    source, target = tmp_path / "one.mov", other_disk / "one.mov"
    known = put(source)
    target.write_bytes(source.read_bytes())
    os.utime(target, ns=(0, source.stat().st_mtime_ns))  # killed before the old name was removed
    assert move(str(source), str(target), known, "t") is MoveResult.AWAY
    assert not source.exists() and target.exists()


def _copy_for_ever(source: str, target: str, known: Version) -> None:
    while True:
        move(source, target, known, "first")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_mover_that_is_killed_at_any_moment_loses_nothing(tmp_path: Path, other_disk: Path) -> None:
    data = os.urandom(4_000_000)
    for number in range(12):
        source, target = tmp_path / f"{number}.mov", other_disk / f"{number}.mov"
        known = put(source, data)
        process = multiprocessing.get_context("fork").Process(
            target=_copy_for_ever, args=(str(source), str(target), known)
        )
        process.start()
        time.sleep(number * 0.001)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        whole = [path for path in (source, target) if path.exists() and path.read_bytes() == data]
        assert whole  # at every moment it is somewhere
        assert move(str(source), str(target), known, "second") is MoveResult.AWAY
        assert target.read_bytes() == data and not source.exists()
        target.unlink()


def test_what_is_safe_to_remove(tmp_path: Path) -> None:
    source, output = tmp_path / "in.mov", tmp_path / "out.mp4"
    put(source)
    assert not is_safe_to_remove(str(source), None, 4)
    assert not is_safe_to_remove(str(source), str(output), 4)
    output.touch()
    assert not is_safe_to_remove(str(source), str(output), None)
    put(output)
    assert is_safe_to_remove(str(source), str(output), 4)
    assert not is_safe_to_remove(str(source), str(output), 5)
    output.unlink()
    output.hardlink_to(source)
    assert not is_safe_to_remove(str(source), str(output), 4)
    assert not is_safe_to_remove(str(source), str(tmp_path / "50%d.mp4"), 4)


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux can a test have a trash of its own")
def test_the_trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import send2trash.plat_other as trash

    home = os.fsencode(tmp_path / "trash")
    monkeypatch.setattr(trash, "HOMETRASH_B", home)
    monkeypatch.setattr(trash, "HOMETRASH", os.fsdecode(home))
    source = tmp_path / "one.mov"
    known = put(source)
    assert move_to_trash(str(source), known) is MoveResult.AWAY
    assert not source.exists()
    assert (tmp_path / "trash" / "files" / "one.mov").read_bytes() == b"film"
    assert originals.move_to_trash(str(source), known) is MoveResult.GONE
