"""Finds out whether a file left its old path. Blocks: call it in a thread."""

import os
import unicodedata

from ffmate_desktop.domain.file_record import ScannedFile
from ffmate_desktop.storage.numbering import INODES


def has_moved_away(root: str, old: str, new: str, found: ScannedFile) -> bool:
    """Whether the file that is now at `new` has left `old`; both paths are below `root`."""
    try:
        status = os.stat(old)  # noqa: PTH116 - paths are text here
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    if (status.st_size, status.st_mtime_ns // 1000, status.st_ino & INODES) != (
        found.size,
        found.mtime,
        found.inode,
    ):
        return True
    return _folded(old) == _folded(new) and not _is_listed(root, old)


def _folded(path: str) -> str:
    """The same text for names that a file system may treat as equal."""
    return unicodedata.normalize("NFC", path).casefold()


def _is_listed(root: str, path: str) -> bool:
    """Whether the path is spelled exactly so; a file system may also find the file under other spellings."""
    while len(path) > len(root):
        folder, name = os.path.split(path)
        if not name:
            break
        try:
            if name not in os.listdir(folder):  # noqa: PTH208 - as above
                return False
        except OSError:
            return False
        path = folder
    return True
