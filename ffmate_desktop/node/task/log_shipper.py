"""Sends a task's log lines to the database, in chunks and bounded."""

import asyncio
from collections import deque

from ffmate_desktop.node.task.claim_writer import ClaimWriter

INTERVAL = 1.0
FIRST_LINES = 400
LAST_LINES = 200
LONGEST_LINE = 2000


class LogShipper:
    """The lines of one attempt: the first 400 are sent about once a second, the last 200 of the rest at the end.

    The complete log stays in a file on the node. `add` never blocks: chunks wait while the database is unreachable.
    """

    def __init__(self, writer: ClaimWriter) -> None:
        self._writer = writer
        self._waiting: list[str] = []
        self._tail: deque[str] = deque(maxlen=LAST_LINES)
        self._counted = 0
        self._seq = 0
        self._has_lines = asyncio.Event()
        self._shipping = asyncio.Lock()

    def add(self, lines: list[str]) -> None:
        """Queue complete lines."""
        for line in lines:
            text = line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + " …"
            if self._counted < FIRST_LINES:
                self._waiting.append(text)
                self._has_lines.set()
            else:
                self._tail.append(text)
            self._counted += 1

    async def run(self) -> None:
        """Send new lines about once a second, until cancelled."""
        while True:
            await self._has_lines.wait()
            await asyncio.sleep(INTERVAL)
            await self._ship()

    async def finish(self) -> None:
        """Send the rest, with a line that says how many were left out."""
        left_out = self._counted - FIRST_LINES - len(self._tail)
        if left_out > 0:
            self._waiting.append(f"… {left_out} lines are left out here; the node keeps the complete log")
        self._waiting += self._tail
        self._tail.clear()
        await self._ship()

    async def _ship(self) -> None:
        # `finish` waits for a chunk that is being sent, so that none is lost or out of order.
        async with self._shipping:
            self._has_lines.clear()
            if not self._waiting:
                return
            self._seq += 1
            seq, lines, self._waiting = self._seq, "\n".join(self._waiting) + "\n", []
            await self._writer.append_log(seq, lines)
