"""Finds files that a program on this computer has open for writing. Blocks: call it in a thread."""

import os
import sys
from collections.abc import Collection
from contextlib import suppress

_PROCESSES = "/proc"
_ACCESS = 0b11  # O_ACCMODE


def open_for_writing(paths: Collection[str]) -> set[str]:
    """The paths among these that a process has open for writing.

    Only on Linux, and only for processes of the same user, or for all processes if this program runs as root. Writers
    on other computers can't be seen.
    """
    real_paths = {os.path.realpath(path): path for path in paths}
    found: set[str] = set()
    if sys.platform == "linux" and paths:
        with suppress(OSError):
            for process in os.listdir(_PROCESSES):  # noqa: PTH208 - thousands of names
                if process.isdecimal():
                    found |= _written_by(f"{_PROCESSES}/{process}", real_paths.keys())
    return {real_paths[path] for path in found}


def _written_by(process: str, real_paths: Collection[str]) -> set[str]:
    found: set[str] = set()
    try:
        descriptors = os.listdir(f"{process}/fd")  # noqa: PTH208 - as above
    except OSError:  # ended, or another user's
        return found
    for descriptor in descriptors:
        with suppress(OSError):
            path = os.readlink(f"{process}/fd/{descriptor}")  # noqa: PTH115 - as above
            if path in real_paths and _may_write(f"{process}/fdinfo/{descriptor}"):
                found.add(path)
    return found


def _may_write(facts: str) -> bool:
    with open(facts, encoding="ascii") as file:  # noqa: PTH123 - as above
        for line in file:
            if line.startswith("flags:"):
                return int(line.split()[1], 8) & _ACCESS != os.O_RDONLY
    return False
