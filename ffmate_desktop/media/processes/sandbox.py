"""What an ffmpeg process can access, enforced by the Linux kernel regardless of its arguments, lists and filters.

The thread that starts ffmpeg enters the sandbox, and ffmpeg inherits it; see `confined`. It needs no privileges. In
it, ffmpeg can only write its own outputs and its private folder. For a task with limits (`isolated`), it can also
only read the allowed folders, and can't open sockets.
"""

import glob
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from ffmate_desktop.media.processes import landlock, seccomp

# What a program needs to run. None of it has personal files. Nothing below /proc/PID: that would be the node's.
_SYSTEM = (
    "/usr", "/lib", "/lib32", "/lib64", "/bin", "/nix/store", "/gnu/store", "/run/opengl-driver", "/opt/rocm*",
    "/opt/amdgpu*", "/opt/intel", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime",
    "/etc/fonts", "/etc/OpenCL", "/etc/vulkan", "/etc/glvnd", "/etc/drirc", "/etc/libva.conf", "/etc/nvidia",
    "/var/cache/fontconfig", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/devices", "/proc/driver/nvidia",
    "/proc/sys/vm/overcommit_memory", "/proc/sys/vm/mmap_min_addr", "/sys/devices/system/cpu",
    "/sys/devices/system/node", "/sys/devices/system/memory/block_size_bytes", "/sys/bus/pci", "/sys/class/drm",
    "/sys/class/kfd", "/sys/dev/char", "/sys/devices/pci*", "/sys/devices/virtual/kfd", "/sys/module/amdgpu",
    "/sys/module/nvidia*",
)  # fmt: skip
_PLAIN_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
# Not /dev/dri/card*, which gives root access to the screen.
_GPUS = ("/dev/dri/renderD*", "/dev/kfd", "/dev/dxg", "/dev/nvidia[0-9c]*", "/dev/nvidia-[!m]*")
_MEDIA_DEVICES = (
    "/dev/dri", "/dev/snd", "/dev/dvb", "/dev/v4l", "/dev/dma_heap", "/dev/blackmagic", "/dev/video*", "/dev/media*",
    "/dev/fb*", "/dev/nvidia*", "/dev/nvhost*", "/dev/nvmap", "/dev/mali*", "/dev/mpp_service", "/dev/rga",
    "/dev/vchiq", "/dev/vcsm*", "/dev/udmabuf", "/dev/fw*",
)  # fmt: skip
_CREATE_FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
# Without these, each encode would compile its shaders and scan all fonts again.
_CACHES = ("fontconfig", "mesa_shader_cache*", "nvidia", "AMD", "pocl", "radv_builtin_shaders*")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`read`: folders, None for no limit. `outputs`: files that are created first, because only they may be written.

    `write`: further files and folders, such as the private one. `isolated`: no sockets, and no devices but GPUs.
    """

    program: Path
    read: tuple[Path, ...] | None
    write: tuple[Path, ...]
    outputs: tuple[Path, ...] = ()
    isolated: bool = False

    def enter(self) -> None:
        """Permanently confine the calling thread and what it starts. Raises OSError."""
        for output in self.outputs:
            with suppress(OSError):  # ffmpeg gets the same error, which is then diagnosed
                os.close(os.open(output, _CREATE_FLAGS, 0o666))
        landlock.restrict_files(self._rules())
        if self.isolated and seccomp.is_supported():
            seccomp.restrict_calls()

    def _rules(self) -> landlock.LandlockRules:
        state = _state_of_devices()
        write = (*map(str, self.write), *map(str, self.outputs), *_devices(self.isolated, state))
        if self.read is None:
            return landlock.LandlockRules(None, write, network=not self.isolated)
        read = (*readable(self.program), *map(str, self.read))
        return landlock.LandlockRules(read, write, ("/dev/dri",), network=not self.isolated)


@dataclass(frozen=True, slots=True)
class KernelSupport:
    """What this computer's kernel supports: the version of Landlock (0: none), and seccomp."""

    landlock: int
    seccomp: bool


@cache
def kernel_support() -> KernelSupport:
    """Return what this computer's kernel supports."""
    return KernelSupport(landlock.abi_version(), seccomp.is_supported())


def readable(program: Path) -> tuple[str, ...]:
    """Return what the program needs to run, in addition to the files that it may read."""
    return (*_system(_state_of_devices()), *_libraries(program))


def _state_of_devices() -> tuple[int, ...]:
    """Return a value that changes when devices change. Listing all of them each time takes a millisecond."""
    state = []
    for folder in ("/dev", "/dev/dri"):
        with suppress(OSError):
            state.append(os.stat(folder).st_mtime_ns)  # noqa: PTH116 - faster
    return tuple(state)


@lru_cache(maxsize=2)
def _devices(isolated: bool, _state: tuple[int, ...]) -> tuple[str, ...]:
    if isolated:
        return _existing((*_PLAIN_DEVICES, *_GPUS))
    home = os.path.expanduser("~")  # noqa: PTH111 - works where Path.home raises
    caches = os.environ.get("XDG_CACHE_HOME") or f"{home}/.cache"
    writable_caches = [*(f"{caches}/{name}" for name in _CACHES), f"{home}/.nv", "/var/cache/fontconfig"]
    return _existing((*_PLAIN_DEVICES, *_GPUS, *_MEDIA_DEVICES, *writable_caches))


@lru_cache(maxsize=1)
def _system(_state: tuple[int, ...]) -> tuple[str, ...]:
    return _existing(_SYSTEM)


def _existing(patterns: Iterable[str]) -> tuple[str, ...]:
    found = (path for pattern in patterns for path in glob.glob(pattern))  # noqa: PTH207 - names, not paths
    return tuple(dict.fromkeys(found))


def _libraries(program: Path) -> tuple[str, ...]:
    """Return the program and its own libraries, if any."""
    real = program.resolve()
    siblings = [real.parent.parent / "lib", real.parent.parent / "lib64"] if real.parent.name == "bin" else []
    search_path = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep))
    return (str(real), *map(str, siblings), *search_path)


def is_special(path: Path) -> bool:
    """Return whether it is a character device or a named pipe, which writing can't damage."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)
