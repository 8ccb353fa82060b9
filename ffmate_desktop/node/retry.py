"""Retries a write until the database answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ffmate_desktop import logs
from ffmate_desktop.backoff import Backoff
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, reason

T = TypeVar("T")


def database_backoff() -> Backoff:
    """The delays of a node that waits for the database: chance keeps many nodes from asking at the same time."""
    return Backoff(0.1, 3.0, jitter=0.5)


async def retry_until_answered(write: Callable[[], Awaitable[T]], name: str) -> T:
    """Repeat `write` until the database answers, or until cancelled. `name` is for the log.

    `write` must be safe to repeat, since an answer may get lost after the write took effect. Fenced writes are.
    """
    backoff, logged = database_backoff(), ""
    while True:
        try:
            return await write()
        except CONNECTION_LOST as error:
            level = logs.database.debug if reason(error) == logged else logs.database.info
            logged = reason(error)
            level("Waiting for the database (%s): %s", name, logged)
            await asyncio.sleep(backoff.next_delay())
