"""A small disk that a test can fill and detach."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Disk:
    """A file system of its own, mounted at `folder`."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        self._options = f"size={megabytes}m,mode=777"

    def mount(self) -> bool:
        """Whether that was possible: it needs root."""
        command = ["mount", "-t", "tmpfs", "-o", self._options, "tmpfs", str(self.folder)]
        try:
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False

    def fill(self, leave: int = 0) -> None:
        """Leave no byte free, or `leave` bytes (in whole pages)."""
        facts = os.statvfs(self.folder)
        free = facts.f_bavail * facts.f_frsize - leave
        with self._ballast.open("ab") as file, suppress(OSError):  # another process used the rest
            os.posix_fallocate(file.fileno(), file.tell(), max(free, 1))

    def drain(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)

    def vanish(self) -> None:
        """Detach at once for new opens; open files stay open, as with a lazy unmount."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


@contextmanager
def open_disk(folder: Path, megabytes: int) -> Iterator[Disk | None]:
    """A small disk at `folder`; None where none can be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    disk = Disk(folder, megabytes)
    if not disk.mount():
        yield None
        return
    try:
        yield disk
    finally:
        while os.path.ismount(folder):
            disk.vanish()
