"""Find the ffmpeg to use and identify it."""

import asyncio
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media.processes.process import Launcher
from ffmate_desktop.media.processes.sandbox import Sandbox, kernel_support

PATIENCE = 20.0
"""Seconds to wait for an answer. Virus scanners and macOS take long to check a new program."""

BUNDLE = Path(imageio_ffmpeg.__file__).parent / "binaries"
"""The folder of the bundled ffmpeg in the wheel for this platform. Empty on others."""

MAX_ANSWER = 1024 * 1024

_VERSION = re.compile(r"^ffmpeg version (\S+)")
_ENCODER = re.compile(r"^ [VAS][A-Z.]{5} ([^\s=]\S*)", re.MULTILINE)
_DEVICE = re.compile(r"^ [D ][E ] +([^\s=]\S*)", re.MULTILINE)
_HINT = "Set --ffmpeg to the path of an ffmpeg program, or leave it out to use the bundled one."


@dataclass(frozen=True)
class FFmpeg:
    """A program that has identified itself as ffmpeg: its absolute path and its own version string.

    `confinable` is false if the kernel supports Landlock, but this program needs to gain privileges to run: the
    ffmpeg of a snap or a flatpak, which start through a helper with its own sandbox.
    """

    path: Path
    version: str
    confinable: bool = True


async def find_ffmpeg(explicit: str | Path | None = None) -> FFmpeg:
    """Find the ffmpeg set by the user, or else the one on PATH, or else the bundled one.

    Raises UserError if the one set by the user can't be used, or if there is none at all.
    """
    if explicit is not None and str(explicit):
        return await _identify(await asyncio.to_thread(_find_explicit, explicit))
    if (on_path := await asyncio.to_thread(_on_path)) is not None:
        try:
            return await _identify(on_path)
        except UserError as trouble:
            logs.ffmpeg.warning("Not using the ffmpeg on PATH: %s", trouble.message)
    return await _identify(await asyncio.to_thread(_bundled))


async def list_encoders(path: Path) -> frozenset[str]:
    """Return the names of the encoders in this ffmpeg, such as libx265. A hardware encoder may still not work here.

    Raises UserError if ffmpeg doesn't answer.
    """
    return frozenset(_ENCODER.findall(await _output_of(path, "-hide_banner", "-encoders")))


class DeviceFormats:
    """The names of an ffmpeg's formats that are devices. They are read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: frozenset[str] | None = None

    async def names(self) -> frozenset[str]:
        """Return their names in lower case. Raises UserError if ffmpeg doesn't answer."""
        if self._names is None:
            lines = await _output_of(self._path, "-hide_banner", "-devices")
            found = {name.lower() for names in _DEVICE.findall(lines) for name in names.split(",")}
            self._names = frozenset(found - {"lavfi"})  # filters, which aren't a device
        return self._names


def _find_explicit(explicit: str | Path) -> Path:
    path = Path(explicit).expanduser()
    if path.name == str(explicit) and not path.exists():  # a bare name: a program on PATH, such as ffmpeg7
        path = Path(shutil.which(path.name) or path)
    if not path.exists():
        raise UserError(f"There is no ffmpeg at “{explicit}”.", _HINT)
    if path.is_dir():
        raise UserError(
            f"“{explicit}” is a folder, not an ffmpeg program.",
            "Add the program's name to the path.",
        )
    if shutil.which(str(path.absolute())) is None:
        raise UserError(f"“{explicit}” isn't an executable program.", _HINT)
    return path.absolute()


def _on_path() -> Path | None:
    found = shutil.which("ffmpeg")
    return None if found is None else Path(found).absolute()


def _bundled() -> Path:
    # Don't use imageio_ffmpeg's own function: it runs the program, and reports none if that is killed or refused.
    if named := os.environ.get("IMAGEIO_FFMPEG_EXE"):
        return Path(named).absolute()
    for program in BUNDLE.glob("ffmpeg-*"):
        return program.absolute()
    raise UserError("Can't find ffmpeg.", "Install ffmpeg, or set its path with --ffmpeg.")


async def _identify(path: Path) -> FFmpeg:
    if kernel_support().landlock:
        try:
            if found := _VERSION.match(await _output_of(path, "-version", sandbox=Sandbox(path, None, ()))):
                return FFmpeg(path, found[1])
        except UserError as trouble:
            if isinstance(trouble.__cause__, TimeoutError):
                raise
    if found := _VERSION.match(await _output_of(path, "-version")):
        return FFmpeg(path, found[1], confinable=not kernel_support().landlock)
    raise UserError(f"“{path}” isn't an ffmpeg program.", _HINT)


async def _output_of(path: Path, *arguments: str, sandbox: Sandbox | None = None) -> str:
    answer = bytearray()

    def collect(data: bytes) -> None:
        if len(answer) < MAX_ANSWER:
            answer.extend(data)

    try:
        process = await Launcher().spawn(
            [str(path), *arguments], cwd=path.parent, low_priority=False, sandbox=sandbox
        )
    except UserError as trouble:
        raise UserError(
            f"“{path}” can't be started, so it isn't an ffmpeg for this computer.", _HINT
        ) from trouble
    try:
        async with asyncio.timeout(PATIENCE):
            code = await process.wait(collect)
    except TimeoutError as trouble:
        raise UserError(f"“{path}” didn't answer within {PATIENCE:g} seconds.", _HINT) from trouble
    finally:
        if not process.ended:
            await process.stop(0)
    if code != 0:
        raise UserError(f"“{path}” ended with code {code} when asked for {arguments[-1]}.", _HINT)
    return answer.decode("utf-8", "replace")
