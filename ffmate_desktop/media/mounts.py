"""The storage of outputs: mount points and free space.

An output must not be written to the empty mount point of a disconnected disk.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

_MIN_FREE = 1 << 20


def is_full(folder: Path) -> bool:
    """Return whether the disk of a folder is full."""
    with suppress(OSError):
        return shutil.disk_usage(folder).free < _MIN_FREE
    return False


def mount_of(path: str) -> str | None:
    """Return the mount point above an absolute path. None on the system's own disk and on drive roots."""
    for folder in Path(path).parents:
        if folder.parent != folder and os.path.ismount(folder):
            return str(folder)
    return None


def is_connected(mount: str) -> bool:
    """Return whether the storage of this mount point is available: mounted, or a folder with content.

    The computer that shares a folder with the others doesn't mount it itself.
    """
    try:
        return os.path.ismount(mount) or any(Path(mount).iterdir())
    except OSError:
        return False
