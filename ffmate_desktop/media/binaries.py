"""Finds the ffmpeg to work with and asks it what it is."""

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
"""Seconds for an answer; virus scanners and macOS look long at a program that they see for the first time."""

BUNDLE = Path(imageio_ffmpeg.__file__).parent / "binaries"
"""Where the wheel for this kind of computer has its ffmpeg; empty for others."""

LONGEST_ANSWER = 1024 * 1024

_VERSION = re.compile(r"^ffmpeg version (\S+)")
_ENCODER = re.compile(r"^ [VAS][A-Z.]{5} ([^\s=]\S*)", re.MULTILINE)
_DEVICE = re.compile(r"^ [D ][E ] +([^\s=]\S*)", re.MULTILINE)
_HINT = "Set --ffmpeg to the path of an ffmpeg program, or leave it out to use the bundled one."


@dataclass(frozen=True)
class FFmpeg:
    """A program that has answered as ffmpeg: its absolute path, and the version as it calls itself.

    `confinable` is false where the kernel has Landlock, but this program does not run without the right to gain
    rights: the ffmpeg of a snap or a flatpak, which start through a helper that makes a sandbox of their own.
    """

    path: Path
    version: str
    confinable: bool = True


async def find_ffmpeg(explicit: str | Path | None = None) -> FFmpeg:
    """The ffmpeg that the user named, else the one on PATH, else the bundled one.

    Raises UserError if the named one cannot be used, or if there is none at all.
    """
    if explicit is not None and str(explicit):
        return await _identify(await asyncio.to_thread(_named, explicit))
    if (on_path := await asyncio.to_thread(_on_path)) is not None:
        try:
            return await _identify(on_path)
        except UserError as trouble:
            logs.ffmpeg.warning("Not using the ffmpeg on PATH: %s", trouble.message)
    return await _identify(await asyncio.to_thread(_bundled))


async def list_encoders(path: Path) -> frozenset[str]:
    """Names of the encoders that this ffmpeg lists, such as libx265; a hardware encoder may still not work here.

    Raises UserError if it does not answer.
    """
    return frozenset(_ENCODER.findall(await _ask(path, "-hide_banner", "-encoders")))


class DeviceFormats:
    """The formats of one ffmpeg that are devices, by all their names; it is asked once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: frozenset[str] | None = None

    async def names(self) -> frozenset[str]:
        """Their names in small letters. Raises UserError if ffmpeg does not answer."""
        if self._names is None:
            lines = await _ask(self._path, "-hide_banner", "-devices")
            found = {name.lower() for names in _DEVICE.findall(lines) for name in names.split(",")}
            self._names = frozenset(found - {"lavfi"})  # filters, which make pictures of nothing
        return self._names


def _named(explicit: str | Path) -> Path:
    path = Path(explicit).expanduser()
    if path.name == str(explicit) and not path.exists():  # one word: a program on PATH, such as ffmpeg7
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
    # Its own function starts the program to try it, and says that there is none when that was killed or is refused.
    if named := os.environ.get("IMAGEIO_FFMPEG_EXE"):
        return Path(named).absolute()
    for program in BUNDLE.glob("ffmpeg-*"):
        return program.absolute()
    raise UserError("Can't find ffmpeg.", "Install ffmpeg, or set its path with --ffmpeg.")


async def _identify(path: Path) -> FFmpeg:
    if kernel_support().landlock:
        try:
            if found := _VERSION.match(await _ask(path, "-version", sandbox=Sandbox(path, None, ()))):
                return FFmpeg(path, found[1])
        except UserError as trouble:
            if isinstance(trouble.__cause__, TimeoutError):
                raise
    if found := _VERSION.match(await _ask(path, "-version")):
        return FFmpeg(path, found[1], confinable=not kernel_support().landlock)
    raise UserError(f"“{path}” isn't an ffmpeg program.", _HINT)


async def _ask(path: Path, *question: str, sandbox: Sandbox | None = None) -> str:
    answer = bytearray()

    def listen(data: bytes) -> None:
        if len(answer) < LONGEST_ANSWER:
            answer.extend(data)

    try:
        process = await Launcher().spawn(
            [str(path), *question], cwd=path.parent, low_priority=False, sandbox=sandbox
        )
    except UserError as trouble:
        raise UserError(
            f"“{path}” can't be started, so it isn't an ffmpeg for this computer.", _HINT
        ) from trouble
    try:
        async with asyncio.timeout(PATIENCE):
            code = await process.wait(listen)
    except TimeoutError as trouble:
        raise UserError(f"“{path}” didn't answer within {PATIENCE:g} seconds.", _HINT) from trouble
    finally:
        if not process.ended:
            await process.stop(0)
    if code != 0:
        raise UserError(f"“{path}” ended with code {code} when asked for {question[-1]}.", _HINT)
    return answer.decode("utf-8", "replace")
