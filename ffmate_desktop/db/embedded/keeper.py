"""The keeper: a small process that owns the server of one home, and stops it when its last user is gone.

Users hold shared locks, which the system releases however they die. The keeper waits for one, blocked in the kernel.
Run as `python -m ffmate_desktop.db.embedded.keeper HOME BINARIES`; importing it must stay cheap.
"""

import contextlib
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event, Thread

import psutil

from ffmate_desktop.db.embedded import server
from ffmate_desktop.db.embedded.home import Home
from ffmate_desktop.db.embedded.locks import FileLock, overwrite_private, wait_until

_ORPHANS_PATIENCE = 30.0  # seconds for the sessions of a killed server to end
_LOG_CHECK = 60.0  # seconds


def stop_if_unused(home: Home, seconds: float, leaving: Event | None = None) -> bool:
    """Stop the server if it has no users; needs the start lock.

    False if it was asked to stop and had not ended after `seconds`, or if `leaving` was set.
    """
    users = FileLock(home.lock("users"))
    if not users.acquire(exclusive=True):
        return True
    try:
        server.request_stop(home)
        return wait_until(lambda: server.find_running(home) is None, seconds, leaving)
    finally:
        users.release()


def _stop_when_unused(home: Home) -> None:
    wake, start = FileLock(home.lock("wake")), FileLock(home.lock("start"))
    while True:
        wake.acquire(exclusive=True, block=True)
        wake.release()
        # Check again with the start lock: a new user may have come in the meantime.
        start.acquire(exclusive=True, block=True)
        stop_if_unused(home, seconds=600)
        start.release()
        time.sleep(0.1)  # when the server ends, this process ends


def _serve(home: Home, binaries: Path) -> None:
    """Adopt the live server or start one, and wait until it ends."""
    if running := server.find_running(home):
        with contextlib.suppress(psutil.NoSuchProcess):  # it died just now, so start it
            psutil.Process(running.pid).wait()
            return
    deadline = time.monotonic() + _ORPHANS_PATIENCE
    orphans = True
    while orphans and time.monotonic() < deadline:
        mark = server.log_size(home)
        server.launch(home, binaries)()
        orphans = "pre-existing shared memory block" in server.log_since(home, mark)
        time.sleep(0.2 if orphans else 0)


def main(folder: str, binaries: str) -> None:
    """Run the server of this home until it ends; returns at once if there already is a keeper."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        signals.append(signal.SIGHUP)
    for number in signals:
        # Users may be shutting down because of the same signal, and need the database for that.
        signal.signal(number, lambda *_: None)
    home, programs = Home.of(Path(folder)), Path(binaries)
    keeper, ended = FileLock(home.lock("keeper")), Event()
    # Other processes test whether the lock is free by taking it briefly.
    if not wait_until(lambda: keeper.acquire(exclusive=True), seconds=2):
        return
    overwrite_private(home.keeper_host, socket.gethostname())

    def until_it_ends(duty: Callable[[], None]) -> None:
        try:
            duty()
        except Exception:  # noqa: BLE001 - it is in the log; this process ends, and users start another keeper
            traceback.print_exc()
        ended.set()

    for duty in (partial(_serve, home, programs), partial(_stop_when_unused, home)):
        Thread(target=until_it_ends, args=(duty,), daemon=True).start()
    while not ended.wait(_LOG_CHECK):
        server.rotate_log(home)
    server.forget_socket(home)


if __name__ == "__main__":
    main(*sys.argv[1:])
