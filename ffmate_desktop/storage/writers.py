"""Which files some program of this computer has open for writing, as far as the system tells: for a thread."""

import os
import sys
from collections.abc import Collection
from contextlib import suppress

_PROCESSES = "/proc"
_ACCESS = 0b11  # O_ACCMODE


def being_written(paths: Collection[str]) -> set[str]:
    """Those of these paths that a process has open for writing.

    Only Linux tells, and only about processes of the same user, or all when this program is root. Elsewhere, and for
    writers on other computers, nothing is known, and nothing is returned.
    """
    wanted = {os.path.realpath(path): path for path in paths}
    found: set[str] = set()
    if sys.platform == "linux" and paths:
        with suppress(OSError):
            for process in os.listdir(_PROCESSES):  # noqa: PTH208 - thousands of names
                if process.isdecimal():
                    found |= _written_by(f"{_PROCESSES}/{process}", wanted.keys())
    return {wanted[path] for path in found}


def _written_by(process: str, wanted: Collection[str]) -> set[str]:
    found: set[str] = set()
    try:
        descriptors = os.listdir(f"{process}/fd")  # noqa: PTH208 - as above
    except OSError:  # ended, or of another user
        return found
    for descriptor in descriptors:
        with suppress(OSError):
            path = os.readlink(f"{process}/fd/{descriptor}")  # noqa: PTH115 - as above
            if path in wanted and _may_write(f"{process}/fdinfo/{descriptor}"):
                found.add(path)
    return found


def _may_write(facts: str) -> bool:
    with open(facts, encoding="ascii") as file:  # noqa: PTH123 - as above
        for line in file:
            if line.startswith("flags:"):
                return int(line.split()[1], 8) & _ACCESS != os.O_RDONLY
    return False
