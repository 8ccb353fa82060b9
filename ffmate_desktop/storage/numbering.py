"""How a file system numbers files, and thus what a changed inode means.

Many file systems make up an inode at each lookup: FUSE, exFAT and FAT do, and the server behind a network share may.
There, files get new inodes after a remount, or when the kernel needs memory. A changed inode means a changed file
only on file systems that are known to store inodes.
"""

import os
import sys
from dataclasses import dataclass
from hashlib import blake2b

from ffmate_desktop.domain.watch_version import FIRST_LASTING, LOCAL_TIME, UNNUMBERED
from ffmate_desktop.storage.filesystem_kind import mount_holding

INODES = (1 << 63) - 1
"""The part of an inode that fits into a column of `watched_files`."""

_STORED = frozenset(
    "apfs bcachefs btrfs ext2 ext3 ext4 f2fs hfs hfsplus jfs nilfs2 ntfs3 ramfs reiserfs tmpfs ufs xfs zfs".split()  # noqa: SIM905 - shorter to read
)
"""Kinds of file systems that store inodes. Others aren't trusted."""

_FAT = frozenset("exfat fat fat32 fuseblk msdos texfat vfat".split())  # noqa: SIM905 - shorter to read
"""Kinds that store local time, or may: Linux calls both exFAT and NTFS through FUSE `fuseblk`."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """How files are numbered. `view` is equal where inodes mean the same (`domain.watch_version`).

    Only files on `device` have lasting inodes; None means none have. `root` is (device, inode) of the folder itself.
    """

    view: int
    device: int | None
    root: tuple[int, int]


def numbering_of(root: str) -> Numbering:
    """How the file system of this folder numbers files. Blocks; raises OSError."""
    status = os.stat(root)  # noqa: PTH116 - paths are text here
    identity = (status.st_dev, status.st_ino & INODES)
    mount = mount_holding(root)
    kind = "" if mount is None else mount.kind
    if kind in _STORED and sys.platform != "win32":  # Windows lists files without inodes
        return Numbering(_view(f"{kind} {identity} {os.statvfs(root).f_fsid}"), status.st_dev, identity)
    return Numbering(LOCAL_TIME if kind in _FAT else UNNUMBERED, None, identity)


def _view(name: str) -> int:
    """A number for this folder on this volume; a copy of the disk numbers files differently."""
    digest = blake2b(name.encode(), digest_size=8).digest()
    return FIRST_LASTING - (int.from_bytes(digest) >> 2)
