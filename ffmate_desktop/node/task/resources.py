"""What every attempt on a node uses, and what it brought about."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.media.binaries import DeviceFormats
from ffmate_desktop.media.probe import Prober
from ffmate_desktop.media.processes.process import Launcher


@dataclass(frozen=True, slots=True)
class EncodeResources:
    """What every attempt on this node uses.

    `os` and `arch` in FFmate's words; `work` holds a private folder for each attempt, `logs` the complete logs;
    after `stall_seconds` without any sign of life an ffmpeg is taken for stuck, after `script_seconds` a script (0:
    never). `permissions()` is asked anew for each attempt; `script_refused` hears of the real path of
    a script that the owner has not allowed. `devices` knows which formats of ffmpeg are devices; for `confinable` see
    `binaries.FFmpeg`.
    """

    ffmpeg: Path
    launcher: Launcher
    prober: Prober
    devices: DeviceFormats
    os: str
    arch: str
    work: Path
    logs: Path
    stall_seconds: float
    script_seconds: float = 0
    confinable: bool = True
    permissions: Callable[[], Permissions] = Permissions
    script_refused: Callable[[str], None] = lambda _script: None


@dataclass(frozen=True, slots=True)
class Published:
    """Where the output is now, the main one first, and the bytes of all of it, and of the first alone."""

    paths: list[Path]
    size: int
    first: int

    @classmethod
    def at(cls, paths: list[Path]) -> "Published":
        """Look how much it is; somebody may have moved some of it already."""
        sizes = [0] * len(paths)
        for number, path in enumerate(paths):
            with contextlib.suppress(OSError):
                sizes[number] = path.stat().st_size
        return cls(paths, sum(sizes), next(iter(sizes), 0))

    def to_json(self) -> dict[str, Any]:
        """As the record keeps it for a successor."""
        return {"paths": [str(path) for path in self.paths], "size": self.size, "first": self.first}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Published":
        """The inverse of `to_json`."""
        return cls([Path(path) for path in data["paths"]], data["size"], data["first"])
