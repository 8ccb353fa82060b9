"""Where tests put what nobody keeps: into memory where there is room, since a disk makes every database expensive."""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 3 << 30
"""Bytes; a run needs about one third of it."""


def _place() -> Path | None:
    if os.name == "nt" or not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _ROOM:
        return None
    runs_programs = not os.statvfs(_MEMORY).f_flag & getattr(os, "ST_NOEXEC", 0)
    return _MEMORY if runs_programs else None


def new_folder(prefix: str, mode: int = 0o755) -> Path:
    """A new folder that by default every account may enter: as root, servers run as another user."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_place())).resolve()
    folder.chmod(mode)
    return folder
