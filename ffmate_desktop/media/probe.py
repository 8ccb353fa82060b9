"""Examine media files in a separate process, which may crash or hang without harm."""

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
_EXIT_PATIENCE = 1.0
# Each probe allocates megabytes for decoders and buffers. The C library of Linux would return them to the kernel
# each time and request them again page by page. Other systems ignore these variables.
_KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
}
_INDEXED = frozenset({"flac", "gif", "mov,mp4,m4a,3gp,3g2,mj2", "tta", "wv"})
_MAX_ANSWER = 4 << 20  # bytes; thousands of streams


class ProbeError(UserError):
    """The file can't be examined. The message is a complete sentence for people."""


@dataclass(frozen=True)
class StreamFacts:
    """One stream of a media file. Durations are in seconds, None if the file doesn't have them.

    `packets`, `packet_seconds` (from the first to the end of the last packet) and `packet_end` (that end, on the
    file's own clock) are measured, not read from the header. They are None unless the packets were counted.
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
        """Whether the stream is video or audio. A cover picture is neither."""
        return self.kind in ("video", "audio") and not self.is_attached_picture


@dataclass(frozen=True)
class MediaFacts:
    """A media file: ffmpeg's name of its container, duration in seconds, size in bytes, bit rate in bits/s.

    `promised_size` is the size in bytes according to the header, None if the header has none.
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
        """The duration according to the header, even if the index is damaged."""
        lengths = [self.duration, *(self.counted_seconds(stream) for stream in self.streams)]
        return max((length for length in lengths if length is not None), default=None)

    @property
    def shows_truncation(self) -> bool:
        """Whether the header or the index of a truncated file shows that it is truncated."""
        return self.is_image or self.promised_size is not None or self.container in _INDEXED

    def counted_seconds(self, stream: StreamFacts) -> float | None:
        """Return the duration from the frame count in the header. None if the header has the duration itself."""
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
        """The longest measured video or audio stream. None unless packets were counted and had timestamps."""
        spans = [s.packet_seconds for s in self.streams if s.is_timed and s.packet_seconds is not None]
        return max(spans, default=None)

    @property
    def reached(self) -> float | None:
        """The end of the measured packets: their length, or their end time if the clock didn't start at 0.

        Subtitles count, because some headers count them.
        """
        ends = [stream.packet_end for stream in self.streams if stream.packet_end is not None]
        return max((end for end in (self.packet_seconds, *ends) if end is not None), default=None)

    @property
    def packets(self) -> int | None:
        """The number of packets in all streams. None unless they were counted."""
        counts = [stream.packets for stream in self.streams if stream.packets is not None]
        return sum(counts) if counts else None

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "MediaFacts":
        """Inverse of `to_json`. Ignores unknown fields of newer nodes. Raises ValueError for wrong ones."""
        return _FACTS.validate_python(value)


_FACTS = TypeAdapter(MediaFacts)


class _WorkerLostError(Exception):
    """The worker ended before it answered."""


class _Worker:
    """One probe process. It starts on first use and is replaced after a crash, a hang or an interruption."""

    def __init__(self, mark: Mapping[str, str]) -> None:
        self._mark = mark
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def ask(self, request: bytes, timeout: float) -> dict[str, Any]:
        """Return the answer to a request line. Raises TimeoutError, and _WorkerLostError if the worker dies twice."""
        async with self._turn:
            try:
                return await self._ask(request, timeout)
            except _WorkerLostError:  # it may have died earlier, for another reason
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
            if not answered:  # it is dead, or a late answer would be mistaken for the next one
                await self._end()

    async def _exchange(self, request: bytes) -> dict[str, Any]:
        process = self._process = self._process or await _start(self._mark)
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - created as pipes
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
        assert process.stdin is not None  # noqa: S101 - created as a pipe
        process.stdin.close()  # it exits on its own, even in the middle of a file
        try:
            async with asyncio.timeout(_EXIT_PATIENCE):
                await process.wait()
        except TimeoutError:
            kill_child(process.pid)
            await process.wait()


def kill_child(pid: int) -> None:
    """Kill a process that asyncio waits for.

    Before Python 3.13, asyncio's own `kill` first polls the process, which consumes the exit code.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).kill()


async def _start(mark: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *_WORKER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        limit=_MAX_ANSWER,
        env=for_own_module(os.environ) | _KEEP_MEMORY | dict(mark),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


class Prober:
    """Examines media files in its own processes, about a millisecond each. The processes start on first use.

    Requests of several tasks wait for each other. Counting packets reads whole files, so it has a separate process
    and doesn't delay quick requests. `close` ends the processes; they also end with their parent. `mark` is added to
    their environment (`Launcher.new_mark`).
    """

    def __init__(self, mark: Mapping[str, str] | None = None) -> None:
        self._headers = _Worker(mark or {})
        self._packets = _Worker(mark or {})
        self._folders: tuple[Path, ...] | None = None
        self._isolated = False

    def within(self, folders: tuple[Path, ...] | None, *, isolated: bool) -> "Prober":
        """Return a prober for a task with limits, which only have an effect on Linux with Landlock.

        If a file refers to others, only those in `folders` (None: all) are read. `isolated`: no network access.
        """
        view = copy.copy(self)
        view._folders, view._isolated = folders, isolated
        return view

    @property
    def pids(self) -> tuple[int, ...]:
        """The running processes."""
        return tuple(worker.pid for worker in (self._headers, self._packets) if worker.pid is not None)

    async def probe(self, path: Path, *, packets: bool = False, timeout: float = 30.0) -> MediaFacts:
        """Examine `path`. With `packets`, also measure its packets, which reads the whole file.

        `timeout` is in seconds, for this file alone. Raises ProbeError.
        """
        worker = self._packets if packets else self._headers
        limits = await asyncio.to_thread(self._limits, path) if self._isolated else None
        request_fields = {"path": _address(path), "packets": packets, "limits": limits}
        request = json.dumps(request_fields).encode("ascii") + b"\n"
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
        """End the processes."""
        await self._headers.close()
        await self._packets.close()


def _address(path: Path) -> str:
    """Return an absolute path, so that `http:` in a name is never a protocol. Bytes become surrogate escapes."""
    return os.fspath(path.absolute())


def _shown(path: Path) -> str:
    return path.name.encode("utf-8", "replace").decode("utf-8")
