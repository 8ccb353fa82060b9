"""Retries statements that lock many rows: two may lock in opposite order, and the server cancels one."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

T = TypeVar("T")

ATTEMPTS = 5


async def retry_deadlocks(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work`, one statement or transaction, again if it lost a deadlock; returns its result."""
    for attempt in range(1, ATTEMPTS):
        try:
            return await work()
        except asyncpg.DeadlockDetectedError:
            await asyncio.sleep(random.uniform(0, 0.05 * attempt))  # noqa: S311 - no secret
    return await work()
