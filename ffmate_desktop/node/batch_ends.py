"""Says that batches are finished, soon after their last tasks ended; and for whoever ended them without saying so."""

import asyncio
from uuid import UUID

from ffmate_desktop import logs
from ffmate_desktop.db import batches
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database, reason

GATHERING = 0.3
"""Seconds that ends gather: a node that ends many tasks asks a few times a second."""

SWEEP = 30.0
"""Seconds after which batches are looked for whose last task was ended by a sweep, or by a node that then died."""


class BatchEnds:
    """Told of each task that ended here. Any number of nodes may do this; a batch is finished once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ended: list[UUID] = []
        self._news = asyncio.Event()

    def add(self, task: UUID) -> None:
        """This task has ended, or left this node."""
        self._ended.append(task)
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.finish(everything=True)
            try:
                async with asyncio.timeout(SWEEP):
                    while True:
                        await self._news.wait()
                        await asyncio.sleep(GATHERING)
                        await self.finish()
            except TimeoutError:
                pass

    async def finish(self, *, everything: bool = False) -> None:
        """Look now; what could not be asked because the database is away is found by a later sweep."""
        ended, self._ended = self._ended, []
        self._news.clear()
        if not (ended or everything):
            return
        try:
            for uuid in await batches.finish(self._database, None if everything else ended):
                logs.task.info("Batch %s is finished", uuid)
        except CONNECTION_LOST as error:
            logs.cluster.info("Batches wait: %s", reason(error))
