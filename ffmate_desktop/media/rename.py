"""Rename a file unless the new name exists, without a race. The standard library has no such operation."""

import ctypes
import errno
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1  # Linux, renameat2(2)
_RENAME_EXCL = 4  # macOS, renamex_np(2)
# The file system or the kernel doesn't support it; the next method may work.
_UNSUPPORTED = frozenset(
    {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EMLINK}
)


def rename_to_free_name(source: Path, target: Path) -> None:
    """Move the file `source` to `target` within one file system. Raises FileExistsError if `target` exists.

    Of several callers with the same target exactly one succeeds, on local disks and on network shares.
    """
    if sys.platform == "win32":
        source.rename(target)  # never replaces there
    elif not _rename_exclusively(source, target) and not _link(source, target):
        _reserve_and_replace(source, target)


def _rename_exclusively(source: Path, target: Path) -> bool:
    """Return whether the kernel supports it. NFS, for example, doesn't."""
    library = ctypes.CDLL(None, use_errno=True)
    old, new = os.fsencode(source), os.fsencode(target)
    if hasattr(library, "renameat2"):
        result = library.renameat2(_AT_FDCWD, old, _AT_FDCWD, new, _RENAME_NOREPLACE)
    elif hasattr(library, "renamex_np"):
        result = library.renamex_np(old, new, _RENAME_EXCL)
    else:
        return False
    return result == 0 or _unsupported(ctypes.get_errno(), target)


def _unsupported(number: int, target: Path) -> bool:
    """Return False to try another method, or raise the error if it is a definite answer."""
    if number not in _UNSUPPORTED:
        raise OSError(number, os.strerror(number), str(target))
    return False


def _link(source: Path, target: Path) -> bool:
    """Return whether the file system supports hard links. FAT and some shares don't."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        return _unsupported(error.errno or 0, target)
    source.unlink()
    return True


def _reserve_and_replace(source: Path, target: Path) -> None:
    """Reserve the name with an empty file, then replace that. Other callers see that the name exists."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        source.replace(target)
    except OSError:
        target.unlink(missing_ok=True)
        raise
