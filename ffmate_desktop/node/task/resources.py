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
    """`os` and `arch` are FFmate's names. `work` holds a private folder for each attempt, `logs` the complete logs.

    An ffmpeg without progress for `stall_seconds` is ended, and so is a script after `script_seconds` (0: never).
    Each attempt reads `permissions()` again. `script_refused` gets the real path of a script that the owner hasn't
    allowed. `devices` are the formats of ffmpeg that are devices; for `confinable` see `binaries.FFmpeg`.
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
