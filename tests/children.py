"""Send signals to processes that asyncio started."""

import asyncio
import contextlib

import psutil


def signal_child(process: asyncio.subprocess.Process, number: int) -> None:
    """Send a signal unless the process has ended.

    Before Python 3.13, asyncio's own method first checks whether the process has ended. That consumes the exit code,
    so asyncio's watcher logs “Unknown child process” and makes up another code.
    """
    if process.returncode is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(process.pid).send_signal(number)


def kill_child(process: asyncio.subprocess.Process) -> None:
    """Kill the process unless it has ended, with the same precaution."""
    if process.returncode is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(process.pid).kill()
