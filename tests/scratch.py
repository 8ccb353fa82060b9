"""Temporary folders for tests: in memory if there is room, since databases are slow on a disk."""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 3 << 30
"""Free bytes required. A run needs about a third of it."""


def _parent() -> Path | None:
    if os.name == "nt" or not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _ROOM:
        return None
    runs_programs = not os.statvfs(_MEMORY).f_flag & getattr(os, "ST_NOEXEC", 0)
    return _MEMORY if runs_programs else None


def new_folder(prefix: str, mode: int = 0o755) -> Path:
    """Create a folder that every account can enter by default: under root, servers run as another user."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_parent())).resolve()
    folder.chmod(mode)
    return folder
