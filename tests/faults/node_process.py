"""One node process of a run, which can be killed, frozen, cut off and restarted."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from tests.children import signal_child
from tests.faults.clock import Clock
from tests.faults.network import Line

MARK = "FFMATE_CHAOS"
"""Environment variable of every process that a run starts, directly or not; its value identifies the run."""


class NodeProcess:
    """A node called `name` that works in `folder`. `log` is the log file of all its starts."""

    def __init__(
        self,
        name: str,
        uri: str,
        folder: Path,
        *,
        mark: str,
        line: Line,
        heartbeat: float,
        slots: int = 2,
        options: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.line = line
        self.clock = Clock(folder / f"{name} clock")
        self._folder = folder
        self._uri = uri
        self._options = ("--heartbeat", str(heartbeat), "--max-concurrent-tasks", str(slots), *options)
        self._environment = os.environ | self.clock.environment | {MARK: mark}
        self._process: asyncio.subprocess.Process | None = None
        self._mark = 0

    @property
    def work(self) -> Path:
        """The folder of its attempts' working folders."""
        return self._folder / self.name / "work"

    @property
    def log_since_start(self) -> str:
        """What it has logged since its last start."""
        return self.said[self._mark :]

    def is_ready(self) -> bool:
        """Whether it has joined since its last start."""
        return "Ready for tasks" in self.log_since_start

    @property
    def alive(self) -> bool:
        """Whether it runs, even if frozen."""
        return self._process is not None and self._process.returncode is None

    @property
    def said(self) -> str:
        """Everything it has logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    async def start(self) -> None:
        """Start it if it does not run."""
        if not self.alive:
            self._mark = len(self.said)
            self._process = await self._spawn(self._folder / self.name, self.log)

    async def start_duplicate(self) -> tuple[asyncio.subprocess.Process, Path]:
        """Start a second node of the same name in another folder; returns the process and its log."""
        name = f"{self.name} start_duplicate"
        log = self._folder / f"{name}.log"
        log.write_bytes(b"")
        return await self._spawn(self._folder / name, log), log

    async def _spawn(self, data: Path, log: Path) -> asyncio.subprocess.Process:
        command = [
            *self.line.prefix,
            sys.executable,
            "-m",
            "ffmate_desktop",
            "--no-gui",
            "--database",
            self._uri,
        ]
        command += ["--identifier", self.name, *self._options, "--drain-time", "1"]
        command += ["--data-dir", str(data), "--debug", "*:*"]
        with log.open("ab") as file:
            return await asyncio.create_subprocess_exec(
                *command, env=self._environment, stdout=file, stderr=file
            )

    def send(self, number: int) -> None:
        """Send a signal to the node itself."""
        if self.alive and self._process is not None:
            signal_child(self._process, number)

    async def ended(self) -> None:
        """Wait until the process has ended."""
        if self._process is not None:
            async with asyncio.timeout(120):
                await self._process.wait()

    def encoders(self) -> list[psutil.Process]:
        """Its ffmpeg processes that encode, without those that only print their version."""
        with suppress(psutil.Error):
            if self._process is not None:
                children = psutil.Process(self._process.pid).children(recursive=True)
                return [
                    child for child in children if "ffmpeg" in child.name() and "-progress" in child.cmdline()
                ]
        return []
