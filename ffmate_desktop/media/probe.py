"""What a media file contains, asked of a separate process that may crash or hang without harm."""

import asyncio
import contextlib
import copy
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from pydantic import TypeAdapter

from ffmate_desktop import logs
from ffmate_desktop.domain.environment import for_own_module
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media.processes.sandbox import readable

_WORKER = (sys.executable, "-P", str(Path(__file__).with_name("probe_worker.py")))
_LEAVE_SECONDS = 1.0
# Every look at a file makes decoders and buffers of megabytes. The C library of Linux would give them back to the
# kernel each time, and get them again page by page; others pass over these words.
_KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
}
_WITH_INDEX = frozenset({"flac", "gif", "mov,mp4,m4a,3gp,3g2,mj2", "tta", "wv"})
_LONGEST_ANSWER = 4 << 20  # bytes; thousands of streams


class ProbeError(UserError):
    """The file cannot be examined; the message is a whole sentence for people."""


@dataclass(frozen=True)
class StreamFacts:
    """One stream of a media file; durations in seconds, None where the file does not say.

    `packets`, `packet_seconds` (from the first to the end of the last packet) and `packet_end` (that end, on the
    file's own clock) are measured, not claimed; they are None unless the packets were counted.
    """

    kind: str
    codec: str | None = None
    duration: float | None = None
    width: int | None = None
    height: int | None = None
    pixel_format: str | None = None
    frame_rate: float | None = None
    frames: int | None = None
    channels: int | None = None
    sample_rate: int | None = None
    language: str | None = None
    is_attached_picture: bool = False
    packets: int | None = None
    packet_seconds: float | None = None
    packet_end: float | None = None

    @property
    def is_timed(self) -> bool:
        """Whether the stream is moving pictures or sound; a cover picture is neither."""
        return self.kind in ("video", "audio") and not self.is_attached_picture


@dataclass(frozen=True)
class MediaFacts:
    """A media file: its container by ffmpeg's name, duration in seconds, size in bytes, bit rate in bits/s.

    `promised_size` is the number of bytes that the file has by its own header, None where that says nothing.
    """

    container: str
    size: int
    duration: float | None = None
    start_time: float | None = None
    bit_rate: int | None = None
    streams: tuple[StreamFacts, ...] = ()
    promised_size: int | None = None

    @property
    def promised_seconds(self) -> float | None:
        """How long the file is by its header, whatever is left of its index."""
        lengths = [self.duration, *(self.counted_seconds(stream) for stream in self.streams)]
        return max((length for length in lengths if length is not None), default=None)

    @property
    def shows_truncation(self) -> bool:
        """Whether a file that lacks its end can be told from a whole one, by its header or by its index."""
        return self.is_image or self.promised_size is not None or self.container in _WITH_INDEX

    def counted_seconds(self, stream: StreamFacts) -> float | None:
        """How long a stream is by the frames in the header; None where the duration comes from the header itself."""
        counts = self.container == "avi" and self.promised_size is not None and stream.kind == "video"
        return stream.frames / stream.frame_rate if counts and stream.frames and stream.frame_rate else None

    @property
    def video(self) -> StreamFacts | None:
        """The first video stream that is not a cover picture."""
        return next((stream for stream in self.streams if stream.kind == "video" and stream.is_timed), None)

    @property
    def is_image(self) -> bool:
        """Whether the file is a still picture."""
        return self.container == "image2" or self.container.endswith("_pipe")

    @property
    def packet_seconds(self) -> float | None:
        """The longest measured video or audio stream; None unless packets were counted and had timestamps."""
        spans = [s.packet_seconds for s in self.streams if s.is_timed and s.packet_seconds is not None]
        return max(spans, default=None)

    @property
    def reached(self) -> float | None:
        """How far the measured packets get: to a length, or to a time on a clock that did not begin at 0.

        Subtitles count, since some headers count them.
        """
        ends = [stream.packet_end for stream in self.streams if stream.packet_end is not None]
        return max((end for end in (self.packet_seconds, *ends) if end is not None), default=None)

    @property
    def packets(self) -> int | None:
        """All measured packets of all streams; None unless they were counted."""
        counts = [stream.packets for stream in self.streams if stream.packets is not None]
        return sum(counts) if counts else None

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "MediaFacts":
        """The inverse of `to_json`; unknown fields of a newer node are ignored, wrong ones raise ValueError."""
        return _FACTS.validate_python(value)


_FACTS = TypeAdapter(MediaFacts)


class _WorkerLostError(Exception):
    """The worker ended before it answered."""


