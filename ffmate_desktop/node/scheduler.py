"""Which task is run next here: claims for the free slots, woken by news, by a freed slot, or by a heartbeat."""

import asyncio
from collections.abc import Callable

from ffmate_desktop import logs
from ffmate_desktop.db import claims
from ffmate_desktop.db.connection import CONNECTION_LOST, Database
from ffmate_desktop.domain.task import Claim

MOMENT = 0.05
"""Seconds that the other nodes get to take their share of a short queue."""


class Scheduler:
    """Claims tasks while there are free slots.

    `node_id()` is the present incarnation, `free()` the number of free slots, `start(claim)` must take
    the slot before it returns.
    """

    def __init__(
        self,
        database: Database,
        *,
        node_id: Callable[[], int],
        free: Callable[[], int],
        start: Callable[[Claim, int], None],
    ) -> None:
        self._database = database
        self._node_id = node_id
        self._free = free
        self._start = start
        self._wake = asyncio.Event()
        self._claiming = False
        self._last_answer = 0.0

    def wake(self) -> None:
        """There may be something to claim."""
        self._wake.set()

    def was_quiet_since(self, moment: float) -> bool:
        """No claim was on its way at this loop time or later: whatever is ours was started here."""
        return not self._claiming and self._last_answer < moment

    async def run(self) -> None:
        """Claim until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while (slots := self._free()) > 0:
                claimed = await self._claim(slots)
                if claimed == 0:
                    break
                if claimed < slots:  # our share of a short queue: the others first, then the rest
                    await asyncio.sleep(MOMENT)

    async def _claim(self, slots: int) -> int:
        node_id = self._node_id()
        self._claiming = True
        try:
            claimed = await claims.claim(self._database, node_id, slots)
        except CONNECTION_LOST as error:
            # Nothing to do: the next heartbeat that gets through tells whether work waits, and what of it is ours.
            logs.cluster.info("No claim possible: %s", error or type(error).__name__)
            return 0
        finally:
            self._claiming, self._last_answer = False, asyncio.get_running_loop().time()
        logs.cluster.debug("Asked for %d tasks, got %d", slots, len(claimed))
        for claim in claimed:
            logs.task.info(
                "Claimed %s (%s), attempt %d, epoch %d", claim.name, claim.uuid, claim.attempts, claim.epoch
            )
            self._start(claim, node_id)
        return len(claimed)
