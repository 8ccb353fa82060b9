"""Local disk or network share: only of local disks does the operating system tell every change."""

import os
import sys

import psutil

_LOCAL = frozenset(
    """
    apfs bcachefs btrfs exfat ext2 ext3 ext4 f2fs fat fat32 hfs hfsplus jfs msdos ntfs ntfs3 nilfs2 overlay ramfs refs
    reiserfs tmpfs udf ufs vfat xfs zfs
    """.split()  # noqa: SIM905 - as a list it is one word a line
)


def is_local(path: str) -> bool:
    """Whether the folder is on a disk of this computer, as far as is known. Blocks, so call it in a thread."""
    real = os.path.realpath(path)
    if sys.platform == "win32" and real.startswith(("\\\\", "//")):
        return False
    found, kind, options = "", "", ""
    for part in psutil.disk_partitions(all=True):
        mount = part.mountpoint
        if len(mount) >= len(found) and _is_below(
            real, mount
        ):  # of two at one place the later one hides the other
            found, kind, options = mount, part.fstype.lower(), part.opts.lower()
    if not found and sys.platform != "win32":
        return True  # the root of a chroot is in no table, and is on the disk of who made it
    return kind in _LOCAL and "remote" not in options.split(",")


def _is_below(path: str, mount: str) -> bool:
    if sys.platform == "win32":
        path, mount = path.lower(), mount.lower()
    return path == mount or path.startswith(mount.rstrip(os.sep) + os.sep)
