"""Signals that ask the program to end, on a running loop, for each operating system.

Ctrl+C and SIGTERM count each time. A hangup (SIGHUP: the terminal was closed, the user logged out) counts only when
nothing else came before: a closed terminal sends it twice, and systemd sends it right behind SIGTERM, which must not
be mistaken for a second request. SIGQUIT (Ctrl+\\) keeps its meaning: end at once, with a core dump. Nothing is done
about SIGPIPE, which Python ignores: a write to a closed pipe fails instead.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

if sys.platform == "win32":
    import ctypes
    import time
    from ctypes import wintypes

    _CONSOLE_CLOSES, _LOGOFF, _SHUTDOWN = 2, 5, 6
    _LONGEST = 30.0
    """Seconds. Windows ends a program sooner when its console closes, and later when its user logs off."""
else:
    import os
    import termios
    from errno import EBADF, ENOTTY


def stop_signals(handler: Callable[[], object], *, ctrl_c: bool = True) -> AbstractContextManager[None]:
    """During the block, call `handler` on the running loop for each request to end."""
    requested = False

    def ask() -> None:
        nonlocal requested
        requested = True
        handler()

    def hang_up() -> None:
        if not requested:
            ask()

    return _catching(ask, hang_up, [signal.SIGINT, signal.SIGTERM] if ctrl_c else [signal.SIGTERM])


if sys.platform == "win32":

    @contextmanager
    def _catching(
        ask: Callable[[], None], hang_up: Callable[[], None], numbers: list[signal.Signals]
    ) -> Iterator[None]:
        """For Ctrl+C, Ctrl+Break, and a console window that closes."""
        loop = asyncio.get_running_loop()
        # No add_signal_handler there; Python calls this between two steps of the loop, so it wakes the loop itself.
        before = {
            number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(ask))
            for number in (*numbers, signal.SIGBREAK)
        }

        def on_event(kind: int) -> bool:
            """Called in a thread of the system, which ends the program when this returns."""
            if kind not in (_CONSOLE_CLOSES, _LOGOFF, _SHUTDOWN):
                return False
            loop.call_soon_threadsafe(hang_up)
            time.sleep(_LONGEST)
            return True

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        listener = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)(on_event)
        kernel.SetConsoleCtrlHandler(listener, True)
        try:
            yield
        finally:
            kernel.SetConsoleCtrlHandler(listener, False)
            for number, old in before.items():
                signal.signal(number, old)

else:

    @contextmanager
    def _catching(
        ask: Callable[[], None], hang_up: Callable[[], None], numbers: list[signal.Signals]
    ) -> Iterator[None]:
        """For Ctrl+C, SIGTERM, and SIGHUP unless it is ignored, as with `nohup`."""

        def on_hangup() -> None:
            _leave_terminal()
            hang_up()

        loop = asyncio.get_running_loop()
        handlers: dict[signal.Signals, Callable[[], None]] = dict.fromkeys(numbers, ask)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            handlers[signal.SIGHUP] = on_hangup
        for number, caught in handlers.items():
            loop.add_signal_handler(number, caught)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)

    def _leave_terminal() -> None:
        """The terminal is gone and writes to it would fail, so send the rest of the output nowhere."""
        for descriptor in (1, 2):
            try:
                termios.tcgetattr(descriptor)
            except termios.error as error:
                if error.args[0] not in (ENOTTY, EBADF):  # it is a file, a pipe, or closed
                    nowhere = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(nowhere, descriptor)
                    os.close(nowhere)
