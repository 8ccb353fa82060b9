"""File system events: which ones are reported, and that nothing depends on them."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest
from watchdog.observers.api import BaseObserver

import ffmate_desktop.storage.events
from ffmate_desktop.storage.events import FolderEvents
from ffmate_desktop.storage.filesystem_kind import is_local
from tests.node.waiting import until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="each system reports other events; these are those of Linux"
)


async def test_events_in_a_local_folder_are_reported(tmp_path: Path) -> None:
    reported: list[int] = []
    events = FolderEvents(reported.append)
    await events.observe({1: str(tmp_path), 2: str(tmp_path / "not there")})
    try:
        (tmp_path / "new folder").mkdir()
        (tmp_path / "new folder" / "a.mov").write_bytes(b"x")
        await until(lambda: reported, "an event")
        await asyncio.sleep(0.3)
        reported.clear()
        (tmp_path / "a.mov.lock").touch()
        (tmp_path / ".ffd-1-1-abc-a.mp4").write_bytes(b"x")
        (tmp_path / "new folder" / "b.mov").touch()
        await until(lambda: reported, "another event")
        assert set(reported) == {1}
        await events.observe({})
        reported.clear()
        (tmp_path / "c.mov").touch()
        await asyncio.sleep(0.2)
        assert reported == []
    finally:
        await events.close()


@pytest.mark.parametrize("step", ["__init__", "schedule"])
async def test_a_folder_that_cannot_be_observed_is_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "inotify limit reached")

    monkeypatch.setattr(BaseObserver, step, full)
    events = FolderEvents(lambda _: None)
    with caplog.at_level("INFO", logger="ffmate.watchfolder"):
        await events.observe({1: str(tmp_path)})
        await events.observe({1: str(tmp_path)})
    assert sum("scanned at each interval only" in line for line in caplog.messages) == 1
    assert not events.is_broken(1)
    await events.close()


async def test_a_dead_observer_is_replaced(tmp_path: Path) -> None:
    reported: list[int] = []
    events = FolderEvents(reported.append)
    await events.observe({1: str(tmp_path)})
    try:
        for emitter in events._observers[1][1].emitters:
            emitter.stop()
        await until(lambda: events.is_broken(1), "it has ended")
        await events.observe({1: str(tmp_path)})
        assert not events.is_broken(1)
        (tmp_path / "a.mov").touch()
        await until(lambda: reported, "an event")
    finally:
        await events.close()


async def test_storage_that_never_answers_delays_no_other_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, fine = tmp_path / "gone", tmp_path / "fine"
    gone.mkdir()
    fine.mkdir()
    asked, answers = [], threading.Event()

    def of_a_dead_server(path: str) -> bool:
        asked.append(path)
        return path != str(gone) or answers.wait(60)

    monkeypatch.setattr(ffmate_desktop.storage.events, "is_local", of_a_dead_server)
    monkeypatch.setattr(ffmate_desktop.storage.events, "PATIENCE", 0.2)
    reported: list[int] = []
    events = FolderEvents(reported.append)
    try:
        async with asyncio.timeout(20):
            await events.observe({1: str(gone), 2: str(fine)})
            await events.observe({1: str(gone), 2: str(fine)})
        assert asked.count(str(gone)) == 1  # one thread waits, not one more each time
        (fine / "a.mov").write_bytes(b"x")
        await until(lambda: set(reported) == {2}, "the other one rings")
        answers.set()

        async def heard() -> bool:
            await events.observe({1: str(gone), 2: str(fine)})
            (gone / "a.mov").write_bytes(b"x")
            await asyncio.sleep(0.1)
            return 1 in reported

        await until(heard, "it rings when its server is back")
    finally:
        answers.set()
        await events.close()


def test_local_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil
    from psutil._ntuples import sdiskpart

    assert is_local(str(tmp_path))
    assert not is_local("/proc/self")

    def parts(**_: object) -> list[object]:
        return [
            sdiskpart("/dev/sda", "/", "ext4", "rw"),
            sdiskpart("nas:/x", "/mnt/nas", "nfs4", "rw"),
            sdiskpart("sshfs", "/mnt/nas/deep", "fuse.sshfs", "rw"),
        ]

    monkeypatch.setattr(psutil, "disk_partitions", parts)
    assert is_local("/home/me") and is_local("/mnt/nasty")
    assert not is_local("/mnt/nas") and not is_local("/mnt/nas/in") and not is_local("/mnt/nas/deep/in")
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: parts()[1:])
    assert is_local("/home/me") and not is_local("/mnt/nas/in")
