"""Landlock: restrict the calling thread, and every process that it starts, to the given files.

It imports little, because the probe waits for it. It needs Linux 5.13; `abi_version()` is 0 elsewhere. The rules
apply to inodes, so other spellings, links and `..` make no difference.
"""

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every processor
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_RIGHTS = {
    1: 13,
    2: 14,
}  # number of rights in these versions. We use 15 in newer ones, without ioctl, which GPUs need
_TCP = 3  # bind and connect
_SCOPE_SOCKETS, _SCOPE_SIGNALS = 1, 2
_NO_NEW_PRIVILEGES = 38
_NAME_ONLY = getattr(os, "O_PATH", 0) | getattr(os, "O_CLOEXEC", 0)


class LandlockRules(NamedTuple):
    """What stays allowed. `read` None: no limit on reading. `write`: files, and folders with everything below.

    `names`: folders that may only be listed. `network`: TCP and abstract Unix sockets. Paths that don't exist are
    ignored.
    """

    read: "tuple[str, ...] | None"
    write: tuple[str, ...]
    names: tuple[str, ...] = ()
    network: bool = True


@cache
def abi_version() -> int:
    """Return the kernel's Landlock version, or 0."""
    version = 0
    if sys.platform == "linux":
        version = max(int(_libc().syscall(_CREATE, None, 0, 1)), 0)
    return version


def restrict_files(rules: LandlockRules) -> None:
    """Permanently restrict this thread and what it starts. Raises OSError."""
    version = abi_version()
    if not version:
        raise OSError(0, "the kernel doesn't support Landlock")
    every = (1 << _RIGHTS.get(version, 15)) - 1
    handled = every if rules.read is not None else every & ~_READ
    scoped = _SCOPE_SIGNALS | (0 if rules.network else _SCOPE_SOCKETS)
    attributes = struct.pack("=QQQ", handled, 0 if rules.network else _TCP, scoped)
    attributes = attributes[: 24 if version >= 6 else 16 if version >= 4 else 8]
    libc = _libc()
    ruleset = _check(libc.syscall(_CREATE, attributes, len(attributes), 0))
    try:
        _allow(libc, ruleset, rules.read or (), _READ & handled)
        _allow(libc, ruleset, rules.names, _READ_DIR & handled)
        _allow(libc, ruleset, rules.write, every & handled)
        _check(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        _check(libc.syscall(_RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, paths: Iterable[str], rights: int) -> None:
    for path in paths:
        try:
            descriptor = os.open(path, _NAME_ONLY)
        except (OSError, ValueError):  # not on this computer
            continue
        try:
            is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            if granted := rights if is_folder else rights & _FILE:
                _check(libc.syscall(_ADD, ruleset, 1, struct.pack("=Qi", granted, descriptor), 0))
        finally:
            os.close(descriptor)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)
