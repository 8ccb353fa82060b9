"""The node's side of its guardian: a small process that outlives the node and ends what it started (POSIX)."""

import os
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path

from ffmate_desktop import logs
from ffmate_desktop.domain.environment import for_helper

assert sys.platform != "win32"  # noqa: S101 - for the type checker; there it is a job object

_WORKER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("guardian_worker.py")))
_SHORT_LIFE = 5.0  # seconds
_MAX_FAILURES = 3


class Guardian:
    """Reports running processes to the guardian process of `owner`. Starts it when needed, and again if it dies.

    It is thread-safe. Nothing here raises: without a guardian, the parent death signal on Linux and the node's
    successor still end leftover processes.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._listed: set[int] = set()
        self._leaderless: set[int] = set()
        self._failures = 0
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        """The process ID of the guardian, if it is running."""
        return self._process.pid if self._process is not None else None

    def prepare(self) -> None:
        """Start the guardian if necessary. Call it before you start a process."""
        with self._lock:
            if self._process is None and self._failures < _MAX_FAILURES:
                self._start()

    def watch(self, pid: int) -> None:
        """Make sure that the process, which leads its own session, dies with this program."""
        with self._lock:
            self._listed.add(pid)
            self._send(b"+%d\n" % pid)
            for leader in [number for number in self._leaderless if not _has_members(number)]:
                self._unlist(leader)

    def forget(self, pid: int) -> None:
        """Stop watching an ended process, unless its group has members: those are watched and keep its PID taken."""
        with self._lock:
            if _has_members(pid):
                self._leaderless.add(pid)
            else:
                self._unlist(pid)

    def close(self) -> None:
        """Close the guardian, which ends everything that still runs. Nothing may be started afterwards."""
        with self._lock:
            self._send_owner()  # replaces a guardian that died unnoticed, so that one ends the rest
            self._failures = _MAX_FAILURES
            process, self._process = self._process, None
            if process is not None:
                _close_pipe(process)

    def _unlist(self, pid: int) -> None:
        self._listed.discard(pid)
        self._leaderless.discard(pid)
        self._send(b"-%d\n" % pid)

    def _send_owner(self) -> None:
        self._send(b"=%s\n" % self._owner.encode())

    def _send(self, line: bytes) -> None:
        process = self._process
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101 - opened as a pipe
        try:
            sent = process.stdin.write(line) is not None  # None if it would block
        except OSError:  # it has died, and `_wait_for_end` hasn't noticed yet
            sent = False
        if not sent:  # another one takes over and gets the whole list
            process.kill()
            self._on_death(process)

    def _start(self) -> None:
        try:
            # Popen closes all descriptors except the standard ones, and our end is close-on-exec. So no other process
            # has our end of the pipe, and the guardian has none of our locks, terminals or logs.
            process = subprocess.Popen(
                _WORKER, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                cwd="/", env=for_helper(os.environ), start_new_session=True,
            )  # fmt: skip
        except OSError as trouble:
            self._failures = _MAX_FAILURES
            logs.ffmpeg.warning(
                "Can't start the guardian process, so child processes may outlive this program: %s", trouble
            )
            return
        assert process.stdin is not None  # noqa: S101 - opened as a pipe
        # A stopped guardian must not block the event loop.
        os.set_blocking(process.stdin.fileno(), False)
        self._process, self._started = process, time.monotonic()
        weakref.finalize(self, _close_pipe, process)
        threading.Thread(target=_wait_for_end, args=(weakref.ref(self), process), daemon=True).start()
        self._send_owner()
        for pid in self._listed:
            self._send(b"+%d\n" % pid)

    def _on_death(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            if self._process is not process:
                return
            self._process = None
            _close_pipe(process)
            self._failures = self._failures + 1 if time.monotonic() - self._started < _SHORT_LIFE else 1
            if self._failures < _MAX_FAILURES:
                logs.ffmpeg.warning("The guardian process ended unexpectedly; restarting it")
                self._start()
            else:
                logs.ffmpeg.warning(
                    "The guardian process keeps ending, so child processes may outlive this program"
                )


def _wait_for_end(reference: "weakref.ref[Guardian]", process: "subprocess.Popen[bytes]") -> None:
    process.wait()
    guardian = reference()
    if guardian is not None:
        guardian._on_death(process)


def _close_pipe(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # macOS refuses when only zombies are left
        return False
    return True
