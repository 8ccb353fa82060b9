"""One connection: chooses the server, connects, checks the session, and translates its errors."""

import asyncio
import io
import re
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg
from asyncpg.connect_utils import SessionAttribute

from ffmate_desktop import logs
from ffmate_desktop.db.connection.address import Address, Host
from ffmate_desktop.db.connection.codecs import set_codecs
from ffmate_desktop.db.connection.keepalive import enable_keepalive
from ffmate_desktop.db.connection.outages import (
    CONNECTION_LOST,
    MissingTablesError,
    ServerLimitError,
    UnfitArgumentsError,
    reason,
    translated,
)
from ffmate_desktop.db.connection.password_file import find_password
from ffmate_desktop.db.connection.tls import Encryption, encryption_options
from ffmate_desktop.db.queries import query

if TYPE_CHECKING:

    class _Connection(asyncpg.Connection[asyncpg.Record]):
        """Adds what asyncpg's stubs leave out."""

        _transport: asyncio.BaseTransport

        async def _execute(self, *args: Any, **options: Any) -> Any: ...

else:
    _Connection = asyncpg.Connection

CONNECT_TIMEOUT = 10.0
"""Seconds until a connection must be ready for use; an address may set another limit."""

HEAD_START = 0.5
"""Seconds that a host has before the next one is tried as well."""

FREE_QUEUE_TIMEOUT = 3.0
"""Seconds for the query that lets the server empty a full notification queue."""

_DEFECTS = re.compile(r"arguments? for this query|another operation is in progress")

_UNREACHABLE: tuple[type[BaseException], ...] = (*CONNECTION_LOST, ssl.SSLError)
CANNOT_CONNECT: tuple[type[BaseException], ...] = (*_UNREACHABLE, asyncpg.PostgresError)
"""What an attempt to connect may raise."""


_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, AttributeError, TimeoutError)


class NoServerError(ConnectionError):
    """None of several hosts can be used; `failures` has the reason for each."""

    def __init__(self, failures: list[tuple[Host, BaseException]]) -> None:
        super().__init__("; ".join(f"{host}: {reason(error)}" for host, error in failures))
        self.failures = failures


class HostUnreachableError(ConnectionError):
    """The network, or the folder of a Unix socket, reports that there is no server. No other OSError means that."""


class Session(_Connection):
    """A connection to a server that accepts writes. `pooled` means that a pooler is in between.

    `may_enter` means that this user may use our schema, or that there is none yet.
    """

    pooled = False
    may_enter = True

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str:
        """Run one or several statements, such as the COMMIT of a transaction."""
        try:
            return await super().execute(query, *args, timeout=timeout)
        except _FAILURES as error:
            meaning = await self._meaning(error)
            raise meaning from (error if meaning is not error else error.__cause__)

    async def _execute(self, *args: Any, **options: Any) -> Any:
        try:
            return await super()._execute(*args, **options)
        except _FAILURES as error:
            meaning = await self._meaning(error)
            raise meaning from (error if meaning is not error else error.__cause__)

    async def _meaning(self, error: Exception) -> Exception:
        """The error to raise for this one, often the same."""
        match error:
            case asyncpg.InterfaceError():
                # asyncpg has one class for a closed connection, which is retried, and for wrong arguments, which
                # would be retried forever.
                if isinstance(error, ValueError):
                    return UnfitArgumentsError(str(error))
                if _DEFECTS.search(str(error)):
                    return RuntimeError(f"a statement was used incorrectly: {error}")
                return error
            case AttributeError():  # asyncpg, when the connection is cut at the wrong moment
                return ConnectionResetError("the connection was cut") if self.is_closed() else error
            case asyncpg.InvalidSQLStatementNameError() | asyncpg.DuplicatePreparedStatementError():
                self.terminate()  # asyncpg would keep using its prepared statements, which are gone
                return error
        meaning = translated(error)
        if isinstance(meaning, ServerLimitError):
            await self._free_notification_queue()
        return meaning or error

    async def _free_notification_queue(self) -> None:
        """A full notification queue stays full even when all sessions have read it, until one asks how full it is."""
        with suppress(asyncpg.PostgresError, *CONNECTION_LOST):
            await super().execute(query("checks", "free_notification_queue"), timeout=FREE_QUEUE_TIMEOUT)

    @property
    def transport(self) -> asyncio.BaseTransport:
        """The transport of the connection, which asyncpg keeps private."""
        return self._transport

    @property
    def encryption(self) -> str:
        """The TLS version of our side of the connection; empty without encryption."""
        encrypted = self.transport.get_extra_info("ssl_object")
        return str(encrypted.version()) if encrypted else ""


async def open_session(address: Address, application: str, patience: float) -> Session:
    """A connection to the primary, before our settings are applied.

    Queries on it may take `patience` seconds. Raises members of CANNOT_CONNECT, and UserError for unusable files.
    """
    if len(address.hosts) == 1:
        return await _open_at(address, address.hosts[0], application, patience)
    return await _open_at_first(address, application, patience)


async def open_prepared(address: Address, application: str, patience: float) -> Session:
    """The same, ready for our statements. Use it only when the session is known to be exclusive."""
    session = await open_session(address, application, patience)
    try:
        await prepare(session)
    except BaseException:
        session.terminate()
        raise
    return session


