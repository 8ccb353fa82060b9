"""Keep the computer from going to sleep on its own, in the way each system provides."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from ffmate_desktop import logs
from ffmate_desktop.domain.environment import for_desktop
from ffmate_desktop.domain.sleep_inhibitor import SleepInhibitor

_PATIENCE = 2.0
"""Seconds to wait for a helper program to end."""

if sys.platform == "win32":
    import ctypes

    _CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x00000001

    def _set_state(state: int) -> bool:
        set_state = ctypes.WinDLL("kernel32").SetThreadExecutionState
        set_state.argtypes, set_state.restype = (ctypes.c_uint32,), ctypes.c_uint32
        return bool(set_state(state))


class HelperInhibitor(SleepInhibitor):
    """Runs a helper program that keeps the computer awake until its standard input closes or this program ends."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = argv
        self._helper: subprocess.Popen[bytes] | None = None
        self._ending: list[subprocess.Popen[bytes]] = []

    @property
    def held(self) -> bool:
        return self._helper is not None and self._helper.poll() is None

    def hold(self) -> None:
        """Start the helper."""
        if self.held:
            return
        self.release()
        try:
            self._helper = subprocess.Popen(
                self._argv,
                env=for_desktop(os.environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl+C in the terminal is for this program, not for the helper
            )
        except OSError as error:
            logs.root.info("This computer may go to sleep during encoding: %s", error)

    def release(self) -> None:
        """End the helper, without waiting for it."""
        helper, self._helper = self._helper, None
        if helper is not None:
            if helper.poll() is not None:
                code = helper.returncode
                logs.root.info(
                    "This computer may have gone to sleep: %s ended (code %d)", self._argv[0], code
                )
            helper.terminate()
            if helper.stdin is not None:
                helper.stdin.close()
            self._ending.append(helper)
        self._ending = [helper for helper in self._ending if helper.poll() is None]

    def close(self) -> None:
        """Release it and wait until every helper has ended. Blocks for at most two seconds per helper."""
        self.release()
        for helper in self._ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                helper.wait(_PATIENCE)
            if helper.poll() is None:
                helper.kill()
                helper.wait()
        self._ending.clear()


class ThreadStateInhibitor(SleepInhibitor):
    """Windows: an execution state of this thread, until it is cleared or the thread ends."""

    held = False

    def hold(self) -> None:
        """Set the state."""
        if sys.platform == "win32" and not self.held:
            self.held = _set_state(_CONTINUOUS | _SYSTEM_REQUIRED)

    def release(self) -> None:
        """Clear the state."""
        if sys.platform == "win32" and self.held:
            self.held = not _set_state(_CONTINUOUS)


class NoInhibitor(SleepInhibitor):
    """For systems without a way to prevent sleep."""

    held = False

    def hold(self) -> None:
        """Do nothing."""

    def release(self) -> None:
        """Do nothing."""


def find_inhibitor() -> SleepInhibitor:
    """Return the inhibitor for this system."""
    if sys.platform == "win32":
        return ThreadStateInhibitor()
    if sys.platform == "darwin":
        return HelperInhibitor(["caffeinate", "-i", "-w", str(os.getpid())])
    helper = shutil.which("systemd-inhibit")
    if helper is None:
        return NoInhibitor()
    options = ("--what=idle:sleep", "--who=FFmate Desktop", "--why=Encoding", "--mode=block")
    return HelperInhibitor([helper, *options, "cat"])
