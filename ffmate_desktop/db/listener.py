"""Notifications of the database as `domain.Change`, for nodes and for whoever shows something live."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from ffmate_desktop import logs
from ffmate_desktop.db.connection import CONNECTION_LOST, connect
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.change import AnythingChanged, Change, parse

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

CHANNEL = "ffmate"
"""Everything that somebody may want to show; changed tasks only while somebody is inside `changes`."""

PING = 5.0
"""Seconds between two questions to a connection that only listens, and for the answer."""

NODE_CHANNEL = "ffmate_node"
"""Only what a node may have to act on: work that waits, orders, changed nodes."""


def _hear(handle: Callable[[Change], None]) -> Callable[[Any, int, str, object], None]:
    def on_notification(_connection: Any, _pid: int, _channel: str, payload: object) -> None:
        try:
            change = parse(str(payload))
        except (ValueError, KeyError, TypeError, IndexError):
            # Anybody may NOTIFY this channel. What cannot be read may still mean that something changed.
            logs.database.warning("A notification could not be read: %.200s", payload, exc_info=True)
            change = AnythingChanged()
        if change is not None:
            handle(change)

    return on_notification


async def listen(
    connection: "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]",
    handle: Callable[[Change], None],
    channel: str = CHANNEL,
) -> None:
    """Call `handle` for every change, on this connection, as long as it lives. `handle` must not block."""
    await connection.add_listener(channel, _hear(handle))


@asynccontextmanager
async def changes(uri: str) -> AsyncIterator["asyncio.Queue[Change | None]"]:
    """A queue of changes on a connection of its own; None tells that the connection was lost.

    LISTEN is in force before the block begins: take the snapshot inside it, and nothing is missed.
    """
    queue: asyncio.Queue[Change | None] = asyncio.Queue()
    connection = await connect(uri, application="ffmate-desktop viewer")
    watching = asyncio.create_task(_watch(connection), name="watching a listener")
    try:
        connection.add_termination_listener(lambda _connection: queue.put_nowait(None))
        await listen(connection, queue.put_nowait)
        await connection.execute(query("viewers", "look"))
        yield queue
    finally:
        watching.cancel()
        connection.terminate()


async def _watch(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """End a connection that no longer answers: who only listens would wait for ever on a wire that was cut."""
    while not connection.is_closed():
        await asyncio.sleep(PING)
        try:
            async with asyncio.timeout(PING):
                await connection.fetchval(query("viewers", "ping"))
        except CONNECTION_LOST:
            connection.terminate()
