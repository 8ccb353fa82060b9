"""Tests before a start whether a connection is a real session: LISTEN, locks, and no pooler that shares it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ffmate_desktop import logs
from ffmate_desktop.db.connection.address import Address
from ffmate_desktop.db.connection.connect_errors import connect_error, transaction_pooler
from ffmate_desktop.db.connection.session import CANNOT_CONNECT, Session, backend_pid, open_session, prepare
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.errors import UserError

MINIMUM_SERVER = 15
"""The oldest supported release of PostgreSQL."""

PATIENCE = 5.0
"""Seconds for each answer of these checks."""

DELIVERY_SECONDS = 3.0
"""For a notification to arrive, and for the lock of an ended session to become free."""

_APPLICATION = "ffmate-desktop check"
_CHANNEL = "ffmate_check"


async def check_session(address: Address, session: Session) -> None:
    """For every command: checks the version, the schema, and behind a pooler whether sessions are shared.

    Takes no time without a pooler. Raises UserError.
    """
    if session.get_server_version().major < MINIMUM_SERVER:
        raise UserError(
            f"The server runs PostgreSQL {session.get_settings().server_version}. "
            f"FFmate Desktop needs version {MINIMUM_SERVER} or newer.",
            "Update the server, or omit --database to use the embedded database.",
        )
    if not session.may_enter:
        raise UserError(
            f"The user “{address.user}” isn't allowed to use FFmate Desktop's tables in “{address.database}”.",
            f'Run as their owner: GRANT USAGE ON SCHEMA ffmate TO "{address.user}"',
        )
    if session.pooled or address.suspect:
        logs.cluster.debug("Looking for a pooler in transaction mode at %s", address.where)
        other = await open_session(address, _APPLICATION, PATIENCE)
        try:
            if await _share(session, other):
                raise transaction_pooler(address)
        finally:
            other.terminate()


@asynccontextmanager
async def verified_session(address: Address) -> AsyncIterator[tuple[Session, float]]:
    """A session that passed all checks, ready for use, and the seconds that a notification took.

    Compares it with a second one: the sessions are separate, notifications arrive, locks exclude each other and end
    with their session. Raises UserError if a check fails.
    """
    opened: list[Session] = []
    try:
        for _ in range(2):
            opened.append(await open_session(address, _APPLICATION, PATIENCE))
        session, other = opened
        await check_session(address, session)
        if await _share(session, other):
            raise transaction_pooler(address)
        delivery = await _delivery(session, other)
        if delivery is None:
            raise transaction_pooler(address) if session.pooled else _no_notifications(address)
        await _check_locks(address, other, session)
        await prepare(session)
        yield session, delivery
    except TimeoutError as error:
        if opened and opened[0].pooled:
            raise _too_few_sessions(address) from error
        raise connect_error(address, error) from error
    except CANNOT_CONNECT as error:
        raise connect_error(address, error) from error
    finally:
        for connection in opened:
            connection.terminate()


async def _share(first: Session, second: Session) -> bool:
    """Whether one process serves both, or several processes serve one of them in turn.

    A pooler that reuses the last server is found when the other session asks, and one that rotates when the same
    session asks again.
    """
    pids = [await backend_pid(session) for session in (first, first, second, second, first)]
    logs.cluster.debug("Processes that served two connections in turn: %s", pids)
    return len(set(pids)) != 2 or not pids[0] == pids[1] == pids[4] or pids[2] != pids[3]


async def _delivery(listener: Session, sender: Session) -> float | None:
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    nonce = secrets.token_hex(8)

    def on_notification(_connection: object, _pid: int, _channel: str, text: object) -> None:
        if text == nonce:
            arrived.set()

    await listener.add_listener(_CHANNEL, on_notification)
    start = loop.time()
    await sender.fetch(query("checks", "notify"), nonce)
    try:
        async with asyncio.timeout(DELIVERY_SECONDS):
            await arrived.wait()
    except TimeoutError:
        await backend_pid(listener)  # notifications arrive before the next answer; on a bad line neither does
        if not arrived.is_set():
            return None
    delivery = loop.time() - start
    logs.cluster.debug("LISTEN works: a notification arrived after %.1f ms", 1000 * delivery)
    await listener.remove_listener(_CHANNEL, on_notification)
    return delivery


async def _check_locks(address: Address, first: Session, second: Session) -> None:
    """A lock of the first session must keep the second one out until the first has ended."""
    number = secrets.randbits(62)
    acquired = [await session.fetchval(query("checks", "try_lock"), number) for session in (first, second)]
    if acquired != [True, False]:
        raise transaction_pooler(address)
    await first.close(timeout=PATIENCE)
    for _ in range(round(DELIVERY_SECONDS / 0.05)):
        if await second.fetchval(query("checks", "try_lock"), number):
            logs.cluster.debug("Session locks work, and end with their session")
            return
        await asyncio.sleep(0.05)
    if not second.pooled:
        raise UserError(
            f"The server at {address.where} keeps sessions open for seconds after their client has left.",
            "The server is overloaded, or the connection is bad. Try again.",
        )
    raise UserError(
        f"The pooler at {address.where} keeps sessions open after clients leave: a dead node's lock would stay.",
        "In PgBouncer, set server_reset_query = DISCARD ALL, or use the direct address of the server.",
    )


def _no_notifications(address: Address) -> UserError:
    return UserError(
        f"Notifications from the database at {address.where} don't arrive.",
        "Use the direct address of a PostgreSQL server.",
    )


def _too_few_sessions(address: Address) -> UserError:
    return UserError(
        f"The pooler at {address.where} provided no second session in time. A node needs several at once.",
        "Raise its pool size (in PgBouncer, default_pool_size), or use the direct address of the server.",
    )
