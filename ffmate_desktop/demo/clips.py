"""The clips of the demo: how they are made, what they are encoded to, and the check of the outputs."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.task import Task
from ffmate_desktop.media.binaries import FFmpeg, list_encoders
from ffmate_desktop.media.command import build
from ffmate_desktop.media.probe import MediaFacts, ProbeError, Prober
from ffmate_desktop.media.processes.process import Launcher

SECONDS = 3.0
TOLERANCE = 0.15
"""Seconds that an output may be longer or shorter: audio comes in blocks, and encoders add some at the start."""

PATIENCE = 300.0
"""Seconds for one run of ffmpeg; each takes a few on a slow computer."""

NEEDED_ENCODERS = frozenset({"libx264", "libx265"})


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected output: codecs by ffmpeg's names, frames, and seconds; None for a missing stream."""

    video: str | None
    audio: str | None
    frames: int | None
    seconds: float | None = SECONDS


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip: file name, ffmpeg arguments (separated by spaces), preset, and expected output."""

    name: str
    recipe: str
    preset: str
    expected: Expected


def _film(source: str, size: str, rate: str, encoding: str) -> str:
    return f"-f lavfi -i {source}=size={size}:rate={rate} {_SOUND} {encoding}"


_SOUND = "-f lavfi -i sine=frequency=330:sample_rate=48000"
_X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
_QUOTED = "It's a 'wrap'.mkv" if os.name == "nt" else """It's a "wrap".mkv"""  # Windows allows no " in names

# long ones first, so that all nodes finish at about the same time
CLIPS = (
    Clip(
        "Harbour at dawn.mov",
        _film("testsrc2", "640x360", "25", "-c:v prores_ks -profile:v proxy -c:a pcm_s16le"),
        "H.264 high quality",
        Expected("h264", "aac", 75),
    ),
    Clip(
        _QUOTED,
        _film("testsrc2", "640x360", "30", "-c:v ffv1 -c:a flac"),
        "H.265 web 1080p",
        Expected("hevc", "aac", 90),
    ),
    Clip(
        "Café & 日本.ts",
        _film("testsrc2", "640x360", "50", "-c:v mpeg2video -q:v 3 -c:a aac"),
        "H.264 web 1080p",
        Expected("h264", "aac", 150),
    ),
    Clip(
        "Old camera.avi",
        _film("testsrc2", "640x360", "25", "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p -c:a pcm_s16le"),
        "ProRes 422 Proxy",
        Expected("prores", "pcm_s16le", 75),
    ),
    Clip(
        "100% fractal.mkv",
        _film("mandelbrot", "480x270", "25", f"{_X264} -c:a ac3"),
        "X (Twitter)",
        Expected("h264", "aac", 75),
    ),
    Clip(
        "Screen recording.mp4",
        _film("testsrc2", "640x360", "25", f"{_X264} -c:a aac"),
        "30 fps",
        Expected("h264", "aac", 90),
    ),
    Clip(
        "Family film.wmv",
        _film("testsrc", "480x270", "25", "-c:v wmv2 -q:v 3 -c:a wmav2"),
        "FFV1 lossless archive",
        Expected("ffv1", "wmav2", 75),
    ),
    Clip(
        "Game of life.flv",
        _film("life", "320x180", "25", "-c:v flv -c:a aac"),
        "Animated GIF",
        Expected("gif", None, 45),
    ),
    Clip(
        "Evening news.mpg",
        _film("smptehdbars", "640x360", "30000/1001", "-c:v mpeg2video -q:v 3 -c:a mp2"),
        "H.264 editing proxy",
        Expected("h264", "pcm_s16le", 90),
    ),
    Clip("Voice memo.wav", f"{_SOUND} -c:a pcm_s16le", "AAC audio", Expected(None, "aac", None)),
    Clip(
        "Cover shot.m4v",
        _film("rgbtestsrc", "640x360", "25", "-c:v mpeg4 -q:v 3 -c:a aac"),
        "Thumbnail",
        Expected("mjpeg", None, 1, seconds=None),
    ),
    Clip(
        "Camcorder.mkv",
        _film("testsrc2", "640x360", "25", f"{_X264} -c:a aac"),
        "Copy into MP4",
        Expected("h264", "aac", 75),
    ),
)


