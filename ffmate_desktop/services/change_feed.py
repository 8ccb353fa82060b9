"""The stream of changes that keeps a live view up to date."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from ffmate_desktop.db.connection.connection import Database
    from ffmate_desktop.domain.change import Change


def change_feed(database: "Database") -> "AbstractAsyncContextManager[asyncio.Queue[Change | None]]":
    """A queue of changes on a connection of its own; None means that the connection was lost.

    A view misses nothing if it reads its rows inside the block. Raises UserError if it can't connect.
    """
    from ffmate_desktop.db.listener import changes  # noqa: PLC0415 - a window paints before asyncpg is loaded

    return changes(database.uri)
