"""A share that never answers, like one whose server is gone."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LAZY = 2
"""MNT_DETACH"""


class Silent:
    """A file system at `folder` whose server answers nothing until it ends; who asks it then gets an OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._libc = ctypes.CDLL(None)
        self._server = -1

    def mount(self) -> bool:
        """Whether that was possible: it needs root."""
        try:
            self._server = os.open("/dev/fuse", os.O_RDWR)
        except OSError:
            return False
        options = f"fd={self._server},rootmode=40000,user_id=0,group_id=0"
        done: int = self._libc.mount(b"silent", os.fsencode(self.folder), b"fuse", 0, options.encode())
        return done == 0

    def end(self) -> None:
        """Detach it, so that waiting processes continue."""
        with suppress(OSError):  # it has ended before
            os.close(self._server)
        self._libc.umount2(os.fsencode(self.folder), LAZY)
        self._server = -1


@contextmanager
def open_silent(folder: Path) -> Iterator[Silent | None]:
    """A silent share at `folder`; None where none can be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    share = Silent(folder) if sys.platform == "linux" else None
    try:
        yield share if share is not None and share.mount() else None
    finally:
        if share is not None:
            share.end()
