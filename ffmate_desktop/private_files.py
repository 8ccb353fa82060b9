"""Files and folders that only their owner can read, and safe reading of what may not be a regular file.

On Windows, a new folder inherits the access list of its parent, and the folders of a user's profile are closed to
other accounts, so there is nothing to do. Permissions of folders that this program didn't create are never changed.
"""

import contextlib
import os
import stat
import sys
from pathlib import Path

from ffmate_desktop.file_locks import open_for_folder_owner

LARGEST = 16 * 1024 * 1024
"""Maximum size in bytes of a file with settings, presets or tasks."""

_SHELL_PIPES = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")
"""Pipes that a shell made for this command, such as `<(...)`. Unlike other pipes, they end."""

PRIVATE_FOLDERS = (("logs",), ("logs", "tasks"), ("work",))
PRIVATE_FILES = ("settings.json", "permissions.json", "window.ini")
_DATABASE = ("embedded-postgres",)


def own_paths(data_dir: Path) -> tuple[Path, ...]:
    """Return the paths that this program uses in its data folder. Other files there aren't its own."""
    return tuple(
        data_dir.joinpath(*parts) for parts in (*PRIVATE_FOLDERS, _DATABASE, *((n,) for n in PRIVATE_FILES))
    )


def read_file(path: Path, *, most: int = LARGEST, pipes: bool = False) -> bytes:
    """Read a whole regular file. Refuses pipes, devices and broken links immediately instead of waiting for data.

    With `pipes`, pipes that the shell made for this command are read, too. Raises FileNotFoundError, other OSErrors,
    and ValueError with a reason.
    """
    is_shell_pipe = pipes and str(path).startswith(_SHELL_PIPES)
    check_file(path, pipes=is_shell_pipe)
    flags = (
        os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
    )
    descriptor = os.open(path, flags if is_shell_pipe else flags | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        # the path may have been replaced since the check
        _refuse(os.fstat(file.fileno()).st_mode, is_shell_pipe)
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it is larger than {most >> 20} MiB")
    return data


def check_file(path: Path, *, pipes: bool = False) -> None:
    """Raise ValueError with a reason unless this is a regular file, OSError as `Path.stat` does. Opens nothing."""
    try:
        kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise ValueError("it is a broken link") from None
        raise
    _refuse(kind, pipes)


def _refuse(mode: int, is_shell_pipe: bool) -> None:
    if stat.S_ISREG(mode) or (is_shell_pipe and not stat.S_ISDIR(mode)):
        return
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    raise ValueError(f"it is {kinds.get(stat.S_IFMT(mode), 'a device')}, not a file")


def write_private(path: Path, data: bytes, *, keep_old: Path | None = None) -> None:
    """Replace a file, as a whole or not at all, by one that only its owner can read. Raises OSError.

    `keep_old` is a new name for the old file, which must exist.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(open_for_folder_owner(new, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if keep_old is not None:
            path.replace(keep_old)
        new.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def make_data_folder(folder: Path, *, own: bool) -> None:
    """Create the data folder if necessary, and close what earlier releases left open to others. Raises OSError.

    `own`: this program must have created the folder, because it chose the name.
    """
    existed = folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform != "win32":
        if own or not existed:
            # Under root, the embedded database runs as another account, which must be able to enter this folder.
            _close(folder, 0o711 if os.geteuid() == 0 else 0o700)
        for parts in PRIVATE_FOLDERS:
            _close(folder.joinpath(*parts), 0o700)
        for name in PRIVATE_FILES:
            _close(folder / name, 0o600)


def make_private_folder(folder: Path) -> None:
    """Create a folder and its missing parents, for their owner only. Raises OSError."""
    if not folder.is_dir():
        if folder.parent != folder:
            make_private_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)


def open_private(path: str, flags: int) -> int:
    """Open for `open(..., opener=...)`. A new file is private to its owner."""
    return os.open(path, flags, 0o600)


def _close(path: Path, mode: int) -> None:
    """Remove the permissions of others, if the path is ours and not a link."""
    with contextlib.suppress(OSError):
        status = path.lstat()
        is_ours = (
            sys.platform != "win32" and status.st_uid == os.geteuid() and not stat.S_ISLNK(status.st_mode)
        )
        if is_ours and stat.S_IMODE(status.st_mode) & ~mode & 0o077:
            path.chmod(stat.S_IMODE(status.st_mode) & (mode | 0o7700))
