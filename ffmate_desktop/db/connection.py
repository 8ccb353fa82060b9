"""Connections to PostgreSQL: how one is made, how trouble is told, and a small pool for queries."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import asyncpg

from ffmate_desktop.db.queries import Sql, query
from ffmate_desktop.domain.errors import UsageError, UserError

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy


MINIMUM_SERVER = 150000
CONNECT_TIMEOUT = 10.0
COMMAND_TIMEOUT = 30.0

# InternalClientError is no subclass of the others, and was met when connections were torn (asyncpg#1069).
CONNECTION_LOST: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InsufficientResourcesError,  # disk full, no connection or memory left
    asyncpg.OperatorInterventionError,  # shut down, crashed, starting, cancelled
    asyncpg.InvalidAuthorizationSpecificationError,  # who was let in once is locked out: users are being moved
    asyncpg.InvalidCatalogNameError,  # the same: a backup is being restored
    asyncpg.ObjectNotInPrerequisiteStateError,  # the database accepts no connections at this moment
    asyncpg.ReadOnlySQLTransactionError,  # still a standby
    asyncpg.TransactionRollbackError,  # deadlock
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""What a query may raise while the database is away or in trouble; anything else is a defect and is not caught."""


def without_password(uri: str) -> str:
    """The URI as it may be shown and logged; also one that is malformed, such as with a bare # in its password."""
    return re.sub(r"([?&]password=)[^&]*", r"\1***", re.sub(r"(://[^:/@]*):.*@", r"\1:***@", uri))


async def connect(uri: str, *, application: str = "ffmate-desktop") -> "asyncpg.Connection[asyncpg.Record]":
    """A connection with our codecs and settings; raises UserError, one sentence for each way it can fail."""
    _check(uri)
    try:
        connection = await asyncpg.connect(
            uri,
            timeout=CONNECT_TIMEOUT,
            command_timeout=COMMAND_TIMEOUT,
            server_settings={"application_name": application} | _SESSION,
        )
    except (
        OSError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        ValueError,
    ) as error:
        raise _explain(uri, error) from error
    await _set_codecs(connection)
    return connection


# File names are bytes; Python shows those that are not UTF-8 as lone surrogates, which PostgreSQL refuses. They are
# kept as characters of the last private-use plane, which no font, keyboard or file system gives a meaning.
_TO_STORE = {0xDC00 + byte: 0x10DC00 + byte for byte in range(0x80, 0x100)} | {0: 0xFFFD}
_FROM_STORE = {0x10DC00 + byte: 0xDC00 + byte for byte in range(0x80, 0x100)}


def storable(text: str) -> str:
    """The text as PostgreSQL can keep it: bytes that are not UTF-8 survive, NUL becomes a replacement character.

    Every connection does this by itself, but for the members of a text[] that is sent.
    """
    return text if text.isascii() and "\0" not in text else text.translate(_TO_STORE)


def native(text: str) -> str:
    """The inverse of `storable`."""
    return text if text.isascii() else text.translate(_FROM_STORE)


def _encode_json(data: object) -> str:
    text = json.dumps(data, ensure_ascii=False)
    if "\\u0000" in text:  # read escape by escape: "\\\\u0000" is a backslash and five characters, no NUL
        text = re.sub(r"\\(u0000|.)", lambda found: "\ufffd" if found[1] == "u0000" else found[0], text)
    return storable(text)


def _decode_json(text: str) -> object:
    return json.loads(native(text))


def _check(uri: str) -> None:
    looks = "It looks like postgresql://user:password@host:5432/database."
    if not uri.startswith(("postgresql://", "postgres://")):
        raise UsageError(f"“{without_password(uri)}” is not a PostgreSQL address.", looks)
    try:
        urlsplit(uri).port  # noqa: B018 - reading it checks it
    except ValueError:
        hint = f"{looks} In a password, write # as %23, / as %2F and @ as %40."
        raise UsageError(f"The port in “{without_password(uri)}” is not a number.", hint) from None


