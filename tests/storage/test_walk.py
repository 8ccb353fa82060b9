"""Walking trees: changed, missing and unreadable files, and no endless loops."""

import os
import sys
from pathlib import Path

import pytest

from ffmate_desktop.domain.watch_rules import FileRules
from ffmate_desktop.domain.watch_version import LOCAL_TIME, UNNUMBERED, is_lasting
from ffmate_desktop.domain.watchfolder import FileFilter
from ffmate_desktop.storage.filesystem_kind import Mount
from ffmate_desktop.storage.numbering import numbering_of
from ffmate_desktop.storage.walk import UnreachableError, Walked, Walker, WalkStoppedError, fingerprint

RULES = FileRules(FileFilter())


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"film")


def walk(root: Path, known: dict[int, int] | None = None, foreign: dict[int, int] | None = None) -> Walked:
    device = root.stat().st_dev if root.exists() else None
    return Walker(str(root), RULES, known or {}, foreign, device=device).walk()


def paths(walked: Walked) -> list[str]:
    return sorted(found.path for found in walked.changed_files)


def known(walked: Walked) -> dict[int, int]:
    return {
        fingerprint(found.path, found.size, found.mtime, found.inode): number
        for number, found in enumerate(walked.changed_files)
    }


def test_files_come_by_name_however_many_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ffmate_desktop.storage.walk.SORTED", 3)
    put(tmp_path, *(f"{number:02}.mov" for number in (5, 3, 9, 1, 8, 2, 7, 4, 6, 0)), "a/2.mov", "a/1.mov")
    changed_files = walk(tmp_path).changed_files
    assert [found.path for found in changed_files] == [f"{n:02}.mov" for n in range(10)] + [
        "a/1.mov",
        "a/2.mov",
    ]
    assert changed_files[0] == changed_files[0:1][0] == next(iter(changed_files)) and len(changed_files) == 12


def test_an_unchanged_tree_has_no_changed_files(tmp_path: Path) -> None:
    put(tmp_path, "a.mov", "b/c.mov", "b/d/e.mov")
    first = walk(tmp_path)
    assert paths(first) == ["a.mov", "b/c.mov", "b/d/e.mov"]
    remembered = known(first)
    again = walk(tmp_path, remembered)
    assert (len(again.changed_files), again.missing, again.files, again.seen_known) == (0, {}, 3, True)
    assert len(remembered) == 3  # the node's cache is unchanged


def test_what_changed_and_what_is_missing(tmp_path: Path) -> None:
    put(tmp_path, "a.mov", "b.mov", "c.mov")
    first = walk(tmp_path)
    ids = {found.path: number for number, found in enumerate(first.changed_files)}
    os.utime(tmp_path / "a.mov", ns=(1, 1))
    (tmp_path / "b.mov").unlink()
    again = walk(tmp_path, known(first))
    assert paths(again) == ["a.mov"]
    assert set(again.missing.values()) == {ids["a.mov"], ids["b.mov"]}


def test_records_of_nodes_that_number_inodes_differently(tmp_path: Path) -> None:
    put(tmp_path, "a.mov", "b.mov")
    first = walk(tmp_path)
    foreign = {
        fingerprint(file.path, file.size, file.mtime, 0): n for n, file in enumerate(first.changed_files)
    }
    assert len(walk(tmp_path, {}, foreign).changed_files) == 0
    (tmp_path / "b.mov").unlink()
    assert len(walk(tmp_path, {}, foreign).missing) == 1


def test_a_file_recorded_by_two_kinds_of_nodes_is_seen_for_both(tmp_path: Path) -> None:
    put(tmp_path, "a.mov")
    first = walk(tmp_path)
    foreign = {fingerprint(file.path, file.size, file.mtime, 0): 7 for file in first.changed_files}
    again = walk(tmp_path, known(first), foreign)
    assert (len(again.changed_files), again.missing) == (0, {})


def test_an_open_file_is_always_reported(tmp_path: Path) -> None:
    put(tmp_path, "a.mov", "b.mov")
    remembered = known(walk(tmp_path))
    walker = Walker(str(tmp_path), RULES, remembered, None, {"b.mov": 1}, device=tmp_path.stat().st_dev)
    assert paths(walker.walk()) == ["b.mov"]


def test_inodes_count_only_on_the_device_where_they_last(tmp_path: Path) -> None:
    put(tmp_path, "a.mov")
    [here] = walk(tmp_path).changed_files
    assert here.inode == (tmp_path / "a.mov").stat().st_ino
    in_subfolder = Walker(str(tmp_path), RULES, {}, device=here.inode + 1)  # as if on another disk
    [elsewhere] = in_subfolder.walk().changed_files
    assert elsewhere.inode == 0
    known = {fingerprint("a.mov", here.size, here.mtime, 0): 1}
    assert len(Walker(str(tmp_path), RULES, {}, known, device=None).walk().changed_files) == 0


