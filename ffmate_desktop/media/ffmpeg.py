"""Run the ffmpeg steps of a task in order. The run is monitored and can be stopped at any time."""

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
    """How the steps ended. Exit code 0 doesn't prove that the output is good: see `verdict`."""

    code: int
    """Exit code of the last process, negative for a signal. -SIGTERM if none was started."""
    step: int
    """Number of the last step, from 0."""
    stop: StopReason | None = None
    """None if ffmpeg ended on its own."""


class FFmpegRun:
    """One run of all steps of a task. `argvs` are complete, as `command.build` returns them.

    The steps share the folder `workdir`, where a second pass finds the statistics of the first. `on_progress` is
    called about twice a second. A step is stopped if its time, frame, size and file position don't change for
    `stall_seconds`. `sandbox` limits what each step can access.
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
        self._running = asyncio.Event()
        self._running.set()

    async def run(self) -> FFmpegResult:
        """Run the steps until one fails or the run is stopped. No process is left afterwards.

        Raises UserError if ffmpeg can't be started.
        """
        code: int = -signal.SIGTERM
        for step, argv in enumerate(self._argvs):
            await self._running.wait()
            if self._stop is None:
                code = await self._run_step(step, argv)
            if code != 0 or self._stop is not None:
                return FFmpegResult(code, step, self._stop)
        return FFmpegResult(code, len(self._argvs) - 1)

    async def cancel(self) -> None:
        """Stop for good: no further step starts, all processes are dead on return, and `run` ends."""
        self._stop = self._stop or StopReason.CANCELLED
        self._running.set()
        if self._process is not None:
            await self._process.stop()

    def pause(self) -> None:
        """Suspend the running step, and start no further step until `resume`."""
        if self._stop is None:
            self._running.clear()
            if self._process is not None:
                self._process.suspend()

    def resume(self) -> None:
        """Continue after `pause`."""
        self._running.set()
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
        monitor = _ActivityMonitor(process.pid, sizes)
        parser = ProgressParser()

        def on_stdout(data: bytes) -> None:
            for sample in parser.feed(data):
                monitor.observe(sample)
                read = monitor.read_fraction() if self._meter.wants_read_fraction else None
                self._on_progress(self._meter.update(step, sample, time.monotonic(), read))

        reading = asyncio.create_task(process.wait(on_stdout, self._log.feed))
        self._process = process
        try:
            if self._stop is not None:  # requested while the process was starting, like a pause
                await process.stop()
            elif not self._running.is_set():
                process.suspend()
            await self._watch_for_stall(process, monitor, reading)
            return reading.result()
        finally:
            if not process.ended or self._stop is not None:
                await process.stop()
            reading.cancel()
            self._log.end_line()
            self._process = None

    async def _watch_for_stall(
        self, process: Process, monitor: "_ActivityMonitor", reading: asyncio.Task[int]
    ) -> None:
        # Count ticks instead of reading a clock: a sleep of the computer isn't a stall.
        tick = min(1.0, self._stall_seconds / 4)
        idle = 0.0
        while not (await asyncio.wait([reading], timeout=tick))[0]:
            idle = 0.0 if monitor.has_moved() or not self._running.is_set() else idle + tick
            if idle >= self._stall_seconds and self._stop is None:
                self._stop = StopReason.STALLED
                self._log.note(f"[stopped: no progress for {self._stall_seconds:g} seconds]")
                await process.stop()


class _ActivityMonitor:
    """Detects activity: in what ffmpeg reports, and in its positions in files."""

    def __init__(self, pid: int, sizes: dict[str, int]) -> None:
        self._pid = pid
        self._sizes = sizes
        self._reported: tuple[object, ...] = ()
        self._offset = -1
        self._moved = True

    def observe(self, sample: Sample) -> None:
        """Record what ffmpeg reports."""
        reported = (sample.frame, sample.size, sample.out_time)
        self._moved |= reported != self._reported
        self._reported = reported

    def has_moved(self) -> bool:
        """Return whether anything has changed since the last call."""
        position = read_position(self._pid, self._sizes)
        # A changed file position alone is activity, too: seeking to a start time, or moving the index of a finished
        # file.
        moved = self._moved or (position is not None and position.offset != self._offset)
        self._offset = -1 if position is None else position.offset
        self._moved = False
        return moved

    def read_fraction(self) -> float | None:
        """Return the share of the inputs that has been read."""
        position = read_position(self._pid, self._sizes)
        return None if position is None else position.fraction
