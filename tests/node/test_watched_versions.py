"""Versions of watched files: what is the same file although it looks different, and what becomes of replaced ones."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.db.connection import Database
from ffmate_desktop.domain.watchfolder import FileState, Original, OriginalAction
from ffmate_desktop.storage.place import Mount
from tests.node.farm import Farm
from tests.node.waiting import until
from tests.node.watched import Watched

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
    """The watched folder is on exFAT, as far as the program can tell."""
    monkeypatch.setattr(
        "ffmate_desktop.storage.numbering.mount_of", lambda _path: Mount("exfat", frozenset())
    )


@pytest.mark.usefixtures("usb_disk")
async def test_files_whose_inodes_change_are_not_encoded_again(
    watched: Watched, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a remount of exFAT; with another time zone; on a node that starts; and what is replaced is seen."""
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
        "ffmate_desktop.storage.numbering.mount_of", lambda _path: Mount("exfat", frozenset())
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


async def test_ledgers_of_older_releases_are_followed(watched: Watched, clip: Path) -> None:
    """They have the inodes of file systems that forget them, and the inode of the root for a view."""
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
    """A folder, and how to mount an exFAT disk there through FUSE, which numbers files as it looks them up."""
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
