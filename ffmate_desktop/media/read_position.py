"""How far a running ffmpeg has come in its files, as the Linux kernel tells it; other systems do not tell."""

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
    """Bytes, summed over all files, read or written: any movement is a sign of life."""
    fraction: float | None
    """Share of its inputs that has been read, 0 to 1; None if none of them is open."""


def input_sizes(urls: Iterable[str], folder: Path) -> dict[str, int]:
    """The bytes of those inputs that are plain local files, by their real paths. Touches the disk."""
    sizes = {}
    for url in urls:
        with suppress(OSError, ValueError):  # a stream, a device, a pattern, a name with a zero character
            facts = (path := folder / url.removeprefix("file:")).stat()
            if stat.S_ISREG(facts.st_mode):
                sizes[os.path.realpath(path)] = facts.st_size
    return sizes


def read_position(pid: int, sizes: Mapping[str, int]) -> ReadPosition | None:
    """Where the process stands in its files; `sizes` are those of its inputs. None if that cannot be known.

    Asks only the kernel's memory, never a disk, so it may be called on the event loop (about 0.1 ms).
    """
    offset, read, whole = 0, 0, 0
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - twice as fast
            with suppress(FileNotFoundError):  # closed meanwhile
                path = os.readlink(f"/proc/{pid}/fd/{number}")  # noqa: PTH115 - as above
                if not path.startswith("/"):  # a pipe or a socket
                    continue
                position = _position(pid, number)
                offset += position
                if path in sizes:
                    read += min(position, sizes[path])
                    whole += sizes[path]
    except OSError:  # not Linux; or it has ended, or is not ours to look at
        return None
    return ReadPosition(offset, read / whole if whole else None)


def _position(pid: int, number: str) -> int:
    with open(f"/proc/{pid}/fdinfo/{number}", "rb") as info:  # noqa: PTH123 - as above
        return int(info.readline().removeprefix(b"pos:"))