@dataclass(frozen=True, slots=True)
class Bench:
    """The tools of the demo itself: ffmpeg, launcher and probe."""

    ffmpeg: FFmpeg
    launcher: Launcher
    prober: Prober

    async def run(
        self, arguments: Sequence[str], folder: Path, *, low_priority: bool | None = False
    ) -> tuple[int, list[str]]:
        """Run ffmpeg; returns its exit code and stderr.

        With `low_priority` None it has the priority that nodes give their encodes. `arguments` begin with the
        program. Raises UserError if it hangs. No process is left afterwards.
        """
        errors = bytearray()
        process = await self.launcher.spawn(arguments, cwd=folder, low_priority=low_priority)
        try:
            async with asyncio.timeout(PATIENCE):
                code = await process.wait(on_stderr=errors.extend)
        except TimeoutError as trouble:
            raise UserError(f"ffmpeg didn't end within {PATIENCE:g} seconds.") from trouble
        finally:
            if not process.ended:
                await process.stop(0)
        return code, errors.decode("utf-8", "replace").splitlines()

    async def check_encoders(self) -> None:
        """Raises UserError if this ffmpeg lacks an encoder that the demo needs."""
        missing = NEEDED_ENCODERS - await list_encoders(self.ffmpeg.path)
        if missing:
            raise UserError(
                f"The ffmpeg at {self.ffmpeg.path} has no {' and no '.join(sorted(missing))}, "
                "which the demo needs.",
                "Use another one with --ffmpeg.",
            )

    async def make(self, clip: Clip, folder: Path) -> Path:
        """Make one clip; raises UserError if ffmpeg fails."""
        path = folder / clip.name
        program = str(self.ffmpeg.path)
        code, errors = await self.run(
            [program, "-v", "error", "-nostdin", *clip.recipe.split(), "-t", f"{SECONDS:g}", str(path)],
            folder,
        )
        if code != 0:
            raise UserError(f"ffmpeg couldn't make the clip “{clip.name}”: {(errors or ['no reason'])[-1]}")
        return path

    async def verify(self, output: Path, expected: Expected) -> list[str]:
        """What is wrong with an output, as sentences. Decodes every frame."""
        program = str(self.ffmpeg.path)
        decode = [program, "-v", "error", "-nostdin", "-xerror", "-i", str(output), "-map", "0", "-f", "null"]
        code, errors = await self.run([*decode, "-"], output.parent)
        problems = [f"Decoding it fails: {(errors or [f'exit code {code}'])[0]}"] if code or errors else []
        try:
            facts = await self.prober.probe(output, packets=True)
        except ProbeError as error:
            return [*problems, error.message]
        return problems + differences(facts, expected)

    async def repeat(self, task: Task, folder: Path) -> None:
        """Run the command of a finished task as its node did, but into `folder`; raises UserError when it fails."""
        output = task.output_file.resolved or ""
        for step in tokenise(task.command.resolved or ""):
            moved = [str(folder / Path(output).name) if token == output else token for token in step]
            code, errors = await self.run(build(self.ffmpeg.path, moved), folder, low_priority=None)
            if code != 0:
                reason = (errors or [f"exit code {code}"])[-1]
                raise UserError(f"The command of “{task.name}” failed when run alone: {reason}")


def differences(facts: MediaFacts, expected: Expected) -> list[str]:
    """How a file differs from the expected output, as sentences."""
    sound = next((stream for stream in facts.streams if stream.kind == "audio"), None)
    pictures = facts.video.packets if facts.video else None
    codecs = (facts.video.codec if facts.video else None, sound.codec if sound else None)
    problems = [
        f"It has {found or 'no'} {kind}, {wanted_codec or 'none'} was expected."
        for kind, found, wanted_codec in zip(
            ("video", "audio"), codecs, (expected.video, expected.audio), strict=True
        )
        if found != wanted_codec
    ]
    if expected.frames is not None and pictures != expected.frames:
        problems.append(f"It has {pictures or 0} frames, {expected.frames} were expected.")
    if expected.seconds is not None:
        seconds = facts.packet_seconds or 0.0
        if abs(seconds - expected.seconds) > TOLERANCE:
            problems.append(f"It lasts {seconds:.2f} seconds, {expected.seconds:g} were expected.")
    return problems
