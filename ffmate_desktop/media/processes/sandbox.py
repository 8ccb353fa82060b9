"""What one ffmpeg may touch, enforced by the Linux kernel whatever its words, lists and filters say.

A sandbox is entered by the thread that starts ffmpeg and is inherited from it; see `confined_process`. It needs no
privileges. With it ffmpeg writes its own outputs and its private folder, and nothing else. For a task under limits
(`isolated`) it also reads only the allowed folders and opens no socket.
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

# What a program needs to run at all; no file of a person is there. Nothing below /proc/PID: that would be the node's.
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
# Not /dev/dri/card*, which can show the screen to root.
_GPUS = ("/dev/dri/renderD*", "/dev/kfd", "/dev/dxg", "/dev/nvidia[0-9c]*", "/dev/nvidia-[!m]*")
_MEDIA_DEVICES = (
    "/dev/dri", "/dev/snd", "/dev/dvb", "/dev/v4l", "/dev/dma_heap", "/dev/blackmagic", "/dev/video*", "/dev/media*",
    "/dev/fb*", "/dev/nvidia*", "/dev/nvhost*", "/dev/nvmap", "/dev/mali*", "/dev/mpp_service", "/dev/rga",
    "/dev/vchiq", "/dev/vcsm*", "/dev/udmabuf", "/dev/fw*",
)  # fmt: skip
_MAKE = os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
# Without them each encode would compile its shaders and look through all fonts again.
_CACHES = ("fontconfig", "mesa_shader_cache*", "nvidia", "AMD", "pocl", "radv_builtin_shaders*")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`read`: folders, None for no limit. `outputs`: files that are made first, as only these files may be written.

    `write`: further files and folders, such as the private one. `isolated`: no socket, and no device but GPUs.
    """

    program: Path
    read: tuple[Path, ...] | None
    write: tuple[Path, ...]
    outputs: tuple[Path, ...] = ()
    isolated: bool = False

    def enter(self) -> None:
        """Confine the calling thread and what it starts, for good. Raises OSError."""
        for output in self.outputs:
            with suppress(OSError):  # ffmpeg meets the same, and people read what its words mean
                os.close(os.open(output, _MAKE, 0o666))
        landlock.restrict(self._rules())
        if self.isolated and seccomp.is_supported():
            seccomp.restrict()

    def _rules(self) -> landlock.LandlockRules:
        state = _state_of_devices()
        write = (*map(str, self.write), *map(str, self.outputs), *_devices(self.isolated, state))
        if self.read is None:
            return landlock.LandlockRules(None, write, network=not self.isolated)
        read = (*readable(self.program), *map(str, self.read))
        return landlock.LandlockRules(read, write, ("/dev/dri",), network=not self.isolated)


@dataclass(frozen=True, slots=True)
class KernelSupport:
    """What the kernel of this computer can enforce: the version of Landlock (0: none), and seccomp."""

    landlock: int
    seccomp: bool


@cache
def kernel_support() -> KernelSupport:
    """What can be enforced here."""
    return KernelSupport(landlock.abi_version(), seccomp.is_supported())


def readable(program: Path) -> tuple[str, ...]:
    """What the program needs to run, whatever it may read besides."""
    return (*_system(_state_of_devices()), *_libraries(program))


def _state_of_devices() -> tuple[int, ...]:
    """Changes when a device comes or goes: looking at all of them each time would take a millisecond."""
    state = []
    for folder in ("/dev", "/dev/dri"):
        with suppress(OSError):
            state.append(os.stat(folder).st_mtime_ns)  # noqa: PTH116 - quicker
    return tuple(state)


@lru_cache(maxsize=2)
def _devices(isolated: bool, _state: tuple[int, ...]) -> tuple[str, ...]:
    if isolated:
        return _existing((*_PLAIN_DEVICES, *_GPUS))
    home = os.path.expanduser("~")  # noqa: PTH111 - says nothing where Path.home raises
    caches = os.environ.get("XDG_CACHE_HOME") or f"{home}/.cache"
    kept = [*(f"{caches}/{name}" for name in _CACHES), f"{home}/.nv", "/var/cache/fontconfig"]
    return _existing((*_PLAIN_DEVICES, *_GPUS, *_MEDIA_DEVICES, *kept))


@lru_cache(maxsize=1)
def _system(_state: tuple[int, ...]) -> tuple[str, ...]:
    return _existing(_SYSTEM)


def _existing(patterns: Iterable[str]) -> tuple[str, ...]:
    found = (path for pattern in patterns for path in glob.glob(pattern))  # noqa: PTH207 - names, not paths
    return tuple(dict.fromkeys(found))


def _libraries(program: Path) -> tuple[str, ...]:
    """The program, and libraries of its own where it has some."""
    real = program.resolve()
    beside = [real.parent.parent / "lib", real.parent.parent / "lib64"] if real.parent.name == "bin" else []
    named = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep))
    return (str(real), *map(str, beside), *named)


def is_special(path: Path) -> bool:
    """Whether it is a device that works in characters, or a pipe with a name: nothing that could be damaged."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)
