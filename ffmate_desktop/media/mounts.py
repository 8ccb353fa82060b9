"""Mounted storage. An output must not be written to the empty mount point of a disconnected disk."""

import os
from pathlib import Path


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