async def prepare(session: Session) -> None:
    """Apply our settings and codecs."""
    async with asyncio.timeout(CONNECT_TIMEOUT):
        settings = f"{query('checks', 'prepare_session')}\n{query('checks', 'limit_statements')}"
        try:
            await session.execute(f"{settings}\n{query('checks', 'notice_gone_clients')}")  # one round trip
        except (asyncpg.PostgresError, MissingTablesError) as error:
            # also: the server does not know the setting
            logs.cluster.debug(
                "The server cannot detect clients that are gone: %s", reason(error.__cause__ or error)
            )
            await session.execute(settings)
        await set_codecs(session)


async def _open_at_first(address: Address, application: str, patience: float) -> Session:
    """Connect to the first host that is the primary. A dead host costs its head start, not its timeout."""
    failures: list[tuple[Host, BaseException]] = []
    attempts: dict[asyncio.Task[Session], Host] = {}
    waiting = list(address.hosts)
    try:
        while waiting or attempts:
            if waiting:
                host = waiting.pop(0)
                opening = _open_at(address, host, application, patience)
                attempts[asyncio.create_task(opening, name=f"connecting to {host}")] = host
            ended, _ = await asyncio.wait(
                attempts, timeout=HEAD_START if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in ended:
                host = attempts.pop(attempt)
                try:
                    return attempt.result()
                except _UNREACHABLE as error:
                    failures.append((host, error))
        raise NoServerError(failures)
    finally:
        for attempt in attempts:
            attempt.cancel()
        for late in await asyncio.gather(*attempts, return_exceptions=True):
            if isinstance(late, Session):
                late.terminate()


async def _open_at(address: Address, host: Host, application: str, patience: float) -> Session:
    loop = asyncio.get_running_loop()
    start = loop.time()
    logs.cluster.debug(
        "Connecting to %s as %s, database %s, sslmode=%s",
        host, address.user, address.database, address.tls.mode,
    )  # fmt: skip
    try:
        async with asyncio.timeout(address.timeout or CONNECT_TIMEOUT):
            session = await _reach(address, host, application, patience)
    except CANNOT_CONNECT as error:
        waited = 1000 * (loop.time() - start)
        logs.cluster.debug("No connection to %s after %.0f ms: %s", host, waited, reason(error))
        raise
    logs.cluster.debug(
        "Connected to %s in %.0f ms: PostgreSQL %s, %s%s",
        host,
        1000 * (loop.time() - start),
        session.get_settings().server_version,
        session.encryption or "not encrypted",
        ", through a pooler" if session.pooled else "",
    )
    return session


async def _reach(address: Address, host: Host, application: str, patience: float) -> Session:
    password = address.password
    if password is None:
        password = await asyncio.to_thread(find_password, address, host)
    *others, last = await asyncio.to_thread(encryption_options, address.tls, host)
    for encryption in others:
        try:
            return await _connect(address, host, application, patience, password, encryption)
        except (ConnectionError, ssl.SSLError, asyncpg.InvalidAuthorizationSpecificationError) as error:
            if isinstance(error, asyncpg.InvalidPasswordError | ConnectionRefusedError):
                raise  # not related to encryption
            logs.cluster.debug(
                "Connecting %s encryption failed: %s", "with" if encryption else "without", error
            )
    return await _connect(address, host, application, patience, password, last)


async def _connect(
    address: Address, host: Host, application: str, patience: float, password: str, encryption: Encryption
) -> Session:
    try:
        session = await _open(address, host, application, patience, password, encryption)
    except (ConnectionError, TimeoutError, ssl.SSLError):
        raise
    except OSError as error:  # no such host, socket or route
        raise HostUnreachableError(error.errno, error.strerror or str(error)) from error
    try:
        enable_keepalive(session.transport.get_extra_info("socket"))
        pid, reads_only, may_enter = await _describe(session)
        if reads_only == "t":
            raise asyncpg.TargetServerAttributeNotMatched("it is read-only")
    except BaseException:
        session.terminate()
        raise
    session.pooled = int(pid) != session.get_server_pid()
    session.may_enter = may_enter == "t"
    return session


async def _open(
    address: Address, host: Host, application: str, patience: float, password: str, encryption: Encryption
) -> Session:
    return await asyncpg.connect(
        host=host.name or None,
        port=host.port,
        user=address.user,
        password=password,
        database=address.database,
        ssl=encryption,
        direct_tls=bool(encryption) and address.tls.direct,
        timeout=2 * (address.timeout or CONNECT_TIMEOUT),  # the caller's timeout comes first
        command_timeout=patience,
        server_settings={"application_name": application} | dict(address.settings),
        target_session_attrs=SessionAttribute.any,  # checked here, host by host: asyncpg has one timeout for all
        connection_class=Session,
    )


async def backend_pid(session: Session) -> int:
    """The id of the process that serves this connection now, according to the server."""
    return int((await _describe(session))[0])


async def _describe(session: Session) -> list[str]:
    answer = io.BytesIO()
    await session.copy_from_query(query("checks", "describe_session").rstrip(";"), output=answer)
    return answer.getvalue().decode().split()
