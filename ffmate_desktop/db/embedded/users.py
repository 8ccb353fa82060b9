"""One process that uses the embedded server: attach (start it if needed), and detach (stop it if last)."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

from ffmate_desktop import logs
from ffmate_desktop.db.embedded import server
from ffmate_desktop.db.embedded.binaries import find_binaries
from ffmate_desktop.db.embedded.environment import helper_environment
from ffmate_desktop.db.embedded.home import Home, make_home
from ffmate_desktop.db.embedded.keeper import stop_if_unused
from ffmate_desktop.db.embedded.locks import FileLock, open_for_folder_owner, wait_until
from ffmate_desktop.domain.errors import UserError

_START_LIMIT = 900.0  # seconds; crash recovery may be long
_STOP_LIMIT = 60.0
_SPACE = "Free some space on that disk."


class ServerUser:
    """The synchronous half of EmbeddedDatabase. Every method may block, so call them in a thread.

    Locks in the home:
    - `users`: held shared by every process that uses the server.
    - `start`: held exclusively by the process that starts or stops the server. Only its holder tests `users`.
    - `keeper`: held exclusively by the keeper for its whole life.
    - `wake`: held like `users`. The keeper waits for it without disturbing processes that test `users`.
    Set `leaving` to end any wait early; the keeper then does the rest.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._home: Home | None = None
        self._held: list[FileLock] = []
        self.leaving = Event()

    def attach(self) -> str:
        """Register as a user, start the server if needed, and return its URI.

        Raises UserError: the folder cannot be used, no space, no programs, or the server does not start. Call
        `detach` even then.
        """
        try:
            home = self._home = make_home(self._data_dir)
            with self._starting(home):
                for name in ("wake", "users"):
                    lock = FileLock(home.lock(name))
                    lock.acquire(exclusive=False, block=True)
                    self._held.append(lock)
                return self._bring_up(home)
        except OSError as error:
            reason = f"{error.strerror} ({error.filename})" if error.filename else str(error)
            raise UserError(
                f"The embedded database can't use the folder {self._data_dir}: {reason}.",
                "Check its permissions and the free space, or choose another folder with --data-dir.",
            ) from error

    def has_keeper(self) -> bool:
        """Whether the keeper lives, and so the server."""
        return self._home is not None and not FileLock(self._home.lock("keeper")).is_free()

    def restart(self) -> str:
        """After the server or its keeper died: start what is missing; returns the URI."""
        if self._home is None:
            raise RuntimeError("not in use")
        with self._starting(self._home):
            return self._bring_up(self._home)

    def detach(self) -> None:
        """Unregister as a user; the last one waits up to a minute until the server has stopped."""
        home = self._home
        if home is None or not self._held:
            return
        while self._held:
            self._held.pop().release()
        start, keeper = FileLock(home.lock("start")), FileLock(home.lock("keeper"))
        stopped = False
        try:
            if wait_until(lambda: start.acquire(exclusive=True), _STOP_LIMIT, self.leaving):
                stopped = stop_if_unused(home, _STOP_LIMIT, self.leaving)
                if stopped and server.find_running(home) is None:
                    stopped = wait_until(keeper.is_free, 10)
        except OSError as error:
            logs.database.warning("Can't access the folder of the embedded database: %s", error)
        finally:
            start.release()
        if not stopped:
            logs.database.warning("The embedded database is still stopping")

    @contextlib.contextmanager
    def _starting(self, home: Home) -> Iterator[None]:
        """Hold the right to start the server."""
        start = FileLock(home.lock("start"))
        if not wait_until(lambda: start.acquire(exclusive=True), _START_LIMIT, self.leaving):
            raise UserError(
                "Another program is starting or stopping the embedded database.", "Try again later."
            )
        try:
            yield
        finally:
            start.release()

    def _bring_up(self, home: Home) -> str:
        binaries = find_binaries(home)
        if not home.cluster.exists():
            logs.database.info("Creating the embedded database in %s", home.folder)
            server.initialise(home, binaries)
        keeper: Thread | None = None
        mark, begin, logged, waited = server.log_size(home), time.monotonic(), False, 0.0
        while not self.leaving.wait(min(0.2, 0.005 + waited / 50)):
            running, has_keeper = server.find_running(home), self.has_keeper()
            if has_keeper and running and running.ready:
                return server.uri(home, running)
            if not has_keeper and keeper is None:
                server.socket_folder(home)  # here, where its UserError is shown
                keeper = _start_keeper(home, binaries)
            elif not has_keeper and keeper is not None and not keeper.is_alive():
                raise _start_error(home, mark)
            waited = time.monotonic() - begin
            if waited > 5 and not logged:
                _refuse_other_computer(home)
                logs.database.info("The embedded database is recovering from a crash, which may take a while")
                logged = True
            if waited > _START_LIMIT:
                raise UserError("The embedded database takes too long to start.", f"See its log: {home.log}.")
        raise UserError("The start of the embedded database was cancelled.")


def _start_keeper(home: Home, binaries: Path) -> Thread:
    """Start the keeper in its own session; returns the thread that waits for its end (which avoids a zombie)."""
    descriptor = open_for_folder_owner(home.keeper_log, os.O_WRONLY | os.O_TRUNC)
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    try:
        keeper = subprocess.Popen(
            [sys.executable, "-P", "-m", "ffmate_desktop.db.embedded.keeper", str(home.folder), str(binaries)],
            env=helper_environment(), cwd=home.folder, stdin=subprocess.DEVNULL,
            stdout=descriptor, stderr=descriptor, start_new_session=True, creationflags=flags,
        )  # fmt: skip
    finally:
        os.close(descriptor)
    # A daemon thread, because the keeper may outlive this process.
    thread = Thread(target=keeper.wait, name="embedded database keeper", daemon=True)
    thread.start()
    return thread


def _refuse_other_computer(home: Home) -> None:
    if server.find_running(home) is None and home.keeper_host.exists():
        host = home.keeper_host.read_text(encoding="utf-8")
        if host != socket.gethostname():
            raise UserError(
                f"The embedded database in {home.folder} is in use on another computer, {host}.",
                "Use --data-dir to choose a folder on this computer, or share a PostgreSQL server with --database.",
            )


def _start_error(home: Home, mark: int) -> UserError:
    output = server.log_since(home, mark) or home.keeper_log.read_text(encoding="utf-8", errors="replace")
    if "No space left" in output:
        return UserError(f"There isn't enough space for the embedded database in {home.folder}.", _SPACE)
    lines = "\n".join(output.strip().splitlines()[-6:])
    return UserError(f"The embedded database didn't start. The end of its log ({home.log}):\n{lines}")
