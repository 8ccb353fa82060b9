"""Mounted storage: an output that is meant for it must not land in the empty folder where it is missing."""

import os
from pathlib import Path


def mount_of(path: str) -> str | None:
    """The mount point that an absolute path lies below; None for the system's own disk and for whole drives."""
    for folder in Path(path).parents:
        if folder.parent != folder and os.path.ismount(folder):
            return str(folder)
    return None


def is_connected(mount: str) -> bool:
    """Whether what belongs to this mount point elsewhere is here: mounted, or a folder with something in it.

    The computer that shares a folder with all others does not mount it itself.
    """
    try:
        return os.path.ismount(mount) or any(Path(mount).iterdir())
    except OSError:
        return False
