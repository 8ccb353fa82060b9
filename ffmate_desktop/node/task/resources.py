"""The tools and folders that every attempt on a node uses."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
