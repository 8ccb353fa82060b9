"""Writes that must reach the database in the end: it may go away and come back."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ffmate_desktop import logs
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, reason

T = TypeVar("T")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 3.0


def pauses() -> Callable[[], float]:
    """Seconds to wait before each new attempt: doubled up to three seconds, half of it by chance."""
    pause = FIRST_PAUSE

    def following() -> float:
        nonlocal pause
        current, pause = pause, min(2 * pause, LONGEST_PAUSE)
        return current * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, no secret

    return following


async def retry_until_answered(write: Callable[[], Awaitable[T]], what: str) -> T:
    """Repeat `write` until the database has answered. Ends only by an answer or by being cancelled.

    `write` must be safe to repeat: its reply may be lost after it was carried out. Ours are, as they are fenced.
    """
    following, told = pauses(), ""
    while True:
        try:
            return await write()
        except CONNECTION_LOST as error:
            level = logs.database.debug if reason(error) == told else logs.database.info
            told = reason(error)
            level("The database cannot do it now, %s waits: %s", what, told)
            await asyncio.sleep(following())
