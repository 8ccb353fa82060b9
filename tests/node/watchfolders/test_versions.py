"""Versions of watched files: the same file although it looks different, and files that are replaced or renamed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.watchfolder import FileState, Original, OriginalAction
from ffmate_desktop.storage.filesystem_kind import Mount
from tests.node.farm import Farm
from tests.node.waiting import until
from tests.node.watchfolders.watched import Watched

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

DONE, QUEUED = FileState.DONE, FileState.QUEUED


@pytest.fixture
def watched(farm: Farm, tmp_path: Path) -> Watched:
    root = tmp_path / "in"
    root.mkdir()
    return Watched(farm, root)


def number_anew(root: Path) -> None:
    """Give every file another inode, and nothing else."""
    for path in [path for path in root.rglob("*") if path.is_file()]:
        copy = path.with_name(f".{path.name}")
        shutil.copy2(path, copy)
        old = path.stat().st_ino
        copy.replace(path)
        assert path.stat().st_ino != old


@pytest.fixture
def usb_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the program believe that the watchfolder is on exFAT."""
    monkeypatch.setattr(
        "ffmate_desktop.storage.numbering.mount_holding", lambda _path: Mount("exfat", frozenset())
    )


@pytest.mark.usefixtures("usb_disk")
async def test_files_whose_inodes_change_are_not_encoded_again(
    watched: Watched, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a remount of exFAT, in another time zone, and on a node that starts; replaced files are still noticed."""
    first = await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    for name in ("a.mov", "b/b.mov", "c.mov"):
        watched.put(clip, name)
        os.utime(watched.root / name, (10**9, 10**9))
    for name in ("a.mov", "b/b.mov", "c.mov"):
        await watched.state(name, QUEUED)
    number_anew(watched.root)
    await watched.scanned(2)
    os.utime(watched.root / "c.mov", (10**9, 10**9 + 3600))  # the clocks went back
    await watched.scanned(2)
    assert len(await watched.tasks()) == 3
    queries = 0
    fetch = Database.fetch

    async def counted(database: Database, *args: Any) -> Any:
        nonlocal queries
        queries += "watched_files" in args[0]
        return await fetch(database, *args)

    monkeypatch.setattr(Database, "fetch", counted)
    await watched.scanned(2)
    looked_for_ends = 2 * 4
    assert queries <= looked_for_ends
    monkeypatch.undo()
    monkeypatch.setattr(
        "ffmate_desktop.storage.numbering.mount_holding", lambda _path: Mount("exfat", frozenset())
    )
    await first.stop()
    await watched.farm.node("b", watches=True, slots=0)
    number_anew(watched.root)
    await watched.scanned(2)
    assert len(await watched.tasks()) == 3
    assert not any(file.gone for file in (await watched.files()).values())
    (watched.root / "c.mov").unlink()
    watched.put(clip, "a.mov")

    async def seen() -> bool:
        return (await watched.files())["c.mov"].gone and len(await watched.tasks()) == 4

    await until(seen, "a removed file is gone, and a replaced one is a new version")


async def test_file_records_of_older_releases_are_understood(watched: Watched, clip: Path) -> None:
    """They store inodes of file systems where inodes don't last, and the root's inode as their view."""
    first = await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    for name in ("a.mov", "b.mov"):
        watched.put(clip, name)
        await watched.state(name, QUEUED)
    await first.stop()
    await watched.farm.sql(
        "UPDATE ffmate.watched_files SET inode = 12345 + id, view = $1 RETURNING id",
        watched.root.stat().st_ino,
    )
    await watched.farm.node("b", watches=True, slots=0)
    await watched.scanned(2)
    assert len(await watched.tasks()) == 2


@pytest.mark.usefixtures("usb_disk")
async def test_an_original_whose_inode_changed_meanwhile_is_moved(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True)
    source = watched.put(clip, "one.mov")
    other = await watched.farm.add(source, labels=("nobody",))  # so that it is not moved yet
    await watched.begin(growth_checks=0, on_success=Original(action=OriginalAction.MOVE, folder="done"))
    await watched.state("one.mov", DONE)
    number_anew(watched.root)
    await watched.scanned(1)
    await watched.farm.tasks.cancel([other])

    async def moved() -> bool:
        file = (await watched.files(gone=True))["one.mov"]
        assert "Left" not in file.reason
        return file.reason.startswith("Moved to")

    await until(moved, "it is moved")
    assert len(await watched.tasks()) == 2


@pytest.fixture
def fuse(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], object]]]:
    """A folder, and how to mount exFAT there through FUSE, which numbers files as it looks them up."""
    commands = ("mkfs.exfat", "mount.exfat-fuse", "losetup")
    if not all(map(shutil.which, commands)) or not os.access("/dev/loop-control", os.W_OK):
        pytest.skip(f"needs {', '.join(commands)}, and the right to mount")
    image, root = tmp_path / "image", tmp_path / "in"
    root.mkdir()
    with image.open("wb") as file:
        file.truncate(2**24)
    subprocess.run(["mkfs.exfat", image], check=True, stdout=subprocess.DEVNULL)
    device = subprocess.run(
        ["losetup", "-f", "--show", image], check=True, capture_output=True
    ).stdout.strip()
    try:
        mount = ["mount.exfat-fuse", device.decode(), str(root)]
        yield root, lambda: subprocess.run(mount, check=True, stdout=subprocess.DEVNULL)
    finally:
        subprocess.run(["umount", root], check=False)
        subprocess.run(["losetup", "-d", device], check=True)


async def test_a_real_fuse_file_system_that_is_mounted_again(
    farm: Farm, fuse: tuple[Path, Callable[[], object]], clip: Path
) -> None:
    root, mount = fuse
    mount()
    watched = Watched(farm, root)
    await farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    names = [f"{number}.mov" for number in range(6)]
    for name in names:
        watched.put(clip, name)
    for name in names:
        await watched.state(name, QUEUED)
    before = [(root / name).stat().st_ino for name in names]
    subprocess.run(["umount", root], check=True)
    mount()
    assert [(root / name).stat().st_ino for name in reversed(names)][::-1] != before
    await watched.scanned(2)
    assert len(await watched.tasks()) == len(names)


async def test_a_file_that_is_replaced_while_it_is_queued_is_encoded_once(
    watched: Watched, clip: Path
) -> None:
    await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    first = watched.put(clip, "f.mov")
    await watched.state("f.mov", QUEUED)
    longer = clip.with_name("longer.mov")
    longer.write_bytes(clip.read_bytes() + b"\0\0\0\x08free")
    shutil.copyfile(longer, clip.with_name("b.mov"))
    clip.with_name("b.mov").replace(first)

    async def replaced() -> bool:
        tasks = await watched.tasks()
        return len(tasks) == 2 and tasks[1].status is TaskStatus.DONE_CANCELED

    await until(replaced, "the older task is cancelled")
    [_, old] = await watched.tasks()
    assert old.error == "The file was replaced by a newer version."
    await watched.farm.node("b")
    done = await watched.state("f.mov", DONE)
    assert done.size == longer.stat().st_size
    await watched.scanned()
    assert len(await watched.tasks()) == 2
    assert [path.name for path in watched.out.iterdir()] == ["f.mp4"]


async def test_records_follow_renamed_files(watched: Watched, clip: Path) -> None:
    """A moved folder, another spelling, two names swapped, and one name taken over."""
    await watched.farm.node(watches=True)
    await watched.begin(growth_checks=0)
    names = ["S1/e1.mov", "S1/e2.mov", "case.mov", "a.mov", "b.mov", "old.mov", "new.mov"]
    for number, name in enumerate(names):
        watched.put(clip, name)
        os.utime(watched.root / name, (10**9, 10**9 + number))
    for name in names:
        await watched.state(name, DONE)
    tasks = {path: file.task for path, file in (await watched.files()).items()}
    root = watched.root
    (root / "S1").rename(root / "Season 01")
    (root / "case.mov").rename(root / "CASE.mov")
    (root / "a.mov").rename(root / ".x")
    (root / "b.mov").rename(root / "a.mov")
    (root / ".x").rename(root / "b.mov")
    (root / "new.mov").replace(root / "old.mov")
    moved = {
        "Season 01/e1.mov": "S1/e1.mov", "Season 01/e2.mov": "S1/e2.mov", "CASE.mov": "case.mov",
        "a.mov": "b.mov", "b.mov": "a.mov", "old.mov": "new.mov",
    }  # fmt: skip

    async def followed() -> bool:
        files = await watched.files()
        return all(name in files and files[name].task == tasks[before] for name, before in moved.items())

    await until(followed, "every row follows its file")
    await watched.scanned(2)
    files = await watched.files()
    assert {name for name, file in files.items() if not file.gone} == moved.keys()
    assert all(files[name].state is DONE for name in moved)
    assert len(await watched.tasks()) == len(names)
    os.link(root / "a.mov", root / "hard link.mov")
    await watched.state("hard link.mov", DONE)
    assert len(await watched.tasks()) == len(names) + 1


async def test_a_file_that_is_renamed_while_it_is_queued_has_a_task_that_finds_it(
    watched: Watched, clip: Path
) -> None:
    worker = await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    first = watched.put(clip, "one.mov")
    await watched.state("one.mov", QUEUED)
    watching = worker.node._scan_duty
    assert watching is not None
    watching._may_scan = lambda: False
    first.rename(watched.root / "two.mov")
    [foreseen] = (await watched.service.dry_run(watched.uuid)).files
    assert (foreseen.path, foreseen.takes) == ("two.mov", False) and "“one.mov”" in foreseen.reason
    watching._may_scan = lambda: True
    await watched.service.scan(watched.uuid)
    await watched.state("two.mov", QUEUED)
    await watched.farm.node("b")
    await watched.state("two.mov", DONE)
    await watched.scanned()
    assert (await watched.files()).keys() == {"two.mov"}
    assert sorted(task.status for task in await watched.tasks()) == [
        TaskStatus.DONE_CANCELED, TaskStatus.DONE_SUCCESSFUL,
    ]  # fmt: skip


async def test_a_version_that_came_before_its_task_was_started_is_encoded_once(
    watched: Watched, clip: Path
) -> None:
    """The file is replaced after it was queued, no scan sees it, and the task encodes the new version."""
    scanner = await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    first = watched.put(clip, "f.mov")
    queued = await watched.state("f.mov", QUEUED)
    watching = scanner.node._scan_duty
    assert watching is not None and queued.task is not None
    watching._may_scan = lambda: False
    await watched.scanned_first()
    longer = clip.with_name("longer.mov")
    longer.write_bytes(clip.read_bytes() + b"\0\0\0\x08free")
    longer.replace(first)
    await watched.farm.node("b")
    await watched.farm.done(queued.task)
    watching._may_scan = lambda: True
    await watched.service.scan(watched.uuid)

    async def is_recorded() -> bool:
        file = (await watched.files())["f.mov"]
        return file.size == first.stat().st_size and file.state is DONE

    await until(is_recorded, "the version that was encoded is recorded")
    await watched.scanned()
    assert len(await watched.tasks()) == 1


async def test_a_recording_that_grows_while_it_is_encoded_is_encoded_again_when_it_is_whole(
    watched: Watched, clip: Path
) -> None:
    await watched.farm.node(watches=True)
    command = "-re -i ${INPUT_FILE} -c:v libx264 -preset ultrafast -c:a copy -t 3 ${OUTPUT_FILE}"
    await watched.begin(command, growth_checks=0)
    recording = watched.put(clip, "rec.mov")
    await watched.state("rec.mov", FileState.RUNNING)
    watching = watched.farm.workers[0].node._scan_duty
    assert watching is not None
    watching._may_scan = lambda: False  # only the encode notices
    with recording.open("ab") as file:
        file.write(b"\0\0\0\x08free")
    [first] = await watched.tasks()
    failed = await watched.farm.done(first.uuid)
    assert failed.status is TaskStatus.DONE_ERROR and "still being written" in (failed.error or "")
    watching._may_scan = lambda: True
    await watched.service.scan(watched.uuid)
    done = await watched.state("rec.mov", DONE)
    assert done.size == recording.stat().st_size
    assert [path.name for path in watched.out.iterdir()] == ["rec.mp4"]
    assert len(await watched.tasks()) == 2


async def test_a_file_removed_before_it_was_encoded_is_queued_when_it_is_back(
    watched: Watched, clip: Path
) -> None:
    await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    source = watched.put(clip, "one.mov")
    await watched.state("one.mov", QUEUED)
    source.rename(watched.root.parent / "away.mov")
    removed = await watched.state("one.mov", FileState.SKIPPED)
    assert removed.gone and removed.reason == "The file was removed before it was encoded."
    [task] = await watched.tasks()
    assert (task.status, task.error) == (TaskStatus.DONE_CANCELED, removed.reason)
    await watched.scanned()
    (watched.root.parent / "away.mov").rename(source)
    await watched.state("one.mov", QUEUED)
    await watched.scanned()
    assert len(await watched.tasks()) == 2


SLOW = "-re -stream_loop -1 -i ${INPUT_FILE} -c:v libx264 -preset ultrafast -c:a copy -t 4 ${OUTPUT_FILE}"


async def test_files_that_are_replaced_or_renamed_while_they_are_encoded(
    watched: Watched, clip: Path
) -> None:
    await watched.farm.node(watches=True, slots=2)
    await watched.begin(SLOW, growth_checks=0)
    replaced = watched.put(clip, "replaced.mov")
    renamed = watched.put(clip, "renamed.mov")

    async def encoding() -> bool:
        tasks = await watched.tasks()
        return len(tasks) == 2 and all(task.progress > 0 for task in tasks)

    await until(encoding, "both are read")
    renamed.rename(watched.root / "other.mov")
    longer = clip.with_name("longer.mov")
    longer.write_bytes(clip.read_bytes() + b"\0\0\0\x08free")
    longer.replace(replaced)

    async def has_three_tasks() -> bool:
        return len(await watched.tasks()) == 3

    await until(has_three_tasks, "the new version has a task")
    await watched.state("replaced.mov", DONE)
    await watched.state("other.mov", DONE)
    assert (await watched.files()).keys() == {"replaced.mov", "other.mov"}
    ends = {(Path(task.input_file.raw).name, task.status, task.error) for task in await watched.tasks()}
    assert ends == {
        ("renamed.mov", TaskStatus.DONE_SUCCESSFUL, None),
        ("replaced.mov", TaskStatus.DONE_SUCCESSFUL, None),
        ("replaced.mov", TaskStatus.DONE_CANCELED, "The file was replaced by a newer version."),
    }
    assert sorted(path.name for path in watched.out.iterdir()) == ["renamed.mp4", "replaced.mp4"]


async def test_a_task_whose_file_is_renamed_before_it_is_read_is_followed_by_another(
    watched: Watched, clip: Path
) -> None:
    await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0)
    source = watched.put(clip, "one.mov")
    first = await watched.state("one.mov", QUEUED)
    await watched.farm.sql(
        "UPDATE ffmate.tasks SET status = 'RUNNING', node_id = (SELECT id FROM ffmate.nodes) RETURNING id"
    )
    source.rename(watched.root / "two.mov")
    followed = await watched.state("two.mov", FileState.RUNNING)
    assert followed.task == first.task
    await watched.farm.sql(
        "UPDATE ffmate.tasks SET status = 'DONE_ERROR', error = 'It is not there.', finished_at = now() RETURNING id"
    )
    await watched.service.scan(watched.uuid)
    requeued = await watched.state("two.mov", QUEUED)
    assert requeued.task != first.task


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows which files are open for writing")
async def test_a_recorder_that_pauses_is_waited_for_while_it_has_the_file_open(
    watched: Watched, clip: Path
) -> None:
    await watched.farm.node(watches=True)
    await watched.begin(growth_checks=0)
    data = clip.read_bytes()
    with (watched.root / "rec.mov").open("wb") as recording:
        recording.write(data[: len(data) // 2])
        recording.flush()
        waiting = await watched.state("rec.mov", FileState.WAITING)
        assert waiting.reason == "Another program has it open for writing."
        await watched.scanned(2)
        recording.write(data[len(data) // 2 :])
    await watched.state("rec.mov", DONE)
    assert len(await watched.tasks()) == 1
