"""Read the positions of a running ffmpeg in its files. Only Linux provides them."""

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReadPosition:
    """Positions in the files that a process has open."""

    offset: int
    """Sum of the positions in all files, read or written. Any change is a sign of activity."""
    fraction: float | None
    """Share of the inputs that has been read, 0 to 1. None if none of them is open."""


def input_sizes(urls: Iterable[str], folder: Path) -> dict[str, int]:
    """Return the sizes of the inputs that are regular local files, by real path. Accesses the disk."""
    sizes = {}
    for url in urls:
        with suppress(OSError, ValueError):  # a stream, a device, a pattern, a name with a NUL character
            status = (path := folder / url.removeprefix("file:")).stat()
            if stat.S_ISREG(status.st_mode):
                sizes[os.path.realpath(path)] = status.st_size
    return sizes


def read_position(pid: int, sizes: Mapping[str, int]) -> ReadPosition | None:
    """Return the positions of a process in its files, or None if unavailable. `sizes` are those of its inputs.

    Only reads from the kernel's memory, never from a disk, so it may run in the event loop (about 0.1 ms).
    """
    offset, read, total = 0, 0, 0
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - twice as fast
            with suppress(FileNotFoundError):  # closed in the meantime
                path = os.readlink(f"/proc/{pid}/fd/{number}")  # noqa: PTH115 - as above
                if not path.startswith("/"):  # a pipe or a socket
                    continue
                position = _position(pid, number)
                offset += position
                if path in sizes:
                    read += min(position, sizes[path])
                    total += sizes[path]
    except OSError:  # not Linux, or the process has ended or isn't ours
        return None
    return ReadPosition(offset, read / total if total else None)


def _position(pid: int, number: str) -> int:
    with open(f"/proc/{pid}/fdinfo/{number}", "rb") as info:  # noqa: PTH123 - as above
        return int(info.readline().removeprefix(b"pos:"))
