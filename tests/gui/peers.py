"""Nodes in separate processes, which tests can freeze and kill."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from tests.children import kill_child, signal_child


class Peer:
    """A node process started from the command line. `log` is its output."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name, self.log, self._process = name, log, process
        self.is_frozen = False

    def freeze(self) -> None:
        """Suspend the process. Its encodes continue, but nothing reports them."""
        psutil.Process(self._process.pid).suspend()
        self.is_frozen = True

    def kill(self) -> None:
        """Kill it and its children without a goodbye, like a power cut."""
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
        kill_child(self._process)

    async def exit_code(self) -> int:
        """Wait for it to exit; returns its exit code."""
        async with asyncio.timeout(60):
            return await self._process.wait()


@asynccontextmanager
async def open_peer(
    name: str, uri: str, folder: Path, *, heartbeat: float = 1.0, slots: int = 1, labels: tuple[str, ...] = ()
) -> AsyncIterator[Peer]:
    """A node process until the block ends; then SIGTERM."""
    words = [sys.executable, "-m", "ffmate_desktop", "--no-gui", "--database", uri, "--identifier", name]
    words += ["--heartbeat", str(heartbeat), "--max-concurrent-tasks", str(slots), "--drain-time", "0"]
    words += ["--data-dir", str(folder / f"peer {name}")]
    words += [word for label in labels for word in ("--label", label)]
    log = folder / f"{name}.log"
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(*words, env=os.environ, stdout=file, stderr=file)
    peer = Peer(name, process, log)
    try:
        yield peer
    finally:
        if peer.is_frozen:  # a suspended process ignores SIGTERM
            peer.kill()
        else:
            signal_child(process, signal.SIGTERM)
        try:
            await peer.exit_code()
        finally:
            peer.kill()
