"""Folders and files that only their owner may read, and reading what may be no regular file.

On Windows a new folder takes its access list from the one above it, and the folders of a user's profile are closed to
other accounts there; nothing is to be done. Permissions of folders that were not made here are never changed.
"""

import contextlib
import os
import stat
import sys
from pathlib import Path

from ffmate_desktop.file_locks import open_for_folder_owner

LARGEST = 16 * 1024 * 1024
"""Bytes of a file with settings, presets or tasks; nobody writes as much by hand."""

_GIVEN = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")
"""Pipes that a shell made for this command, as `<(...)` does; they come to an end."""

PRIVATE_FOLDERS = (("logs",), ("logs", "tasks"), ("work",))
PRIVATE_FILES = ("settings.json", "permissions.json", "window.ini")
_DATABASE = ("embedded-postgres",)


def own_paths(data_dir: Path) -> tuple[Path, ...]:
    """What this program keeps in its data folder. Other files there are not its own."""
    return tuple(
        data_dir.joinpath(*parts) for parts in (*PRIVATE_FOLDERS, _DATABASE, *((n,) for n in PRIVATE_FILES))
    )


def read_file(path: Path, *, most: int = LARGEST, pipes: bool = False) -> bytes:
    """All of a file, at once or not at all: a pipe, a device and a link to nowhere are refused and wait for nobody.

    With `pipes` those that the shell gave to this command are read. Raises FileNotFoundError when nothing is there,
    other OSErrors, and ValueError with a reason.
    """
    is_given = pipes and str(path).startswith(_GIVEN)
    check_file(path, pipes=is_given)
    flags = (
        os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
    )
    descriptor = os.open(path, flags if is_given else flags | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        _refuse(os.fstat(file.fileno()).st_mode, is_given)  # it may be another by now
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it is larger than {most >> 20} MiB")
    return data


def check_file(path: Path, *, pipes: bool = False) -> None:
    """Raises ValueError with a reason for what is no regular file, else as `Path.stat`; nothing is opened."""
    try:
        kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise ValueError("it is a broken link") from None
        raise
    _refuse(kind, pipes)


def _refuse(mode: int, is_given: bool) -> None:
    if stat.S_ISREG(mode) or (is_given and not stat.S_ISDIR(mode)):
        return
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    raise ValueError(f"it is {kinds.get(stat.S_IFMT(mode), 'a device')}, not a file")


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner reads, whole or not at all. Raises OSError, UnicodeEncodeError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(open_for_folder_owner(fresh, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def make_data_folder(folder: Path, *, own: bool) -> None:
    """Make it if it is missing, and close what earlier releases left open to others in it. Raises OSError.

    `own` says that nobody else can have made it, since it has the name that the program chose.
    """
    was_there = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform != "win32":
        if own or not was_there:
            # As root the embedded database runs as another account, which has to pass through this folder.
            _close(folder, 0o711 if os.geteuid() == 0 else 0o700)
        for parts in PRIVATE_FOLDERS:
            _close(folder.joinpath(*parts), 0o700)
        for name in PRIVATE_FILES:
            _close(folder / name, 0o600)


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, which only their owner enters. Raises OSError."""
    if not folder.is_dir():
        if folder.parent != folder:
            make_private_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)


def open_private(path: str, flags: int) -> int:
    """For `open(..., opener=...)`: a new file is its owner's alone."""
    return os.open(path, flags, 0o600)


def _close(path: Path, mode: int) -> None:
    """Take rights from others, where it is ours and no link to something else."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        is_ours = sys.platform != "win32" and found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode)
        if is_ours and stat.S_IMODE(found.st_mode) & ~mode & 0o077:
            path.chmod(stat.S_IMODE(found.st_mode) & (mode | 0o7700))
