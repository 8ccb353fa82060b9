"""A started process with everything it started in turn: suspending, ending and killing all of it.

POSIX: the leader is the leader of its own session and process group, so one signal reaches the group at
once; what left the group is found by its session or its parent. Windows: found by parents alone.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

import psutil

NICE = 10
"""How far below the programs that people are looking at (POSIX nice value)."""

IO_LEVEL = 7
"""Lowest level of Linux's best-effort I/O class; the idle class would starve beside any other reader."""


class ProcessTree:
    """The tree below the process `pid`, which must have been started in a session of its own (POSIX)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._leader: psutil.Process | None = None
        with suppress(psutil.NoSuchProcess):  # it has already ended
            self._leader = psutil.Process(pid)

    def lower_priority(self) -> None:
        """Let the desktop and other programs go first. Windows does this with a flag at the start."""
        if sys.platform != "win32" and self._leader is not None:
            # Already less important than this, and raising needs rights; or it has ended.
            with suppress(psutil.AccessDenied, psutil.NoSuchProcess):
                self._leader.nice(NICE)
        if sys.platform == "linux" and self._leader is not None:
            with suppress(psutil.AccessDenied, psutil.NoSuchProcess):
                self._leader.ionice(psutil.IOPRIO_CLASS_BE, IO_LEVEL)
            # Desktop kernels schedule by session first: inside a session of its own, nice alone does nothing.
            # Missing on many kernels, and refused when written more than ten times a second.
            with suppress(OSError), open(f"/proc/{self.pid}/autogroup", "w") as autogroup:  # noqa: PTH123
                autogroup.write(str(NICE))

    def members(self) -> set[psutil.Process]:
        """Every living process below the leader, without it. Takes milliseconds: call it in a thread."""
        roots = set() if self._leader is None else {self._leader}
        if self._owns_number():
            roots |= _session(self.pid)
        found = set(roots)
        for root in roots:
            with suppress(psutil.NoSuchProcess):
                found.update(root.children(recursive=True))
        return {process for process in found if process.pid != self.pid and _alive(process)}

    def suspend(self) -> None:
        """Stop the tree where it stands, until `resume`."""
        if sys.platform == "win32":
            for process in self._everyone():
                with suppress(psutil.NoSuchProcess):
                    process.suspend()
        else:
            self._signal_group(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a suspended tree go on."""
        if sys.platform == "win32":
            for process in self._everyone():
                with suppress(psutil.NoSuchProcess):
                    process.resume()
        else:
            self._signal_group(signal.SIGCONT)

    def terminate(self, members: Iterable[psutil.Process]) -> None:
        """Ask the tree to end. Windows has no way to ask a program without a console, so there it is killed."""
        if sys.platform == "win32":
            self.kill(members)
        else:
            self._signal_group(signal.SIGTERM)
            for process in members:
                # The group has had its signal: ffmpeg counts them and takes several for impatience.
                with suppress(psutil.NoSuchProcess, ProcessLookupError, psutil.AccessDenied):
                    if os.getpgid(process.pid) != self.pid:
                        process.terminate()

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

    def _everyone(self) -> set[psutil.Process]:
        return self.members() | (set() if self._leader is None else {self._leader})

    if sys.platform != "win32":

        def _signal_group(self, number: signal.Signals) -> None:
            # macOS answers with PermissionError when only zombies are left.
            with suppress(ProcessLookupError, PermissionError):
                if self._owns_number():
                    os.killpg(self.pid, number)


def _session(leader: int) -> set[psutil.Process]:
    """The processes of a session, also those whose parents have ended; Windows has no such thing."""
    found: set[psutil.Process] = set()
    if sys.platform != "win32":
        for pid in psutil.pids():
            with suppress(OSError, psutil.NoSuchProcess):  # ended meanwhile, or not ours to ask about
                if os.getsid(pid) == leader:
                    found.add(psutil.Process(pid))
    return found


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
