"""News for whoever shows something live, and telling an outage of the database from a defect."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from ffmate_desktop.db.connection.connection import Database
    from ffmate_desktop.domain.change import Change


def news(database: "Database") -> "AbstractAsyncContextManager[asyncio.Queue[Change | None]]":
    """A queue of changes on a connection of its own; None tells that the connection was lost.

    Nothing is missed when what is shown is read inside the block. Raises UserError when there is no connection.
    """
    from ffmate_desktop.db.listener import changes  # noqa: PLC0415 - as below

    return changes(database.uri)


def in_words(error: BaseException) -> str:
    """An outage in a few words."""
    from ffmate_desktop.db.connection.connection import reason  # noqa: PLC0415 - as below

    return reason(error)


def is_outage(error: BaseException) -> bool:
    """Whether the database is away, so that trying again later is right; everything else is a defect."""
    # A window is painted before asyncpg is loaded, and must be able to ask.
    from ffmate_desktop.db.connection.connection import CONNECTION_LOST  # noqa: PLC0415 - see above

    return isinstance(error, CONNECTION_LOST)