async def _set_codecs(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    codecs: dict[str, tuple[Callable[..., str], Callable[[str], object]]] = {
        "json": (_encode_json, _decode_json),
        "jsonb": (_encode_json, _decode_json),
        "text": (storable, native),
    }
    for kind, (encoder, decoder) in codecs.items():
        await connection.set_type_codec(kind, encoder=encoder, decoder=decoder, schema="pg_catalog")


_SESSION = {
    "timezone": "UTC",
    # A prepared plan lives as long as its connection and is often made while the tables are still empty: a sequential
    # scan, right for that moment, would stay for a million tasks. Its penalty must not start the JIT compiler.
    "enable_seqscan": "off",
    "jit": "off",
}


async def _keep(_connection: object) -> None:
    """Our statements leave nothing behind in a session: the usual reset would double every round trip."""


def _explain(uri: str, error: BaseException) -> UserError:  # noqa: PLR0911 - one sentence a case is the point
    parts = urlsplit(uri)
    where = f"{parts.hostname}:{parts.port or 5432}" if parts.hostname else without_password(uri)
    user, database = unquote(parts.username or ""), unquote(parts.path.lstrip("/"))
    match error:
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return UserError(
                f"The database at {where} refused the user “{user}”: wrong name or password.",
                "Check the address given with --database or FFMATE_DATABASE.",
            )
        case asyncpg.InvalidCatalogNameError():
            return UserError(
                f"The server at {where} has no database “{database or user}”.",
                f"Create it there, for example with: createdb {database or user}",
            )
        case asyncpg.CannotConnectNowError():
            return UserError(f"The database at {where} is starting or stopping.", "Try again in a moment.")
        case asyncpg.TooManyConnectionsError():
            return UserError(
                f"The database at {where} has no connection left.", "Raise max_connections on the server."
            )
        case asyncpg.PostgresError():
            return UserError(f"The database at {where} refused the connection: {error}.")
        case ssl.SSLError() | ssl.CertificateError():
            return UserError(
                f"No encrypted connection to {where}: {getattr(error, 'reason', None) or error}.",
                "Check sslmode and sslrootcert in the address.",
            )
        case TimeoutError():
            return UserError(
                f"The database at {where} did not answer within {CONNECT_TIMEOUT:.0f} seconds.",
                "Check the address, the network and the firewall.",
            )
        case OSError():
            return UserError(
                f"No database answers at {where}: {_os_reason(error)}.",
                "Check the address, and that PostgreSQL runs and listens there.",
            )
        case _:
            return UsageError(
                f"“{without_password(uri)}” is not an address that PostgreSQL understands: {error}.",
                "It looks like postgresql://user:password@host:5432/database.",
            )


def _os_reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    # asyncio joins several attempts into one text ("Multiple exceptions: [Errno 111] …"); the first is enough.
    return (error.strerror or str(error)).split("]", 1)[-1].split(",", 1)[0].strip().lower()


class Database:
    """A pool of connections for short queries; LISTEN and heartbeats have a connection of their own.

    `uri` is a PostgreSQL URI; `size` the most connections that it opens. Use it as an async context manager, or
    call `open` and `close`.
    """

    def __init__(self, uri: str, *, size: int = 3) -> None:
        self.uri = uri
        self._size = size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Connect; raises UserError when the server cannot be reached, is too old, or refuses."""
        await check_server(self.uri)
        self._pool = await asyncpg.create_pool(
            self.uri,
            min_size=0,  # or it would reconnect on its own, with tracebacks, while the server is away
            max_size=self._size,
            timeout=CONNECT_TIMEOUT,
            command_timeout=COMMAND_TIMEOUT,
            max_inactive_connection_lifetime=0,
            init=_set_codecs,
            reset=_keep,
            server_settings={"application_name": "ffmate-desktop"} | _SESSION,
        )

    async def close(self) -> None:
        """Give all connections back; waits at most five seconds, then cuts them."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
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

    async def fetch(self, sql: Sql, *arguments: Any) -> "list[asyncpg.Record]":
        """All rows of one statement."""
        return await self._opened().fetch(sql, *arguments)

    async def fetch_one(self, sql: Sql, *arguments: Any) -> "asyncpg.Record | None":
        """The first row of one statement, or None."""
        return await self._opened().fetchrow(sql, *arguments)

    @asynccontextmanager
    async def transaction(self) -> "AsyncIterator[PoolConnectionProxy[asyncpg.Record]]":
        """One connection inside one transaction: committed at the end, rolled back by an exception."""
        async with self._opened().acquire() as connection, connection.transaction():
            yield connection


async def check_server(uri: str) -> None:
    """Raise UserError unless a PostgreSQL that is new enough answers there."""
    connection = await connect(uri)
    try:
        facts = await connection.fetchrow(query("server", "server_facts"))
        assert facts is not None  # noqa: S101 - a SELECT without FROM has one row
    finally:
        await connection.close(timeout=5)
    if facts["version"] < MINIMUM_SERVER:
        raise UserError(
            f"The server runs PostgreSQL {facts['version_text']}, FFmate Desktop needs 15 or newer.",
            "Update the server, or leave --database out to use the embedded one.",
        )
