"""The embedded PostgreSQL of a data folder, shared by every process that uses the folder."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import asyncpg

from ffmate_desktop import logs
from ffmate_desktop.backoff import Backoff
from ffmate_desktop.db.embedded import server
from ffmate_desktop.db.embedded.binaries import cluster_version
from ffmate_desktop.db.embedded.home import existing_home
from ffmate_desktop.db.embedded.users import ServerUser
from ffmate_desktop.domain.errors import UserError

_T = TypeVar("_T")
_WATCH = 1.0  # seconds between looks at the keeper
_LONGEST_DELAY = 30.0
_CONNECT_LIMIT = 30.0


class EmbeddedDatabase:
    """Uses the embedded server. The first user of the folder starts it, and the last one stops it.

    While it is open, a server or keeper that dies is restarted at the same address.
    """

    def __init__(self, data_dir: Path) -> None:
        self._user = ServerUser(data_dir)
        self._uri: str | None = None
        self._watch: asyncio.Task[None] | None = None

    async def open(self) -> str:
        """Start using the server; returns a URI (libpq, asyncpg) of the database `ffmate`. Raises UserError.

        May take as long as crash recovery; cancel it to give up.
        """
        if self._uri is None:
            try:
                uri = await self._in_thread(self._user.attach)
                await _ensure_database(uri)
            except BaseException:  # even a cancellation: the lock must be released
                await self._in_thread(self._user.detach)
                raise
            self._uri = uri
            self._watch = asyncio.create_task(self._keep_alive(), name="embedded database watch")
        return self._uri

    async def close(self) -> None:
        """Stop using the server; the last user waits until it has stopped."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
            self._watch = None
        self._uri = None
        await self._in_thread(self._user.detach)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def uri(self) -> str:
        """The address of the open database."""
        if self._uri is None:
            raise RuntimeError("the embedded database is not open")
        return self._uri

    async def _keep_alive(self) -> None:
        pause, backoff = _WATCH, Backoff(2 * _WATCH, _LONGEST_DELAY)
        while True:
            await asyncio.sleep(pause)
            try:
                if await asyncio.to_thread(self._user.has_keeper):
                    continue
                logs.database.warning("The embedded database stopped unexpectedly and is being restarted")
                self._uri = await self._in_thread(self._user.restart)
                pause = _WATCH
                backoff.reset()
            except (UserError, OSError) as error:
                pause = backoff.next_delay()
                logs.database.error("Can't restart the embedded database: %s", error)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        """Run blocking work in a thread; a cancellation makes it give up, and waits for that."""
        self._user.leaving.clear()
        thread = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(thread)
        except asyncio.CancelledError:
            self._user.leaving.set()
            await asyncio.wait([thread])
            thread.exception()  # it gave up as requested
            raise


async def _ensure_database(uri: str) -> None:
    """Create the database in a new cluster. Two first users may do this at once."""
    try:
        connection = await asyncpg.connect(uri, timeout=_CONNECT_LIMIT)
    except asyncpg.InvalidCatalogNameError:
        connection = await asyncpg.connect(uri, database="postgres", timeout=_CONNECT_LIMIT)
        with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            await connection.execute(f"CREATE DATABASE {server.DATABASE}")
    await connection.close(timeout=_CONNECT_LIMIT)


@dataclass(frozen=True)
class EmbeddedStatus:
    """What `doctor` shows about the embedded server."""

    folder: Path
    version: int | None  # PostgreSQL's major version; None before the first use
    phase: str | None  # starting, ready, stopping; None when it does not run
    pid: int | None
    socket: str
    log: Path


async def status(data_dir: Path) -> EmbeddedStatus | None:
    """The state of the server, without starting or creating anything; None if the folder has no embedded database.

    Raises UserError if this user has no access.
    """
    try:
        return await asyncio.to_thread(_status, data_dir)
    except PermissionError as error:
        raise UserError(f"The embedded database of {data_dir} belongs to another user.") from error


def _status(data_dir: Path) -> EmbeddedStatus | None:
    home = existing_home(data_dir)
    if home is None:
        return None
    running = server.find_running(home)
    return EmbeddedStatus(
        folder=home.folder,
        version=cluster_version(home),
        phase=running.phase if running else None,
        pid=running.pid if running else None,
        socket=running.socket_folder if running else "",
        log=home.log,
    )
