"""Creates the embedded database of a new data folder in a separate process, while the window loads.

The first start takes seconds that a user would notice; later starts are quick.
Run as `python -m ffmate_desktop.db.embedded.prestart DATA_DIR`. It uses the server like any other process, until its
input ends or the window has had time to connect.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

from ffmate_desktop.db.embedded.environment import helper_environment
from ffmate_desktop.db.embedded.home import FOLDER, NOTE

_LINGER = 15.0
"""Seconds for the window to connect; a later window starts the server again."""
_STOP_LIMIT = 60.0


@contextlib.contextmanager
def prestarted_database(data_dir: Path) -> Iterator[None]:
    """Create and start the database while the block runs, unless it exists. A block that ends early stops it."""
    if any((data_dir / name).exists() for name in (FOLDER, NOTE)):
        yield
        return
    process = _start(data_dir)
    # An error in the process also occurs in the window, which shows it.
    Thread(target=process.wait, name="embedded database ahead", daemon=True).start()
    try:
        yield
    finally:
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_LIMIT)


def _start(data_dir: Path) -> "subprocess.Popen[bytes]":
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "ffmate_desktop.db.embedded.prestart", str(data_dir)],
        env=helper_environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, creationflags=flags,
    )  # fmt: skip


def main(folder: str) -> None:
    """Use the server until the input ends, or for a while."""
    from ffmate_desktop.db.embedded.users import ServerUser  # noqa: PLC0415 - not for the window, which is not painted yet

    user, over = ServerUser(Path(folder)), Event()

    def on_end() -> None:
        while os.read(0, 1024):
            pass
        user.leaving.set()
        over.set()

    Thread(target=on_end, daemon=True).start()
    try:
        user.attach()
        over.wait(_LINGER)
    finally:
        user.leaving.clear()  # so that the server is stopped regularly
        user.detach()


if __name__ == "__main__":
    main(*sys.argv[1:])
