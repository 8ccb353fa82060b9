"""Moves originals, or puts them into the trash; never overwrites a file, and never touches one that has changed.

The new path is stored before anything is moved. If a node dies in the middle, the next one finds the file at the old
path, the new one, or both, and finishes the move. Blocks: call it in a thread. Raises OSError.
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
"""Seconds after which an unfinished copy is abandoned."""

BLOCK, MOST_UNFLUSHED = 4 * 2**20, 256 * 2**20
"""Bytes per copied block, and most bytes between flushes. Slow storage is flushed more often, to show progress."""

FAST = 1.0
"""Seconds. While a flush takes less, the next one may be twice as large."""


class MoveResult(Enum):
    """The result of moving an original."""

    AWAY = auto()
    """It was moved."""
    GONE = auto()
    """It no longer existed."""
    CHANGED = auto()
    """It isn't the version that was encoded, and was left alone."""
    TAKEN = auto()
    """The new path is taken by now: choose another one."""


@dataclass(frozen=True, slots=True)
class Version:
    """Identifies a version of a file: bytes, microseconds since 1970, and the inode where inodes last.

    Inode 0 matches any; `view` says how to compare times.
    """

    size: int
    mtime: int
    inode: int = 0
    view: int = UNNUMBERED

    def is_that_of(self, other: "Version | None") -> bool:
        """Whether both are the same version."""
        if other is None or self.size != other.size:
            return False
        if self.inode and other.inode and self.inode != other.inode:
            return False
        return is_same_time(self.mtime, other.mtime, self.view)


def _no_tick() -> None:
    """The default `tick`, which never stops a move."""


def free_name(folder: str, relative: str) -> str:
    """The same path below `folder`, with a number if it is taken."""
    preferred = Path(folder, *relative.split("/"))
    return str(next(path for path in names(preferred) if not os.path.lexists(path)))


def move(  # noqa: PLR0911 - one a case
    source: str, target: str, version: Version, tag: str, tick: Callable[[], None] = _no_tick
) -> MoveResult:
    """Move the file to exactly this path. `tag` identifies the attempt.

    `tick` is called before every step; if it raises, nothing more is done.
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
        old.unlink()  # the path was free when it was chosen, so this is our complete copy
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
        if not version.is_that_of(_version(new)):  # replaced at the last moment: undo
            rename_to_free_name(new, old)
            return MoveResult.CHANGED
        return MoveResult.AWAY


@contextmanager
def _folder_of(path: Path) -> Iterator[None]:
    """Create the folder of a file; remove it again if it stays empty."""
    created = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):  # not empty
            for folder in created:
                folder.rmdir()


def _copy(old: Path, new: Path, version: Version, tag: str, tick: Callable[[], None]) -> MoveResult:
    """Copy to another disk. The copy is complete and flushed before it gets its name; only then the original goes."""
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
                    is_fast = time.monotonic() - began < FAST
                    most = min(2 * most, MOST_UNFLUSHED) if is_fast else BLOCK
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
        if not version.is_that_of(_version(old)):  # replaced while the copy was renamed
            return MoveResult.CHANGED
        old.unlink()
        return MoveResult.AWAY
    finally:
        temporary.unlink(missing_ok=True)


def remove_half_copy(target: str, tag: str) -> None:
    """Remove what a killed attempt may have left next to `target`."""
    Path(target).with_name(f"{TEMPORARY}{tag}").unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove abandoned copies, by their change time: their modification time is the original's."""
    for path in folder.glob(f"{TEMPORARY}*"):
        with suppress(OSError):
            if path.stat().st_ctime < time.time() - ABANDONED:
                path.unlink()


def move_to_trash(path: str, version: Version, tick: Callable[[], None] = _no_tick) -> MoveResult:
    """Put the file into the system's trash."""
    here = _version(Path(path))
    if here is None:
        return MoveResult.GONE
    if not version.is_that_of(here):
        return MoveResult.CHANGED
    tick()
    send2trash(path)
    return MoveResult.AWAY


def is_safe_to_remove(source: str, output: str | None, size: int | None) -> bool:
    """Whether the output is in place, as seen from here, and isn't the original itself under another name."""
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