def test_an_empty_folder_on_which_a_disk_was_mounted_is_unreadable(tmp_path: Path) -> None:
    put(tmp_path, "other/a.mov")
    (tmp_path / "disk").mkdir()
    walked = Walker(str(tmp_path), RULES, {}, mounts={"disk", "other"}).walk()
    assert [path for path, _ in walked.unreadable] == walked.mounts == ["disk"]
    assert Walker(str(tmp_path), RULES, {}).walk().unreadable == []


def test_a_changed_inode_means_something_only_on_trusted_file_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def view(kind: str) -> int:
        mount = Mount(kind, frozenset())
        monkeypatch.setattr("ffmate_desktop.storage.numbering.mount_holding", lambda _path: mount)
        found = numbering_of(str(tmp_path))
        assert (found.device is None) == (not is_lasting(found.view))
        return found.view

    if sys.platform != "win32":
        assert is_lasting(view("ext4")) and is_lasting(view("apfs")) and view("ext4") != view("xfs")
    for kind in (
        "fuse.sshfs",
        "fuse.mergerfs",
        "fuse",
        "overlay",
        "nfs4",
        "cifs",
        "smbfs",
        "9p",
        "never heard of",
    ):
        assert view(kind) == UNNUMBERED
    for kind in ("vfat", "msdos", "exfat", "fuseblk", "fat32"):
        assert view(kind) == LOCAL_TIME


def test_lock_files_are_noticed_but_not_listed(tmp_path: Path) -> None:
    put(tmp_path, "a.mov", "a.mov.lock", "b.mov", ".ffd-1-1-a.mov")
    first = walk(tmp_path)
    assert {found.path: found.locked for found in first.changed_files} == {"a.mov": True, "b.mov": False}
    remembered = {
        fingerprint(file.path, file.size, file.mtime, file.inode, file.locked): 1
        for file in first.changed_files
    }
    assert len(walk(tmp_path, remembered).changed_files) == 0
    (tmp_path / "a.mov.lock").unlink()
    assert paths(walk(tmp_path, remembered)) == ["a.mov"]
    # a lock appears next to a file that we have queued
    assert len(walk(tmp_path, known(first)).changed_files) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="creating links needs a privilege on Windows")
def test_links(tmp_path: Path) -> None:
    root, outside = tmp_path / "in", tmp_path / "outside"
    put(root, "a/one.mov")
    put(outside, "two.mov", "deep/three.mov")
    (root / "loop").symlink_to(root)
    (root / "a" / "up").symlink_to(tmp_path)
    (root / "self").symlink_to(root / "self")
    (root / "twice").symlink_to(root / "a")
    (root / "z").symlink_to(outside)
    (root / "y").symlink_to(outside / "deep")  # inside the target of another link: the first one counts
    (outside / "back").symlink_to(root)
    (root / "gone.mov").symlink_to(root / "nothing.mov")
    (root / "file.mov").symlink_to(outside / "two.mov")
    os.mkfifo(root / "pipe.mov")
    walked = walk(root)
    assert paths(walked) == ["a/one.mov", "file.mov", "y/three.mov"]
    assert walked.unreadable == []
    (root / "y").unlink()
    assert paths(walk(root)) == ["a/one.mov", "file.mov", "z/deep/three.mov", "z/two.mov"]


def test_a_missing_root(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="doesn't exist"):
        walk(tmp_path / "nothing")
    put(tmp_path, "file.mov")
    with pytest.raises(UnreachableError, match="isn't a folder"):
        walk(tmp_path / "file.mov")
    empty = tmp_path / "empty"
    empty.mkdir()
    walked = walk(empty)
    assert (walked.files, walked.is_empty, walked.seen_known) == (0, True, False)


@pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="Windows and macOS allow only Unicode file names"
)
def test_names_that_are_not_text_are_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xff\xfe.mov")
    put(tmp_path, name)
    assert paths(walk(tmp_path)) == [name]


def test_a_walk_can_be_stopped(tmp_path: Path) -> None:
    walker = Walker(str(tmp_path), RULES, {})
    walker.end()
    with pytest.raises(WalkStoppedError):
        walker.walk()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits the length of paths")
def test_a_tree_that_is_deeper_than_paths_are_long(tmp_path: Path) -> None:
    """Deeper than Python's recursion, too. It is removed step by step, because nothing else could."""
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1500):
            os.mkdir("d" * 10)  # noqa: PTH102 - the whole path is too long
            os.chdir("d" * 10)
        put(tmp_path, "a.mov")
        walked = walk(tmp_path)
        assert paths(walked) == ["a.mov"]
    finally:
        for _ in range(1500):
            os.chdir("..")
            os.rmdir("d" * 10)  # noqa: PTH106 - as above
        os.chdir(before)
