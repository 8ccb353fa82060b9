"""Long lists a page at a time: between two pages no transaction is open and no row is kept."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K")

PAGE_SIZE = 500
"""Rows of a page. A task takes about 10 KB of memory."""


async def pages(
    read: Callable[[K | None, int], Awaitable[list[T]]], key: Callable[[T], K], limit: int | None
) -> AsyncIterator[list[T]]:
    """At most `limit` rows, all for None: `read(key of the last row, rows)` returns those that follow."""
    last: K | None = None
    left = limit
    while left is None or left > 0:
        wanted = PAGE_SIZE if left is None else min(left, PAGE_SIZE)
        page = await read(last, wanted)
        if not page:
            return
        yield page
        last = key(page[-1])
        left = None if left is None else left - len(page)
