"""Sends live progress of the running tasks: one notification a tick, none while nothing changes."""

import asyncio
from collections.abc import Callable

from ffmate_desktop import logs
from ffmate_desktop.db import claims
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database, reason
from ffmate_desktop.domain.task import LiveProgress

TICK = 0.5


class ProgressSender:
    """Sends what changed since the last tick. `node_id()` and `progress()` are called at each tick."""

    def __init__(
        self, database: Database, *, node_id: Callable[[], int], progress: Callable[[], list[LiveProgress]]
    ) -> None:
        self._database = database
        self._node_id = node_id
        self._progress = progress
        self._sent: set[LiveProgress] = set()
        self._has_work = asyncio.Event()

    def wake(self) -> None:
        """A task runs now."""
        self._has_work.set()

    async def run(self) -> None:
        """Send until cancelled. What cannot be sent is dropped: newer progress follows, and heartbeats store it."""
        while True:
            await self._has_work.wait()
            await asyncio.sleep(TICK)
            now = self._progress()
            if not now:
                self._has_work.clear()
                self._sent = set()
                continue
            changed = [entry for entry in now if entry not in self._sent]
            if changed:
                try:
                    await claims.send_progress(self._database, self._node_id(), changed)
                except CONNECTION_LOST as error:
                    logs.database.debug("Progress was not sent: %s", reason(error))
            self._sent = set(now)
