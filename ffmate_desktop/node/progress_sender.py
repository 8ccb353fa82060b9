"""Live progress of everything that runs here: one notification a tick, and none when nothing moves."""

import asyncio
from collections.abc import Callable

from ffmate_desktop import logs
from ffmate_desktop.db import claims
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database, reason
from ffmate_desktop.domain.task import LiveProgress

TICK = 0.5


class ProgressSender:
    """Sends what changed since the last tick. `node_id()` and `progress()` are asked at each tick."""

    def __init__(
        self, database: Database, *, node_id: Callable[[], int], progress: Callable[[], list[LiveProgress]]
    ) -> None:
        self._database = database
        self._node_id = node_id
        self._progress = progress
        self._sent: set[LiveProgress] = set()
        self._work = asyncio.Event()

    def wake(self) -> None:
        """Something runs now."""
        self._work.set()

    async def run(self) -> None:
        """Send until cancelled. What cannot be sent is dropped: newer figures follow, the heartbeat keeps them."""
        while True:
            await self._work.wait()
            await asyncio.sleep(TICK)
            now = self._progress()
            if not now:
                self._work.clear()
                self._sent = set()
                continue
            news = [entry for entry in now if entry not in self._sent]
            if news:
                try:
                    await claims.send_progress(self._database, self._node_id(), news)
                except CONNECTION_LOST as error:
                    logs.database.debug("Progress was not sent: %s", reason(error))
            self._sent = set(now)
