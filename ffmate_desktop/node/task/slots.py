"""The slots of this node: which tasks may encode, and whether to prepare tasks before a slot is free."""

import asyncio
from collections import deque

SHORT = 1.0
"""Seconds. While all recent encodes were shorter, tasks are claimed and prepared ahead of a free slot."""

PATIENCE = 1.5
"""Seconds that a prepared task waits for a slot before it goes back into the queue, where others can claim it."""


class Slots:
    """Assigns `count` slots in the order of the claims. Every `enter` must be paired with a `leave`."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._started: dict[object, float] = {}
        self._waiting: dict[object, asyncio.Future[None]] = {}
        self._recent: deque[float] = deque(maxlen=2 * count)

    def resize(self, count: int) -> None:
        """Change the number of slots; running encodes keep theirs."""
        if count != self.count:
            self.count = count
            self._recent = deque(maxlen=2 * count)
            self._assign()

    def enter(self, task: object) -> None:
        """Take a free slot, or the last place in the line for one."""
        self._waiting[task] = asyncio.get_running_loop().create_future()
        self._assign()

    def has(self, task: object) -> bool:
        """Whether the task has a slot."""
        return task in self._started

    async def acquire(self, task: object) -> None:
        """Wait for the slot; raises TimeoutError after PATIENCE. Safe to cancel."""
        if self.has(task):
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._waiting[task]
        except TimeoutError:
            self._recent.clear()  # the running encodes are not short
            raise

    def leave(self, task: object) -> None:
        """Give up the slot, or the place in the line. Safe to repeat."""
        self._waiting.pop(task, None)
        start = self._started.pop(task, None)
        if start is not None:
            self._recent.append(_now() - start)
            self._assign()

    def ahead(self) -> int:
        """How many tasks to prepare beyond the slots: none while encodes are long."""
        short = len(self._recent) == 2 * self.count > 0 and max(self._recent) < SHORT
        return self.count if short and all(_now() - start < SHORT for start in self._started.values()) else 0

    def _assign(self) -> None:
        while self._waiting and len(self._started) < self.count:
            task = next(iter(self._waiting))
            turn = self._waiting.pop(task)
            if not turn.done():  # else it has just stopped waiting
                self._started[task] = _now()
                turn.set_result(None)


def _now() -> float:
    return asyncio.get_running_loop().time()
