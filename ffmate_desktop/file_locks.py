"""Advisory file locks, shared or exclusive, on every system. The system releases them when their holder dies.

`flock` and `LockFileEx` belong to the open file, so two holders inside one process count as two. Libraries based on
SQLite or record locks don't fit: they poll, or lose the lock when any other handle in the process closes.
"""

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _LOCK_FAIL_IMMEDIATELY, _LOCK_EXCLUSIVE, _ERROR_LOCK_VIOLATION = 1, 2, 33

    class _Overlapped(ctypes.Structure):
        _fields_ = (
            ("internal", ctypes.c_void_p),
            ("internal_high", ctypes.c_void_p),
            ("offset", wintypes.DWORD),
            ("offset_high", wintypes.DWORD),
            ("event", wintypes.HANDLE),
        )

    def _lock(descriptor: int, *, exclusive: bool, block: bool) -> bool:
        lock_file_ex = ctypes.WinDLL("kernel32", use_last_error=True).LockFileEx
        lock_file_ex.argtypes = (wintypes.HANDLE, *[wintypes.DWORD] * 4, ctypes.POINTER(_Overlapped))
        lock_file_ex.restype = wintypes.BOOL
        flags = (_LOCK_EXCLUSIVE if exclusive else 0) | (0 if block else _LOCK_FAIL_IMMEDIATELY)
        handle = msvcrt.get_osfhandle(descriptor)
        if lock_file_ex(handle, flags, 0, 1, 0, ctypes.byref(_Overlapped())):
            return True
        error = ctypes.get_last_error()
        if error == _ERROR_LOCK_VIOLATION:
            return False
        raise ctypes.WinError(error)

else:
    import fcntl

    def _lock(descriptor: int, *, exclusive: bool, block: bool) -> bool:
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(descriptor, kind if block else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class FileLock:
    """One holder of a lock file. The file is created if it is missing, and never removed.

    Closing the file releases the lock; the system closes it even after kill -9. Child processes don't inherit it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock, shared or exclusive."""
        return self._descriptor is not None

    def acquire(self, *, exclusive: bool, block: bool = False) -> bool:
        """Acquire the lock and return True, or False if others hold it. Only waits with `block`. Raises OSError."""
        if self._descriptor is not None:
            raise RuntimeError(f"{self._path} is already held here")
        descriptor = open_for_folder_owner(self._path, os.O_RDWR)
        try:
            acquired = _lock(descriptor, exclusive=exclusive, block=block)
        except BaseException:
            os.close(descriptor)
            raise
        if acquired:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return acquired

    def release(self) -> None:
        """Release the lock. Does nothing if it isn't held."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def is_free(self) -> bool:
        """Return whether no one holds the lock exclusively right now."""
        probe = FileLock(self._path)
        free = probe.acquire(exclusive=False)
        probe.release()
        return free


def open_for_folder_owner(path: Path, flags: int) -> int:
    """Open or create a private file. A file that root creates belongs to the folder's owner, who needs it."""
    flags |= os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags | getattr(os, "O_NOINHERIT", 0), 0o600)
    if sys.platform != "win32" and os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor
