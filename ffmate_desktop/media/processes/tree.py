"""Suspend, end and kill a process together with everything that it started.

On POSIX, the process leads its own session and process group, so one signal reaches the whole group. Processes that
left the group are found by their session, their parent, or the mark in their environment, which even daemons keep.
Windows has no groups: all are found by parents and marks.
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
"""The POSIX nice value: lower priority than the programs that people use."""

IO_LEVEL = 7
"""Lowest level of Linux's best-effort I/O class. The idle class would starve next to any other reader."""


class ProcessTree:
    """The tree below the process `pid`, which must have been started in its own session (POSIX).

    `mark` is the unique value of `VARIABLE` in the environment of this tree, or empty.
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
        """Give way to the desktop and other programs. Windows does this with a flag at the start."""
        if sys.platform != "win32":
            # The whole group: the process may already have threads and children, each with its own priority.
            # Fails if the priority is already lower, since raising it needs privileges, or if it has ended.
            with suppress(PermissionError, ProcessLookupError):
                os.setpriority(os.PRIO_PGRP, self.pid, NICE)
        if sys.platform == "linux" and self._leader is not None:
            with suppress(psutil.AccessDenied, psutil.NoSuchProcess):
                self._leader.ionice(psutil.IOPRIO_CLASS_BE, IO_LEVEL)
            # Desktop kernels schedule by session first: inside its own session, nice alone has no effect.
            # Many kernels don't have it, and it can't be written more than ten times a second.
            with suppress(OSError), open(f"/proc/{self.pid}/autogroup", "w") as autogroup:  # noqa: PTH123 - faster
                autogroup.write(str(NICE))

    def members(self) -> set[psutil.Process]:
        """Return the living processes of the tree without the leader. Takes milliseconds: call it in a thread."""
        leaders = {self.pid} if self._owns_pid() else set()
        table = processes()
        roots = [
            entry.pid
            for entry in table.values()
            if not leaders.isdisjoint((entry.pid, entry.group, entry.session))
            or (self._mark and entry.mark == self._mark)
        ]
        found = set()
        for pid in with_descendants(table, roots) - {self.pid}:
            with suppress(psutil.NoSuchProcess):
                found.add(psutil.Process(pid))
        return {process for process in found if _alive(process)}

    def suspend(self) -> None:
        """Suspend the leader and its group immediately. Then call `match_members`."""
        if sys.platform != "win32":
            self._signal_group(signal.SIGSTOP)
        elif self._leader is not None:
            with suppress(psutil.NoSuchProcess):
                self._leader.suspend()

    def resume(self) -> None:
        """Continue the leader and its group. Then call `match_members`."""
        if sys.platform != "win32":
            self._signal_group(signal.SIGCONT)
        elif self._leader is not None:
            with suppress(psutil.NoSuchProcess):
                self._leader.resume()

    def match_members(self, is_suspended: Callable[[], bool]) -> None:
        """Suspend or continue the members outside the group, like the leader. Takes milliseconds, in a thread.

        `is_suspended` returns the current state, so that overlapping calls end in the right state.
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
        """Ask the tree to end. Windows can't ask a program without a console, so there the tree is killed."""
        if sys.platform == "win32":
            self.kill(members)
        else:
            self._signal_group(signal.SIGTERM)
            self._signal_group(signal.SIGCONT)  # a stopped process doesn't handle SIGTERM
            for process in members:
                # Only outside the group, which has had its signal: ffmpeg counts signals and exits hard after
                # several.
                if not self._in_group(process.pid):
                    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                        process.terminate()
                        process.resume()

    def kill(self, members: Iterable[psutil.Process] = ()) -> None:
        """Kill the leader, its group and these members."""
        if sys.platform == "win32":
            if self._leader is not None:
                _kill(self._leader)
        else:
            self._signal_group(signal.SIGKILL)
        for process in members:
            _kill(process)

    def kill_members(self, known: set[psutil.Process], patience: float) -> set[psutil.Process]:
        """Kill until nothing below the leader is left, for at most `patience` seconds. Blocks.

        `known` are members found while the leader lived. Return those that are still alive.
        """
        deadline = time.monotonic() + patience
        while alive := {process for process in known | self.members() if _alive(process)}:
            self.kill(alive)
            if time.monotonic() > deadline:
                break
            time.sleep(0.005)
        return alive

    def _owns_pid(self) -> bool:
        # A PID stays taken while its group or session has members. So after the leader has ended, a process with
        # its PID is a stranger, and the group has no members left.
        leader_lives = self._leader is not None and self._leader.is_running()
        return leader_lives or not psutil.pid_exists(self.pid)

    def _in_group(self, pid: int) -> bool:
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                return os.getpgid(pid) == self.pid
        return False

    if sys.platform != "win32":

        def _signal_group(self, number: signal.Signals) -> None:
            # macOS raises PermissionError if only zombies are left.
            with suppress(ProcessLookupError, PermissionError):
                if self._owns_pid():
                    os.killpg(self.pid, number)


def _alive(process: psutil.Process) -> bool:
    try:
        # A zombie has ended, but its parent hasn't reaped it yet, and in a container may never do so.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _kill(process: psutil.Process) -> None:
    # Another user's process (sudo in a script) can't be killed. It is reported as still alive.
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        process.kill()
