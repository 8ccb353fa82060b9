"""The slots of this node: who may encode now, and whether it pays to have the next tasks ready before one is free."""

import asyncio
from collections import deque

SHORT = 1.0
"""Seconds. While all of the last encodes were shorter, tasks are claimed and made ready ahead of a free slot."""

PATIENCE = 1.5
"""Seconds that a ready task waits for a slot. Then it goes back into the queue, where others can take it."""


class Slots:
    """Hands out `count` slots in the order in which they were asked for, which is that of the claims.

    Whoever entered leaves in the end, whatever happened.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._begun: dict[object, float] = {}
        self._waiting: dict[object, asyncio.Future[None]] = {}
        self._lately: deque[float] = deque(maxlen=2 * count)

    def resize(self, count: int) -> None:
        """Have so many slots from now on; who encodes already goes on."""
        if count != self.count:
            self.count = count
            self._lately = deque(maxlen=2 * count)
            self._pass_on()

    def enter(self, who: object) -> None:
        """Take a slot, or the last place among those who wait for one."""
        self._waiting[who] = asyncio.get_running_loop().create_future()
        self._pass_on()

    def has(self, who: object) -> bool:
        """Whether one of the slots is theirs."""
        return who in self._begun

    async def take(self, who: object) -> None:
        """Wait for the slot; raises TimeoutError when it took so long that nobody should wait. May be cancelled."""
        if self.has(who):
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._waiting[who]
        except TimeoutError:
            self._lately.clear()  # those that run are not short
            raise

    def leave(self, who: object) -> None:
        """Give the slot, or the place among those who wait, to the next; repeating it changes nothing."""
        self._waiting.pop(who, None)
        begun = self._begun.pop(who, None)
        if begun is not None:
            self._lately.append(_now() - begun)
            self._pass_on()

    def ahead(self) -> int:
        """How many tasks more than there are slots are worth having ready: none while encodes are long."""
        short = len(self._lately) == 2 * self.count > 0 and max(self._lately) < SHORT
        return self.count if short and all(_now() - begun < SHORT for begun in self._begun.values()) else 0

    def _pass_on(self) -> None:
        while self._waiting and len(self._begun) < self.count:
            who = next(iter(self._waiting))
            turn = self._waiting.pop(who)
            if not turn.done():  # else the waiting ended in this moment
                self._begun[who] = _now()
                turn.set_result(None)


def _now() -> float:
    return asyncio.get_running_loop().time()