class _Worker:
    """One probe process, started on first use and replaced after it died, hung or was interrupted."""

    def __init__(self, mark: Mapping[str, str]) -> None:
        self._mark = mark
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def ask(self, request: bytes, timeout: float) -> dict[str, Any]:
        """The answer to one request line. Raises TimeoutError, and _WorkerLostError if it dies of it twice."""
        async with self._turn:
            try:
                return await self._ask(request, timeout)
            except _WorkerLostError:  # perhaps it died long ago, of something else
                logs.ffmpeg.warning("The probe process ended unexpectedly; restarting it.")
                return await self._ask(request, timeout)

    async def _ask(self, request: bytes, timeout: float) -> dict[str, Any]:
        answered = False
        try:
            async with asyncio.timeout(timeout):
                answer = await self._exchange(request)
            answered = True
            return answer
        finally:
            if not answered:  # it is dead, or a late answer would be taken for the next one's
                await self._end()

    async def _exchange(self, request: bytes) -> dict[str, Any]:
        process = self._process = self._process or await _start(self._mark)
        assert process.stdin is not None and process.stdout is not None  # noqa: S101  asked for as pipes
        try:
            process.stdin.write(request)
            await process.stdin.drain()
            line = await process.stdout.readline()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _WorkerLostError from error
        if not line.endswith(b"\n"):
            raise _WorkerLostError
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def close(self) -> None:
        async with self._turn:
            await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101  asked for as a pipe
        process.stdin.close()  # it leaves by itself, even from inside a file
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await process.wait()
        except TimeoutError:
            kill_child(process.pid)
            await process.wait()


def kill_child(pid: int) -> None:
    """End a process that asyncio waits for.

    Its own `kill` asks first whether the process has ended, which takes the exit code away from whoever waits for it
    (before Python 3.13).
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).kill()


async def _start(mark: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *_WORKER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        limit=_LONGEST_ANSWER,
        env=for_own_module(os.environ) | _KEEP_MEMORY | dict(mark),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


class Prober:
    """Examines media files, about a millisecond each, in processes of its own that are started on first use.

    Requests of several tasks wait for each other. Counting packets reads whole files, so it has its own process
    and does not hold up the quick questions. `close` ends the processes; they also end with their parent.
    `mark` is put into their environment (`Launcher.mark`).
    """

    def __init__(self, mark: Mapping[str, str] | None = None) -> None:
        self._headers = _Worker(mark or {})
        self._packets = _Worker(mark or {})
        self._folders: tuple[Path, ...] | None = None
        self._isolated = False

    def within(self, folders: tuple[Path, ...] | None, *, isolated: bool) -> "Prober":
        """The same, for a task under limits: of files that name others, only those in `folders` (None: all) are read,
        and when `isolated`, nothing is asked of the network. Linux with Landlock; elsewhere it makes no difference.
        """
        view = copy.copy(self)
        view._folders, view._isolated = folders, isolated
        return view

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that run now."""
        return tuple(worker.pid for worker in (self._headers, self._packets) if worker.pid is not None)

    async def probe(self, path: Path, *, packets: bool = False, timeout: float = 30.0) -> MediaFacts:
        """What `path` contains; with `packets`, also what its packets say, which reads the whole file.

        `timeout` is in seconds, for this file alone. Raises ProbeError.
        """
        worker = self._packets if packets else self._headers
        limits = await asyncio.to_thread(self._limits, path) if self._isolated else None
        question = {"path": _address(path), "packets": packets, "limits": limits}
        request = json.dumps(question).encode("ascii") + b"\n"
        try:
            answer = await worker.ask(request, timeout)
        except TimeoutError as error:
            raise ProbeError(
                f"“{_shown(path)}” couldn't be read within {timeout:g} seconds.",
                "Check that its disk or network share is available.",
            ) from error
        except _WorkerLostError as error:
            raise ProbeError(
                f"“{_shown(path)}” crashes the media library.", "The file is probably damaged."
            ) from error
        if "facts" not in answer:
            raise ProbeError(f"“{_shown(path)}” {answer['error']}.")
        return MediaFacts.from_json(answer["facts"])

    def _limits(self, path: Path) -> dict[str, list[str] | None]:
        if self._folders is None:
            return {"read": None}
        return {"read": [*readable(Path(sys.executable)), *map(str, self._folders), _address(path)]}

    async def close(self) -> None:
        """Ends the processes."""
        await self._headers.close()
        await self._packets.close()


def _address(path: Path) -> str:
    """An absolute path, so that `http:` in a name is never a protocol; bytes travel as surrogate escapes."""
    return os.fspath(path.absolute())


def _shown(path: Path) -> str:
    return path.name.encode("utf-8", "replace").decode("utf-8")
