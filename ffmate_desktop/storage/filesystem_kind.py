"""The kind of file system that holds a folder, and whether it is local or a network share."""

import os
import sys
from dataclasses import dataclass

import psutil

_LOCAL = frozenset(
    """
    apfs bcachefs btrfs exfat ext2 ext3 ext4 f2fs fat fat32 hfs hfsplus jfs msdos ntfs ntfs3 nilfs2 overlay ramfs refs
    reiserfs tmpfs udf ufs vfat xfs zfs
    """.split()  # noqa: SIM905 - as a list it is one word a line
)


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount: the kind of file system, in lower case, and its options."""

    kind: str
    options: frozenset[str]


def mount_holding(path: str) -> Mount | None:
    """The mount that holds the folder; None if the system doesn't list it. Blocks: call it in a thread."""
    real = os.path.realpath(path)
    found: Mount | None = None
    longest = 0
    for part in psutil.disk_partitions(all=True):
        # Of two mounts at one path, the later one hides the other.
        if len(part.mountpoint) >= longest and _is_below(real, part.mountpoint):
            found = Mount(part.fstype.lower(), frozenset(part.opts.lower().split(",")))
            longest = len(part.mountpoint)
    return found


def is_local(path: str) -> bool:
    """Whether the folder is on a local disk, as far as is known. Blocks: call it in a thread."""
    if sys.platform == "win32" and os.path.realpath(path).startswith(("\\\\", "//")):
        return False
    mount = mount_holding(path)
    if mount is None:  # the root of a chroot isn't listed, and is on a local disk
        return sys.platform != "win32"
    return mount.kind in _LOCAL and "remote" not in mount.options


def _is_below(path: str, mount: str) -> bool:
    if sys.platform == "win32":
        path, mount = path.lower(), mount.lower()
    return path == mount or path.startswith(mount.rstrip(os.sep) + os.sep)
