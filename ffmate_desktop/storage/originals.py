"""Moves originals away, or puts them into the trash: never over another file, and never a file that has changed.

What is about to be done was written down before, with the name; a node that dies in the middle is followed by one
that finds the file in the old place, in the new one, or in both, and finishes. For a thread; raises OSError.
"""

import errno
import os
import shutil
from enum import Enum, auto
from pathlib import Path

from send2trash import send2trash

from ffmate_desktop.media.publish import names, sync_folder
from ffmate_desktop.media.rename import rename_to_free_name

TEMPORARY = ".ffd-move-"


class Fate(Enum):
    """What became of an original."""

    AWAY = auto()
    """It is where it should be."""
    GONE = auto()
    """It was not there any more."""
    CHANGED = auto()
    """It is another version than the one that was encoded, and was left alone."""
    TAKEN = auto()
    """Somebody else has the new name by now: choose another one."""


Version = tuple[int, int]
"""Bytes, and microseconds since 1970."""


def free_name(folder: str, relative: str) -> str:
    """Where the file goes: the same path below `folder`, with a number if that is taken."""
    wished = Path(folder, *relative.split("/"))
    return str(next(path for path in names(wished) if not os.path.lexists(path)))


def move(source: str, target: str, version: Version, tag: str) -> Fate:  # noqa: PLR0911 - one a case
    """Move the file to exactly that name. `tag` tells this attempt from those of other nodes."""
    old, new = Path(source), Path(target)
    here, there = _version(old), _version(new)
    if here is None:
        return Fate.AWAY if there == version else Fate.GONE
    if here != version:
        return Fate.CHANGED
    if os.path.lexists(new):
        if there != version:
            return Fate.TAKEN
        old.unlink()  # the copy was complete before it had this name, which was free when it was chosen
        return Fate.AWAY
    new.parent.mkdir(parents=True, exist_ok=True)
    try:
        rename_to_free_name(old, new)
    except FileExistsError:
        return Fate.TAKEN
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return _copy(old, new, version, tag)
    if _version(new) != version:  # replaced at the last moment: back with it
        rename_to_free_name(new, old)
        return Fate.CHANGED
    return Fate.AWAY


def _copy(old: Path, new: Path, version: Version, tag: str) -> Fate:
    """To another disk: whole and flushed before it has its name, and that before the old one goes."""
    temporary = new.with_name(f"{TEMPORARY}{tag}")
    try:
        shutil.copyfile(old, temporary)
        shutil.copystat(old, temporary)
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        if _version(old) != version or temporary.stat().st_size != version[0]:
            return Fate.CHANGED
        os.utime(temporary, ns=(old.stat().st_atime_ns, old.stat().st_mtime_ns))
        try:
            rename_to_free_name(temporary, new)
        except FileExistsError:
            return Fate.TAKEN
        sync_folder(new.parent)
        if _version(old) != version:  # replaced while the copy got its name
            return Fate.CHANGED
        old.unlink()
        return Fate.AWAY
    finally:
        temporary.unlink(missing_ok=True)


def throw_away(path: str, version: Version) -> Fate:
    """Into the system's trash."""
    here = _version(Path(path))
    if here is None:
        return Fate.GONE
    if here != version:
        return Fate.CHANGED
    send2trash(path)
    return Fate.AWAY


def is_safe_to_remove(source: str, output: str | None, size: int | None) -> bool:
    """Whether the result is there, from here, and no other name of the original. Of several files, the first."""
    if output is None:
        return False
    path = Path(output)
    try:
        status = path.stat()
        return status.st_size > 0 and size in (None, status.st_size) and not path.samefile(source)
    except FileNotFoundError:
        return False


def _version(path: Path) -> Version | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns // 1000
