"""A started process with everything it started in turn: suspending, ending and killing all of it.

POSIX: the leader is the leader of its own session and process group, so one signal reaches the group at once.
What left the group is found by its session, its parent, or by the mark in its environment, which a daemon keeps
too. Windows has no groups: all are found by parents and marks.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil

from ffmate_desktop.media.processes.table import processes, with_descendants

NICE = 10
"""How far below the programs that people are looking at (POSIX nice value)."""

IO_LEVEL = 7
"""Lowest level of Linux's best-effort I/O class; the idle class would starve beside any other reader."""


class ProcessTree:
    """The tree below the process `pid`, which must have been started in a session of its own (POSIX).

    `mark` is what the environment of this tree alone has in `VARIABLE`, or empty.
    """

    def __init__(self, pid: int, mark: str = "") -> None:
        self.pid = pid
        self._mark = mark
        self._suspended: set[psutil.Process] = set()
        self._suspending = threading.Lock()
        self._leader: psutil.Process | None = None
        with suppress(psutil.NoSuchProcess):  # it has already ended
            self._leader = psutil.Process(pid)

    def lower_priority(self) -> None:
        """Let the desktop and other programs go first. Windows does this with a flag at the start."""
        if sys.platform != "win32":
            # The whole group: the process may have threads and children already, and each has a priority of its own.
            # Already less important than this, and raising needs rights; or it has ended.
            with suppress(PermissionError, ProcessLookupError):
                os.setpriority(os.PRIO_PGRP, self.pid, NICE)
        if sys.platform == "linux" and self._leader is not None:
            with suppress(psutil.AccessDenied, psutil.NoSuchProcess):
                self._leader.ionice(psutil.IOPRIO_CLASS_BE, IO_LEVEL)
            # Desktop kernels schedule by session first: inside a session of its own, nice alone does nothing.
            # Missing on many kernels, and refused when written more than ten times a second.
            with suppress(OSError), open(f"/proc/{self.pid}/autogroup", "w") as autogroup:  # noqa: PTH123 - quicker
                autogroup.write(str(NICE))

    def members(self) -> set[psutil.Process]:
        """Every living process of the tree but the leader. Takes milliseconds: call it in a thread."""
        numbers = {self.pid} if self._owns_number() else set()
        table = processes()
        roots = [
            entry.pid
            for entry in table.values()
            if not numbers.isdisjoint((entry.pid, entry.group, entry.session))
            or (self._mark and entry.mark == self._mark)
        ]
        found = set()
        for pid in with_descendants(table, roots) - {self.pid}:
            with suppress(psutil.NoSuchProcess):
                found.add(psutil.Process(pid))
        return {process for process in found if _alive(process)}

    def suspend(self) -> None:
        """Stop the leader and its group at once, until `resume`; then call `match_members`."""
        if sys.platform != "win32":
            self._signal_group(signal.SIGSTOP)
        elif self._leader is not None:
            with suppress(psutil.NoSuchProcess):
                self._leader.suspend()

    def resume(self) -> None:
        """Let the leader and its group go on; then call `match_members`."""
        if sys.platform != "win32":
            self._signal_group(signal.SIGCONT)
        elif self._leader is not None:
            with suppress(psutil.NoSuchProcess):
                self._leader.resume()

    def match_members(self, is_suspended: Callable[[], bool]) -> None:
        """Do with the members outside the group what was done with the leader; takes milliseconds, in a thread.

        `is_suspended` tells what holds now: calls that overtake each other end in the right state.
        """
        with self._suspending:
            if is_suspended():
                strays = {process for process in self.members() if not self._in_group(process.pid)}
                for process in strays - self._suspended:
                    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                        process.suspend()
                self._suspended |= strays
            else:
                for process in self._suspended:
                    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                        process.resume()
                self._suspended.clear()

    def terminate(self, members: Iterable[psutil.Process]) -> None:
        """Ask the tree to end. Windows has no way to ask a program without a console, so there it is killed."""
        if sys.platform == "win32":
            self.kill(members)
        else:
            self._signal_group(signal.SIGTERM)
            self._signal_group(signal.SIGCONT)  # whoever stopped it: a stopped process hears nothing
            for process in members:
                # The group has had its signal: ffmpeg counts them and takes several for impatience.
                if not self._in_group(process.pid):
                    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                        process.terminate()
                        process.resume()

    def kill(self, members: Iterable[psutil.Process] = ()) -> None:
        """End the leader, its group and these members now."""
        if sys.platform == "win32":
            if self._leader is not None:
                _kill(self._leader)
        else:
            self._signal_group(signal.SIGKILL)
        for process in members:
            _kill(process)

    def kill_members(self, known: set[psutil.Process], patience: float) -> set[psutil.Process]:
        """Kill until nothing below the leader is left, for at most `patience` seconds; blocks.

        `known` are members found while the leader lived. Returns those that are still alive.
        """
        deadline = time.monotonic() + patience
        while alive := {process for process in known | self.members() if _alive(process)}:
            self.kill(alive)
            if time.monotonic() > deadline:
                break
            time.sleep(0.005)
        return alive

    def _owns_number(self) -> bool:
        # A number stays taken while its group or session has members. So once the leader is gone, a process
        # with its number is a stranger, and then nothing of ours is left under that number.
        leader_lives = self._leader is not None and self._leader.is_running()
        return leader_lives or not psutil.pid_exists(self.pid)

    def _in_group(self, pid: int) -> bool:
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                return os.getpgid(pid) == self.pid
        return False

    if sys.platform != "win32":

        def _signal_group(self, number: signal.Signals) -> None:
            # macOS answers with PermissionError when only zombies are left.
            with suppress(ProcessLookupError, PermissionError):
                if self._owns_number():
                    os.killpg(self.pid, number)


def _alive(process: psutil.Process) -> bool:
    try:
        # A zombie has ended; only its parent has not looked yet, and in a container perhaps never will.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _kill(process: psutil.Process) -> None:
    # Another user's process (sudo in a script) cannot be killed: it is then reported as still alive.
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process.kill()
