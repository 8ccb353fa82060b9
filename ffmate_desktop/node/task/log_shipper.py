"""A task's log lines on their way to the database, in batches, bounded, and patient when it is away."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

INTERVAL = 1.0
FIRST_LINES = 400
LAST_LINES = 200
LONGEST_LINE = 2000


class LogShipper:
    """Collects lines of one attempt: the first 400 go out about once a second, of the rest the last 200 at the end.

    The complete log stays in a file on the node. `add` never blocks; `run` ships until cancelled, `finish` the rest.
    `append(number, lines)` writes a chunk, and waits for the database as long as it must.
    """

    def __init__(self, append: Callable[[int, str], Awaitable[None]]) -> None:
        self._append = append
        self._waiting: list[str] = []
        self._tail: deque[str] = deque(maxlen=LAST_LINES)
        self._counted = 0
        self._seq = 0
        self._news = asyncio.Event()
        self._shipping = asyncio.Lock()

    def add(self, lines: list[str]) -> None:
        """Take over finished lines."""
        for line in lines:
            text = line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + " …"
            if self._counted < FIRST_LINES:
                self._waiting.append(text)
                self._news.set()
            else:
                self._tail.append(text)
            self._counted += 1

    async def run(self) -> None:
        """Ship what comes in, about once a second, until cancelled."""
        while True:
            await self._news.wait()
            await asyncio.sleep(INTERVAL)
            await self._ship()

    async def finish(self) -> None:
        """Ship what is left, with a line that tells how many were left out."""
        left_out = self._counted - FIRST_LINES - len(self._tail)
        if left_out > 0:
            self._waiting.append(f"… {left_out} lines are left out here; the node keeps the complete log")
        self._waiting += self._tail
        self._tail.clear()
        await self._ship()

    async def _ship(self) -> None:
        async with (
            self._shipping
        ):  # `finish` waits for a chunk that is on its way, so that none is lost or swapped
            self._news.clear()
            if not self._waiting:
                return
            self._seq += 1
            seq, lines, self._waiting = self._seq, "\n".join(self._waiting) + "\n", []
            await self._append(seq, lines)
