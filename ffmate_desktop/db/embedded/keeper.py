"""The keeper: a small process that owns the server of one home and stops it when its last user is gone.

Users hold shared locks, which the system drops however they die; the keeper waits for one, blocked in the kernel.
Run as `python -m ffmate_desktop.db.embedded.keeper HOME BINARIES`; it must stay light to import.
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
from ffmate_desktop.db.embedded.locks import FileLock, wait_until, write_beside

_ORPHANS_PATIENCE = 30.0  # seconds for the sessions of a killed server to end
_LOG_CHECK = 60.0  # seconds


def stop_if_unused(home: Home, seconds: float, leaving: Event | None = None) -> bool:
    """Stop the server when nobody uses it; needs the start lock.

    False when it was asked to stop and had not ended after `seconds`, or when `leaving` was set.
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
        # Now with the right to decide: somebody may have come in between.
        start.acquire(exclusive=True, block=True)
        stop_if_unused(home, seconds=600)
        start.release()
        time.sleep(0.1)  # the end of the server ends this process


def _serve(home: Home, binaries: Path) -> None:
    """Adopt the live server or start one, and wait until it ends."""
    if running := server.find_running(home):
        with contextlib.suppress(psutil.NoSuchProcess):  # it died just now: start it
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
    """Keep the server of this home until it ends; returns at once when there is a keeper already."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        signals.append(signal.SIGHUP)
    for number in signals:
        # Users may be cleaning up after the same signal, and need the database for it.
        signal.signal(number, lambda *_: None)
    home, programs = Home.of(Path(folder)), Path(binaries)
    keeper, ended = FileLock(home.lock("keeper")), Event()
    # Others look whether the lock is free by taking it for a moment.
    if not wait_until(lambda: keeper.acquire(exclusive=True), seconds=2):
        return
    write_beside(home.keeper_host, socket.gethostname())

    def until_it_ends(duty: Callable[[], None]) -> None:
        try:
            duty()
        except Exception:  # noqa: BLE001 - told in the log; then this process goes, and users start another
            traceback.print_exc()
        ended.set()

    for duty in (partial(_serve, home, programs), partial(_stop_when_unused, home)):
        Thread(target=until_it_ends, args=(duty,), daemon=True).start()
    while not ended.wait(_LOG_CHECK):
        server.rotate_log(home)
    server.forget_socket(home)


if __name__ == "__main__":
    main(*sys.argv[1:])
