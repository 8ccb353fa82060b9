"""Moves originals away, or puts them into the trash: never over another file, and never a file that has changed.

What is about to be done was written down before, with the name; a node that dies in the middle is followed by one
that finds the file in the old place, in the new one, or in both, and finishes. For a thread; raises OSError.
"""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from send2trash import send2trash

from ffmate_desktop.domain.watch_version import UNNUMBERED, is_same_time
from ffmate_desktop.media.publish import names, sync_folder
from ffmate_desktop.media.rename import rename_to_free_name
from ffmate_desktop.storage.numbering import INODES

TEMPORARY = ".ffd-move-"

ABANDONED = 86_400.0
"""Seconds after which nobody goes on with a half copy."""

BLOCK, MOST_UNFLUSHED = 4 * 2**20, 256 * 2**20
"""Bytes that are copied at once, and after which a fast place is flushed; a slow one after fewer, to be heard of."""

SWIFT = 1.0
"""Seconds. While flushes take less, each may be of twice as much."""


class MoveResult(Enum):
    """What became of an original."""

    AWAY = auto()
    """It is where it should be."""
    GONE = auto()
    """It was not there any more."""
    CHANGED = auto()
    """It is another version than the one that was encoded, and was left alone."""
    TAKEN = auto()
    """Somebody else has the new name by now: choose another one."""


@dataclass(frozen=True, slots=True)
class Version:
    """What tells a file from others of its name: bytes, microseconds since 1970, and the inode where that lasts.

    Inode 0 is any; `view` says how times are compared.
    """

    size: int
    mtime: int
    inode: int = 0
    view: int = UNNUMBERED

    def is_that_of(self, other: "Version | None") -> bool:
        """Whether it is the same file."""
        if other is None or self.size != other.size:
            return False
        if self.inode and other.inode and self.inode != other.inode:
            return False
        return is_same_time(self.mtime, other.mtime, self.view)


def _go_on() -> None:
    """Nobody has given up."""


def free_name(folder: str, relative: str) -> str:
    """Where the file goes: the same path below `folder`, with a number if that is taken."""
    wished = Path(folder, *relative.split("/"))
    return str(next(path for path in names(wished) if not os.path.lexists(path)))


def move(  # noqa: PLR0911 - one a case
    source: str, target: str, version: Version, tag: str, tick: Callable[[], None] = _go_on
) -> MoveResult:
    """Move the file to exactly that name. `tag` tells this attempt from those of other nodes.

    `tick` is called before every step, and raises when nobody waits any more: then nothing else is done.
    """
    old, new, copy = Path(source), Path(target), replace(version, inode=0)
    here, there = _version(old), _version(new)
    if here is None:
        return MoveResult.AWAY if copy.is_that_of(there) else MoveResult.GONE
    if not version.is_that_of(here):
        return MoveResult.CHANGED
    if os.path.lexists(new):
        if not copy.is_that_of(there):
            return MoveResult.TAKEN
        tick()
        old.unlink()  # the copy was complete before it had this name, which was free when it was chosen
        return MoveResult.AWAY
    with _folder_of(new):
        tick()
        try:
            rename_to_free_name(old, new)
        except FileExistsError:
            return MoveResult.TAKEN
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return _copy(old, new, version, tag, tick)
        if not version.is_that_of(_version(new)):  # replaced at the last moment: back with it
            rename_to_free_name(new, old)
            return MoveResult.CHANGED
        return MoveResult.AWAY


@contextmanager
def _folder_of(path: Path) -> Iterator[None]:
    """The folder of a file that is about to come; what was made for it goes again when nothing came."""
    made = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):  # not empty: the file is there, or another one
            for folder in made:
                folder.rmdir()


def _copy(old: Path, new: Path, version: Version, tag: str, tick: Callable[[], None]) -> MoveResult:
    """To another disk: whole and flushed before it has its name, and that before the old one goes."""
    _sweep(new.parent)
    temporary = new.with_name(f"{TEMPORARY}{tag}")
    try:
        with old.open("rb") as source, temporary.open("wb") as copy:
            unflushed, most = 0, BLOCK
            for block in iter(lambda: source.read(BLOCK), b""):
                tick()
                unflushed += copy.write(block)
                if unflushed >= most:
                    began, unflushed = time.monotonic(), 0
                    copy.flush()
                    os.fsync(copy.fileno())
                    is_swift = time.monotonic() - began < SWIFT
                    most = min(2 * most, MOST_UNFLUSHED) if is_swift else BLOCK
        shutil.copystat(old, temporary)
        with temporary.open("r+b") as copy:
            os.fsync(copy.fileno())
        tick()
        if not version.is_that_of(_version(old)) or temporary.stat().st_size != version.size:
            return MoveResult.CHANGED
        os.utime(temporary, ns=(old.stat().st_atime_ns, old.stat().st_mtime_ns))
        try:
            rename_to_free_name(temporary, new)
        except FileExistsError:
            return MoveResult.TAKEN
        sync_folder(new.parent)
        tick()
        if not version.is_that_of(_version(old)):  # replaced while the copy got its name
            return MoveResult.CHANGED
        old.unlink()
        return MoveResult.AWAY
    finally:
        temporary.unlink(missing_ok=True)


def remove_half_copy(target: str, tag: str) -> None:
    """What an attempt that was killed may have left beside `target`."""
    Path(target).with_name(f"{TEMPORARY}{tag}").unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Half copies of attempts that nobody remembers, by when they were last changed: their time is the original's."""
    for path in folder.glob(f"{TEMPORARY}*"):
        with suppress(OSError):
            if path.stat().st_ctime < time.time() - ABANDONED:
                path.unlink()


def throw_away(path: str, version: Version, tick: Callable[[], None] = _go_on) -> MoveResult:
    """Into the system's trash."""
    here = _version(Path(path))
    if here is None:
        return MoveResult.GONE
    if not version.is_that_of(here):
        return MoveResult.CHANGED
    tick()
    send2trash(path)
    return MoveResult.AWAY


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
    return Version(status.st_size, status.st_mtime_ns // 1000, status.st_ino & INODES)
