"""Turns notifications of the database into `domain.Change`, for nodes and for live views.

Every role that may connect can send any number of them with any content. So no payload makes this fail, and nothing
here grows with their number.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from ffmate_desktop import logs
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, connect
from ffmate_desktop.db.connection.outages import BusyError, MissingTablesError
from ffmate_desktop.db.queries import query
from ffmate_desktop.db.repair import repair
from ffmate_desktop.domain.change import (
    AnythingChanged,
    Change,
    UnreadableNotificationError,
    parse_notification,
)
from ffmate_desktop.throttle import Throttle

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record]

CHANNEL = "ffmate"
"""Everything that a view may show. Changed tasks only while at least one session is inside `changes`."""

PING = 5.0
"""Seconds between two pings of a connection that only listens, and for each answer."""

NODE_CHANNEL = "ffmate_node"
"""Only what a node may have to act on: waiting work, commands, changed nodes."""

ANYTHING = 1.0
"""Seconds between two full reads that unreadable or too many notifications cause."""

WARNING = 600.0
"""Seconds between two warnings about unreadable notifications."""

MOST_WAITING = 1_000
"""If more changes than this wait in a queue, they become a single one: anything may have changed."""


class _Channel:
    """Reads the notifications of one channel on one connection, and calls `handle` with each change."""

    def __init__(self, handle: Callable[[Change], None]) -> None:
        self._handle = handle
        self._anything = Throttle(lambda: handle(AnythingChanged()), ANYTHING)
        self._warned: float | None = None

    def receive(self, _connection: Any, _pid: int, channel: str, payload: object) -> None:
        """Handle one notification. An unreadable one may still mean that something changed."""
        try:
            change = parse_notification(str(payload))
        except UnreadableNotificationError as error:
            self._warn(channel, str(payload), error)
            self._anything.request()
            return
        if change is not None:
            self._handle(change)

    def _warn(self, channel: str, payload: str, error: UnreadableNotificationError) -> None:
        now = asyncio.get_running_loop().time()
        if self._warned is None or now - self._warned > WARNING:
            self._warned = now
            logs.database.warning(
                "A notification on channel %s could not be read (%s): %.100r. Further ones are not reported for"
                " %.0f minutes",
                *(channel, error, payload[:100], WARNING / 60),
            )


async def listen(
    connection: "Connection | PoolConnectionProxy[asyncpg.Record]",
    handle: Callable[[Change], None],
    channel: str = CHANNEL,
) -> None:
    """Call `handle` forevery change, on this connection, as long as it lives. `handle` must not block."""
    await connection.add_listener(channel, _Channel(handle).receive)


class ChangeQueue(asyncio.Queue[Change | None]):
    """A bounded queue: when too many changes wait, they all become one AnythingChanged."""

    def __init__(self) -> None:
        super().__init__()
        self._anything = Throttle(lambda: self.put_nowait(AnythingChanged()), ANYTHING)
        self._is_over = False

    def add(self, change: Change) -> None:
        """Add a change; never blocks."""
        if self._is_over:
            return
        if self.qsize() < MOST_WAITING:
            self.put_nowait(change)
            return
        dropped = [self.get_nowait() for _ in range(self.qsize())]
        if AnythingChanged() in dropped:
            self.put_nowait(AnythingChanged())
        else:
            self._anything.request()

    def end(self) -> None:
        """Call this when the connection is lost."""
        self._is_over = True
        self._anything.close()
        self.put_nowait(None)


@asynccontextmanager
async def changes(uri: str) -> AsyncIterator[asyncio.Queue[Change | None]]:
    """A queue of changes on a connection of its own; None means that the connection was lost.

    LISTEN is in force before the block starts, so a snapshot that is read inside it misses nothing. Raises UserError
    when the connection fails, or when a table cannot be read because it is locked or missing.
    """
    news = ChangeQueue()
    connection = await connect(uri, application="ffmate-desktop viewer")
    watching: asyncio.Task[None] | None = None
    try:
        connection.add_termination_listener(lambda _connection: news.end())
        await listen(connection, news.add)
        try:
            looks = await _register_viewer(connection)
            await connection.execute(query("viewers", "check_tables"))
        except MissingTablesError:  # a viewer may run without a node
            await repair(uri)
            raise
        watching = asyncio.create_task(
            _ping_until_lost(connection, news, looks=looks), name="watching a listener"
        )
        yield news
    finally:
        if watching is not None:
            watching.cancel()
        connection.terminate()
        news.end()


async def _register_viewer(connection: "Connection") -> bool:
    """Request notifications about tasks; False if another session holds that lock, and they are sent anyway."""
    try:
        await connection.execute(query("viewers", "start_viewing"))
    except BusyError:
        return False
    return True


async def _ping_until_lost(connection: "Connection", news: ChangeQueue, *, looks: bool) -> None:
    """End a connection that no longer answers: a listener would wait forever on a cut connection."""
    while not connection.is_closed():
        await asyncio.sleep(PING)
        try:
            async with asyncio.timeout(PING):
                if not looks and (looks := await _register_viewer(connection)):
                    news.add(AnythingChanged())  # earlier changes may not have been notified
                await connection.fetchval(query("viewers", "ping"))
        except CONNECTION_LOST:
            connection.terminate()
