"""Started in front of ffmpeg on Linux: gives up all files but those that are named, for itself and what it becomes.

Run as a file, without this package: `python -I -S landlock_worker.py '{"read": [...], "write": [...]}' PROGRAM ...`.
Null instead of a list means no limit. The kernel enforces it, whatever ffmpeg is told to open.
"""

import ctypes
import json
import os
import struct
import sys
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every processor
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_NO_NEW_PRIVILEGES = 38

# What a program needs to run at all; no file of a person is there. Of /proc only itself.
_SYSTEM = (
    "/usr", "/lib", "/lib32", "/lib64", "/bin", "/opt", "/nix/store", "/etc/ld.so.cache", "/etc/ld.so.conf",
    "/etc/ld.so.conf.d", "/etc/fonts", "/etc/OpenCL", "/etc/vulkan", "/var/cache/fontconfig", "/sys",
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm",
)  # fmt: skip
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/dev/dri", "/dev/kfd")


def abi() -> int:
    """Which version of Landlock the kernel has; 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(int(ctypes.CDLL(None, use_errno=True).syscall(_CREATE, None, 0, 1)), 0)


def restrict(read: "list[str] | None", write: "list[str] | None", program: str) -> None:
    """Give up the rest, for this process and all that it starts. Raises OSError."""
    version = abi()
    if not version:
        raise OSError(0, "the kernel has no Landlock")
    every = (1 << {1: 13, 2: 14}.get(version, 15)) - 1  # without ioctl: GPUs need it
    handled = (every & _READ if read is not None else 0) | (every & ~_READ if write is not None else 0)
    attributes = struct.pack("=QQ", handled, 3)[: 16 if version >= 4 else 8]  # 3: TCP, bind and connect
    libc = ctypes.CDLL(None, use_errno=True)
    ruleset = _check(libc.syscall(_CREATE, attributes, len(attributes), 0))
    devices = [*_DEVICES, *(entry.path for entry in os.scandir("/dev") if entry.name.startswith("nvidia"))]
    rules = [(path, _READ) for path in (*_SYSTEM, str(Path(program).resolve().parent), *(read or ()))]
    rules += [(path, every) for path in (*(write or ()), *devices)]
    for path, rights in rules:
        _allow(libc, ruleset, path, rights & handled)
    _check(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _check(libc.syscall(_RESTRICT, ruleset, 0))
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not on this computer
        return
    if not Path(path).is_dir():
        rights &= _FILE
    if rights:
        rule = struct.pack("=Qi", rights, descriptor)
        _check(libc.syscall(_ADD, ruleset, 1, rule, 0))
    os.close(descriptor)


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)


if __name__ == "__main__":
    limits = json.loads(sys.argv[1])
    try:
        restrict(limits["read"], limits["write"], sys.argv[2])
        os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - what it was started for
    except OSError as trouble:
        sys.exit(f"[fatal] files could not be kept from ffmpeg: {trouble}")
