"""A process tree that is hard to find and to kill, for tests of everything that ends process trees."""

import asyncio
import os
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil

PATIENCE = 60.0
"""Seconds after which a test fails."""

NAMES = ("leader", "member", "stray", "daemon", "bare")
"""The members of the tree.

member: in the group; stray: in its own session; daemon: without parent and session; bare: in the group, but without
an environment.
"""

_CODE = """
    import os, signal, subprocess, sys, time

    def note(name):
        with open(name + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(name + ".new", name)

    def beat():
        with open("beats." + str(os.getpid()), "a") as file:
            while True:
                file.write(".")
                file.flush()
                time.sleep(0.002)

    if len(sys.argv) == 2:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note(sys.argv[1])
        beat()
    words = [sys.executable, "-S", __file__]
    subprocess.Popen([*words, "member"])
    subprocess.Popen([*words, "bare"], env={})
    subprocess.Popen([*words, "stray"], start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [*words, "daemon"])
        os._exit(0)
    os.wait3(0)
    os.execv(sys.executable, [*words, "leader"])
"""


def command(folder: Path) -> list[str]:
    """Return the command that starts the tree in `folder`."""
    script = folder / "family.py"
    script.write_text(textwrap.dedent(_CODE))
    return [sys.executable, "-S", str(script)]


def pids(folder: Path) -> dict[str, int]:
    """Wait until all processes have started and return their PIDs."""
    until(lambda: all((folder / name).exists() for name in NAMES))
    return {name: int((folder / name).read_text()) for name in NAMES}


def beats(folder: Path, pid: int) -> int:
    """Return how often this process has done something."""
    path = folder / f"beats.{pid}"
    return path.stat().st_size if path.exists() else 0


def lives(pid: int) -> bool:
    """Return whether the process is alive."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def alive(numbers: dict[str, int]) -> list[str]:
    """Return the names of the living processes."""
    return [name for name, pid in numbers.items() if lives(pid)]


async def shortly(condition: Callable[[], object]) -> None:
    """Wait for a condition outside of this program, without blocking the event loop."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


def until(condition: object, timeout: float = PATIENCE) -> None:
    """Wait for a condition outside of this program."""
    assert callable(condition)
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout:g} s"
        time.sleep(0.01)


def kill(numbers: dict[str, int]) -> None:
    """Kill what a failed test left."""
    for pid in numbers.values():
        if lives(pid):
            os.kill(pid, 9)
