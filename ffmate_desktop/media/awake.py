"""Keeps the computer from going to sleep by itself, as each system wants to be asked; the screen may go dark."""

import contextlib
import os
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence

from ffmate_desktop import logs
from ffmate_desktop.domain.environment import for_desktop

_PATIENCE = 2.0
"""Seconds that a helper may take to end."""

if sys.platform == "win32":
    import ctypes

    _CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x00000001

    def _set_state(state: int) -> bool:
        set_state = ctypes.WinDLL("kernel32").SetThreadExecutionState
        set_state.argtypes, set_state.restype = (ctypes.c_uint32,), ctypes.c_uint32
        return bool(set_state(state))


class Inhibitor(ABC):
    """Call it always from the same thread: on Windows the wish belongs to it. It ends with the program, however."""

    @property
    @abstractmethod
    def held(self) -> bool:
        """The system keeps awake for us."""

    @abstractmethod
    def hold(self) -> None:
        """Keep awake; nothing happens when it does already, or where the system cannot."""

    @abstractmethod
    def release(self) -> None:
        """Sleep is allowed again."""

    def close(self) -> None:
        """Release it for good."""
        self.release()


class HelperInhibitor(Inhibitor):
    """Through a program that keeps awake while it runs, and ends when its input or this program does."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = argv
        self._helper: subprocess.Popen[bytes] | None = None
        self._ending: list[subprocess.Popen[bytes]] = []

    @property
    def held(self) -> bool:
        """The helper runs."""
        return self._helper is not None and self._helper.poll() is None

    def hold(self) -> None:
        """Start the helper."""
        if self.held:
            return
        self.release()
        nothing = subprocess.DEVNULL
        try:
            self._helper = subprocess.Popen(  # apart from Ctrl+C in the terminal, which is meant for us
                self._argv,
                env=for_desktop(os.environ),
                stdin=subprocess.PIPE,
                stdout=nothing,
                stderr=nothing,
                start_new_session=True,
            )
        except OSError as error:
            logs.root.info("This computer may go to sleep while it encodes: %s", error)

    def release(self) -> None:
        """Tell the helper to end, without waiting."""
        helper, self._helper = self._helper, None
        if helper is not None:
            if helper.poll() is not None:
                code = helper.returncode
                logs.root.info("This computer could have gone to sleep: %s ended (%d)", self._argv[0], code)
            helper.terminate()
            if helper.stdin is not None:
                helper.stdin.close()
            self._ending.append(helper)
        self._ending = [one for one in self._ending if one.poll() is None]

    def close(self) -> None:
        """Release it, and wait until every helper is gone; blocks for two seconds at most for each."""
        self.release()
        for helper in self._ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                helper.wait(_PATIENCE)
            if helper.poll() is None:
                helper.kill()
                helper.wait()
        self._ending.clear()


class ThreadStateInhibitor(Inhibitor):
    """Windows: the wish of a thread, until it takes it back or ends."""

    held = False

    def hold(self) -> None:
        """Wish for it."""
        if sys.platform == "win32" and not self.held:
            self.held = _set_state(_CONTINUOUS | _SYSTEM_REQUIRED)

    def release(self) -> None:
        """Take it back."""
        if sys.platform == "win32" and self.held:
            self.held = not _set_state(_CONTINUOUS)


class NoInhibitor(Inhibitor):
    """Where the system has nothing to ask."""

    held = False

    def hold(self) -> None:
        """Nothing."""

    def release(self) -> None:
        """Nothing."""


def find_inhibitor() -> Inhibitor:
    """The one for this system."""
    if sys.platform == "win32":
        return ThreadStateInhibitor()
    if sys.platform == "darwin":
        return HelperInhibitor(["caffeinate", "-i", "-w", str(os.getpid())])
    helper = shutil.which("systemd-inhibit")
    if helper is None:  # without systemd
        return NoInhibitor()
    words = ("--what=idle:sleep", "--who=FFmate Desktop", "--why=Encoding", "--mode=block")
    return HelperInhibitor([helper, *words, "cat"])
