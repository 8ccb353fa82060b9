"""The slots of this node: who may encode now, and whether it pays to have the next tasks ready before one is free."""

import asyncio
from collections import deque

SHORT = 1.0
"""Seconds. While all of the last encodes were shorter, tasks are claimed and made ready ahead of a free slot."""

PATIENCE = 1.5
"""Seconds that a ready task waits for a slot. Then it goes back into the queue, where others can take it."""


class Slots:
    """Hands out `count` slots, first come, first served. Who takes one leaves it in the end, whatever happened."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._begun: dict[object, float] = {}
        self._waiting: dict[object, asyncio.Future[None]] = {}
        self._lately: deque[float] = deque(maxlen=2 * count)

    def take_now(self, who: object) -> bool:
        """Take a slot if one is free."""
        if len(self._begun) >= self.count or self._waiting:
            return False
        self._begin(who)
        return True

    async def take(self, who: object) -> None:
        """Wait for a slot; raises TimeoutError when none became free for so long that nobody should wait."""
        turn = self._waiting[who] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PATIENCE):
                await turn
        except TimeoutError:
            self._lately.clear()  # these are not short
            raise
        finally:
            self._waiting.pop(who, None)

    def leave(self, who: object) -> None:
        """Give the slot back, if there is one, to who waits for it."""
        begun = self._begun.pop(who, None)
        if begun is None:
            return
        self._lately.append(_now() - begun)
        while self._waiting and len(self._begun) < self.count:
            first = next(iter(self._waiting))
            turn = self._waiting.pop(first)
            if not turn.done():  # an order may have ended the waiting in this moment
                self._begin(first)
                turn.set_result(None)

    def ahead(self) -> int:
        """How many tasks more than there are slots are worth having ready: none while encodes are long."""
        short = len(self._lately) == self._lately.maxlen and max(self._lately) < SHORT
        return self.count if short and all(_now() - begun < SHORT for begun in self._begun.values()) else 0

    def _begin(self, who: object) -> None:
        self._begun[who] = _now()


def _now() -> float:
    return asyncio.get_running_loop().time()
