"""Signals to processes that asyncio started."""

import asyncio
import contextlib

import psutil


def signal_child(process: asyncio.subprocess.Process, number: int) -> None:
    """Send a signal, unless it has ended.

    Before Python 3.13 asyncio's own way asks first whether the process has ended. That takes the exit code away from
    whoever waits for it, who then logs “Unknown child process” and makes up another.
    """
    if process.returncode is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(process.pid).send_signal(number)


def kill_child(process: asyncio.subprocess.Process) -> None:
    """The same with what nobody can refuse."""
    if process.returncode is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(process.pid).kill()
