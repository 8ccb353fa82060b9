"""The node's side of its guardian, the small process that outlives the node to end what it started (POSIX)."""

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
_MOST_FAILURES = 3


class Guardian:
    """Tells the guardian process of `owner` what runs; starts it when needed, and again when it died.

    May be used from any thread. Nothing here raises: a node without a guardian still has the kernel's leash on
    Linux, and its successor.
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
        """The guardian process, if there is one."""
        return self._process.pid if self._process is not None else None

    def prepare(self) -> None:
        """Have a guardian process; to be called before a process is started."""
        with self._lock:
            if self._process is None and self._failures < _MOST_FAILURES:
                self._start()

    def watch(self, pid: int) -> None:
        """The process, which leads a session of its own, shall die with this program."""
        with self._lock:
            self._listed.add(pid)
            self._tell(b"+%d\n" % pid)
            for leader in [number for number in self._leaderless if not _has_members(number)]:
                self._leave(leader)

    def forget(self, pid: int) -> None:
        """The process has ended; what it left in its group is still watched, and so its number stays taken."""
        with self._lock:
            if _has_members(pid):
                self._leaderless.add(pid)
            else:
                self._leave(pid)

    def close(self) -> None:
        """Nothing is started any more: what still runs is ended."""
        with self._lock:
            self._introduce()  # one that has died unnoticed is replaced, so that somebody is there to end the rest
            self._failures = _MOST_FAILURES
            process, self._process = self._process, None
            if process is not None:
                _hang_up(process)

    def _leave(self, pid: int) -> None:
        self._listed.discard(pid)
        self._leaderless.discard(pid)
        self._tell(b"-%d\n" % pid)

    def _introduce(self) -> None:
        self._tell(b"=%s\n" % self._owner.encode())

    def _tell(self, line: bytes) -> None:
        process = self._process
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101 - asked for as a pipe
        try:
            heard = process.stdin.write(line) is not None  # None where it would have to wait
        except OSError:  # it has died, and `_attend` does not know yet
            heard = False
        if not heard:  # another takes over, and is told everything
            process.kill()
            self._lost(process)

    def _start(self) -> None:
        try:
            # Popen closes all descriptors but the three, and ours is close-on-exec: nobody else holds our end,
            # and the guardian holds no lock, terminal or log of ours.
            process = subprocess.Popen(
                _WORKER, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                cwd="/", env=for_helper(os.environ), start_new_session=True,
            )  # fmt: skip
        except OSError as trouble:
            self._failures = _MOST_FAILURES
            logs.ffmpeg.warning(
                "Can't start the guardian process, so child processes may outlive this program: %s", trouble
            )
            return
        assert process.stdin is not None  # noqa: S101 - asked for as a pipe
        # A guardian that is stopped must not stop the event loop.
        os.set_blocking(process.stdin.fileno(), False)
        self._process, self._started = process, time.monotonic()
        weakref.finalize(self, _hang_up, process)
        threading.Thread(target=_attend, args=(weakref.ref(self), process), daemon=True).start()
        self._introduce()
        for pid in self._listed:
            self._tell(b"+%d\n" % pid)

    def _lost(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            if self._process is not process:
                return
            self._process = None
            _hang_up(process)
            self._failures = self._failures + 1 if time.monotonic() - self._started < _SHORT_LIFE else 1
            if self._failures < _MOST_FAILURES:
                logs.ffmpeg.warning("The guardian process ended unexpectedly; restarting it")
                self._start()
            else:
                logs.ffmpeg.warning(
                    "The guardian process keeps ending, so child processes may outlive this program"
                )


def _attend(reference: "weakref.ref[Guardian]", process: "subprocess.Popen[bytes]") -> None:
    process.wait()
    guardian = reference()
    if guardian is not None:
        guardian._lost(process)


def _hang_up(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # macOS refuses when only zombies are left
        return False
    return True
