"""Connections to PostgreSQL: single ones for listeners and heartbeats, and a small pool for short queries."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import asyncpg

from ffmate_desktop import logs
from ffmate_desktop.db.connection.codecs import native, storable
from ffmate_desktop.db.connection.connect_errors import connect_error
from ffmate_desktop.db.connection.outages import CONNECTION_LOST, DATA_REFUSED, STILL_CONNECTED, reason
from ffmate_desktop.db.connection.session import CANNOT_CONNECT, Session, open_prepared, open_session, prepare
from ffmate_desktop.db.connection.start_checks import check_session
from ffmate_desktop.db.connection.uri import parse, without_password
from ffmate_desktop.db.queries import Sql, query
from ffmate_desktop.domain.errors import UserError

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

__all__ = [
    "CONNECTION_LOST",
    "DATA_REFUSED",
    "STILL_CONNECTED",
    "Database",
    "connect",
    "native",
    "reason",
    "storable",
    "without_password",
]

COMMAND_TIMEOUT = 30.0
"""Seconds for one statement. The kernel notices sooner that the server is gone."""


async def connect(uri: str, *, application: str = "ffmate-desktop") -> Session:
    """A connection with our codecs and settings; raises UserError that says why it failed."""
    address = parse(uri)
    try:
        return await open_prepared(address, application, COMMAND_TIMEOUT)
    except CANNOT_CONNECT as error:
        raise connect_error(address, error) from error


async def _no_reset(_connection: object) -> None:
    """Our statements leave nothing behind in a session. The default reset would double every round trip."""


class Database:
    """A pool of connections for short queries; LISTEN and heartbeats have a connection of their own.

    `uri` is a PostgreSQL URI, `size` the maximum number of connections. Use it as an async context manager, or
    call `open` and `close`.
    """

    def __init__(self, uri: str, *, size: int = 3) -> None:
        self.uri = uri
        self._address = parse(uri)
        self.size = size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._first: Session | None = None
        self._sessions: WeakSet[Session] = WeakSet()
        self._failures = 0
        self._connecting = asyncio.Lock()

    async def open(self) -> None:
        """Connect; raises UserError if the server is unreachable or too old, or refuses."""
        try:
            session = await open_session(self._address, "ffmate-desktop", COMMAND_TIMEOUT)
            try:
                await check_session(self._address, session)
                await prepare(session)
            except BaseException:
                session.terminate()
                raise
        except CANNOT_CONNECT as error:
            raise connect_error(self._address, error) from error
        self._first = session
        connect: Any = self._connect  # the stubs know only asyncpg.connect itself
        self._pool = await asyncpg.create_pool(
            connect=connect,
            connection_class=Session,
            min_size=0,  # or it would reconnect on its own, with tracebacks, while the server is away
            max_size=self.size,
            max_inactive_connection_lifetime=0,
            reset=_no_reset,
        )

    async def _connect(self, *_: object, **__: object) -> Session:
        session, self._first = self._first, None
        if session is None or session.is_closed():
            session = await self._attempt()
        self._sessions.add(session)
        return session

    async def _attempt(self) -> Session:
        """Connect. After a failure, one attempt at a time: callers that wait for another attempt share its failure.

        An abandoned attempt may leave a process on the server for a minute.
        """
        if not self._failures:
            return await self._open_session()
        seen = self._failures
        async with self._connecting:
            if self._failures > seen:
                raise ConnectionError("no connection to the database yet")
            return await self._open_session()

    async def _open_session(self) -> Session:
        try:
            session = await open_prepared(self._address, "ffmate-desktop", COMMAND_TIMEOUT)
        except (ssl.SSLError, UserError) as error:  # for example, a certificate file is being replaced
            self._failures += 1
            if isinstance(error, CONNECTION_LOST):
                raise
            raise ConnectionError(reason(error)) from error
        except Exception:  # counted and raised again
            self._failures += 1
            raise
        self._failures = 0
        return session

    def cut(self) -> None:
        """End all connections, even those in use: their statements fail as lost, and the next ones reconnect.

        Call this when the server is known not to answer; a running statement would find out much later.
        """
        for session in (*self._sessions, self._first):
            if session is not None:
                session.terminate()

    async def close(self) -> None:
        """Close all connections; after five seconds, terminate them."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        if self._first is not None:
            self._first.terminate()
        try:
            async with asyncio.timeout(5):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    async def __aenter__(self) -> "Database":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _opened(self) -> "asyncpg.Pool[asyncpg.Record]":
        if self._pool is None:
            raise asyncpg.InterfaceError("the database is closed")
        return self._pool

    @asynccontextmanager
    async def _used(self) -> "AsyncIterator[asyncpg.Pool[asyncpg.Record]]":
        pool = self._opened()
        try:
            yield pool
        except asyncpg.ReadOnlySQLTransactionError:
            logs.cluster.debug("The server is read-only now; new connections look for the primary")
            await pool.expire_connections()
            raise

    async def fetch(self, sql: Sql, *arguments: Any) -> "list[asyncpg.Record]":
        """All rows of one statement."""
        async with self._used() as pool:
            return await pool.fetch(sql, *arguments)

    async def fetch_planned(self, sql: Sql, *arguments: Any) -> "list[asyncpg.Record]":
        """The same, planned for these values: for filters with optional parts, on very many rows."""
        # No transaction: if it were cancelled while one begins, it would stay open.
        async with self.connection() as connection:
            try:
                await connection.execute(query("checks", "plan_for_values"))
                return await connection.fetch(sql, *arguments)
            finally:
                if not connection.is_closed():
                    await connection.execute(query("checks", "plan_for_all"))

    async def fetch_one(self, sql: Sql, *arguments: Any) -> "asyncpg.Record | None":
        """The first row of one statement, or None."""
        async with self._used() as pool:
            return await pool.fetchrow(sql, *arguments)

    @asynccontextmanager
    async def connection(self) -> "AsyncIterator[PoolConnectionProxy[asyncpg.Record]]":
        """One connection for several statements."""
        async with self._used() as pool, pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> "AsyncIterator[PoolConnectionProxy[asyncpg.Record]]":
        """One connection inside one transaction: committed at the end, rolled back by an exception."""
        async with self.connection() as connection, connection.transaction():
            yield connection
