"""Reads long lists page by page, without a transaction or rows in memory between pages."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K")

PAGE_SIZE = 500
"""Rows per page. A task takes about 10 KB of memory."""


async def pages(
    read: Callable[[K | None, int], Awaitable[list[T]]], key: Callable[[T], K], limit: int | None
) -> AsyncIterator[list[T]]:
    """Yield at most `limit` rows (None: all). `read(key of the last row, count)` returns the rows that follow."""
    last: K | None = None
    left = limit
    while left is None or left > 0:
        count = PAGE_SIZE if left is None else min(left, PAGE_SIZE)
        page = await read(last, count)
        if not page:
            return
        yield page
        last = key(page[-1])
        left = None if left is None else left - len(page)
