"""Runs the ffmpeg steps of one task: in order, watched, and stoppable at any moment."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from ffmate_desktop.domain.environment import for_media
from ffmate_desktop.domain.grammar import format_command
from ffmate_desktop.media.log_capture import LogCapture
from ffmate_desktop.media.processes.process import Launcher, Process
from ffmate_desktop.media.processes.sandbox import Sandbox
from ffmate_desktop.media.progress import Progress, ProgressMeter, ProgressParser, Sample
from ffmate_desktop.media.read_position import input_sizes, read_position


class StopReason(StrEnum):
    """Why we stopped ffmpeg."""

    CANCELLED = "cancelled"
    STALLED = "stalled"


@dataclass(frozen=True)
class FFmpegResult:
    """How the steps ended; whether the output is good is not known yet, for ffmpeg's code 0 promises nothing."""

    code: int
    """Exit code of the last process that ran, negative for a signal; as if terminated when none was started."""
    step: int
    """Number of the step that was last, from 0."""
    stop: StopReason | None = None
    """None if ffmpeg ended by itself."""


class FFmpegRun:
    """One run through the steps of a task; `argvs` are complete, as `command.build` makes them.

    The steps share the folder `workdir`, where passes find each other's statistics. `on_progress` is called about
    twice a second. A step that shows no change of time, frame, size or file position for `stall_seconds` is stopped.
    `sandbox` is what the kernel lets each step touch.
    """

    def __init__(
        self,
        argvs: Sequence[Sequence[str]],
        *,
        launcher: Launcher,
        workdir: Path,
        log: LogCapture,
        meter: ProgressMeter,
        on_progress: Callable[[Progress], object],
        stall_seconds: float,
        sandbox: Sandbox | None = None,
    ) -> None:
        if not argvs or len(argvs) != meter.steps:
            raise ValueError(f"{len(argvs)} steps to run, {meter.steps} to measure")
        self._argvs = argvs
        self._sandbox = sandbox
        self._launcher = launcher
        self._workdir = workdir
        self._log = log
        self._meter = meter
        self._on_progress = on_progress
        self._stall_seconds = stall_seconds
        self._stop: StopReason | None = None
        self._process: Process | None = None
        self._may_go = asyncio.Event()
        self._may_go.set()

    async def run(self) -> FFmpegResult:
        """Run the steps until one fails or the run is stopped; afterwards no process of it is left.

        Raises UserError when ffmpeg cannot be started.
        """
        code: int = -signal.SIGTERM
        for step, argv in enumerate(self._argvs):
            await self._may_go.wait()
            if self._stop is None:
                code = await self._run_step(step, argv)
            if code != 0 or self._stop is not None:
                return FFmpegResult(code, step, self._stop)
        return FFmpegResult(code, len(self._argvs) - 1)

    async def cancel(self) -> None:
        """Stop for good: nothing is started any more, what runs is dead when this returns, and `run` ends."""
        self._stop = self._stop or StopReason.CANCELLED
        self._may_go.set()
        if self._process is not None:
            await self._process.stop()

    def pause(self) -> None:
        """Suspend what runs and start nothing until `resume`."""
        if self._stop is None:
            self._may_go.clear()
            if self._process is not None:
                self._process.suspend()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._may_go.set()
        self._meter.forget_pace()
        if self._process is not None:
            self._process.resume()

    async def _run_step(self, step: int, argv: Sequence[str]) -> int:
        self._log.note("$ " + format_command([argv]))
        urls = [value for option, value in pairwise(argv) if option == "-i"]
        sizes: dict[str, int] = {}
        if self._meter.wants_read_fraction:
            sizes = await asyncio.to_thread(input_sizes, urls, self._workdir)
        limited = self._sandbox is not None and self._sandbox.isolated
        process = await self._launcher.spawn(
            argv,
            cwd=self._workdir,
            env=for_media(os.environ, limited=limited) | {"TMPDIR": str(self._workdir)},
            sandbox=self._sandbox,
        )
        watch = _Watch(process.pid, sizes)
        parser = ProgressParser()

        def on_stdout(data: bytes) -> None:
            for sample in parser.feed(data):
                watch.see(sample)
                read = watch.read_fraction() if self._meter.wants_read_fraction else None
                self._on_progress(self._meter.update(step, sample, time.monotonic(), read))

        reading = asyncio.create_task(process.wait(on_stdout, self._log.feed))
        self._process = process
        try:
            if self._stop is not None:  # asked for while the process was starting, as the pause
                await process.stop()
            elif not self._may_go.is_set():
                process.suspend()
            await self._attend(process, watch, reading)
            return reading.result()
        finally:
            if not process.ended or self._stop is not None:
                await process.stop()
            reading.cancel()
            self._log.end_line()
            self._process = None

    async def _attend(self, process: Process, watch: "_Watch", reading: asyncio.Task[int]) -> None:
        # Time is counted in ticks, not read from a clock: a computer that wakes from sleep has stalled nothing.
        tick = min(1.0, self._stall_seconds / 4)
        idle = 0.0
        while not (await asyncio.wait([reading], timeout=tick))[0]:
            idle = 0.0 if watch.moved() or not self._may_go.is_set() else idle + tick
            if idle >= self._stall_seconds and self._stop is None:
                self._stop = StopReason.STALLED
                self._log.note(f"[stopped: no progress for {self._stall_seconds:g} seconds]")
                await process.stop()


class _Watch:
    """Looks for signs of life: what ffmpeg reports, and where it stands in its files."""

    def __init__(self, pid: int, sizes: dict[str, int]) -> None:
        self._pid = pid
        self._sizes = sizes
        self._reported: tuple[object, ...] = ()
        self._offset = -1
        self._moved = True

    def see(self, sample: Sample) -> None:
        """Take in what ffmpeg reports."""
        reported = (sample.frame, sample.size, sample.out_time)
        self._moved |= reported != self._reported
        self._reported = reported

    def moved(self) -> bool:
        """Whether anything has changed since the last call."""
        position = read_position(self._pid, self._sizes)
        # Moving in its files alone is work too: searching for a start, or rewriting a finished file for the web.
        moved = self._moved or (position is not None and position.offset != self._offset)
        self._offset = -1 if position is None else position.offset
        self._moved = False
        return moved

    def read_fraction(self) -> float | None:
        """Share of the inputs that has been read."""
        position = read_position(self._pid, self._sizes)
        return None if position is None else position.fraction
