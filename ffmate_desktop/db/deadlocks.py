"""Statements that lock many rows: two of them may meet in opposite order, and the server ends one."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

T = TypeVar("T")

ATTEMPTS = 5


async def retry_deadlocks(work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work`, one statement or transaction, which is tried again when it lost a deadlock."""
    for attempt in range(1, ATTEMPTS):
        try:
            return await work()
        except asyncpg.DeadlockDetectedError:
            await asyncio.sleep(random.uniform(0, 0.05 * attempt))  # noqa: S311 - no secret
    return await work()
