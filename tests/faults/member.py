"""One node process of a run, which may be killed, frozen, cut off and started again."""

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
"""Everything that a run starts, and all that they start, has this in its environment, with the seed."""


class Member:
    """A node called `name` that works in `folder`. `log` is what it said, all its lives long."""

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
        """Where its attempts have their folders."""
        return self._folder / self.name / "work"

    @property
    def said_this_life(self) -> str:
        """What it has logged since its last start."""
        return self.said[self._mark :]

    def is_ready(self) -> bool:
        """Whether it has joined in this life."""
        return "Ready for tasks" in self.said_this_life

    @property
    def alive(self) -> bool:
        """Whether it runs, be it frozen."""
        return self._process is not None and self._process.returncode is None

    @property
    def said(self) -> str:
        """What it has logged until now."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    async def start(self) -> None:
        """Start it unless it runs."""
        if not self.alive:
            self._mark = len(self.said)
            self._process = await self._spawn(self._folder / self.name, self.log)

    async def twin(self) -> tuple[asyncio.subprocess.Process, Path]:
        """A second node that calls itself the same, elsewhere, and what it says."""
        name = f"{self.name} twin"
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
        """A signal to the node itself."""
        if self.alive and self._process is not None:
            signal_child(self._process, number)

    async def ended(self) -> None:
        """Wait until it is gone."""
        if self._process is not None:
            async with asyncio.timeout(120):
                await self._process.wait()

    def encoders(self) -> list[psutil.Process]:
        """The ffmpegs that encode for it; those that are asked for their version at its start are not meant."""
        with suppress(psutil.Error):
            if self._process is not None:
                children = psutil.Process(self._process.pid).children(recursive=True)
                return [
                    child for child in children if "ffmpeg" in child.name() and "-progress" in child.cmdline()
                ]
        return []
