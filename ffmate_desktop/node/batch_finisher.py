"""Marks batches as finished: soon after their last task ended here. A regular sweep marks those that were missed."""

import asyncio
from uuid import UUID

from ffmate_desktop import logs
from ffmate_desktop.db import batches
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database, reason

GATHER_SECONDS = 0.3
"""How long ended tasks are collected: a node that ends many tasks asks a few times a second."""

SWEEP_INTERVAL = 30.0
"""Seconds between two sweeps for batches whose last task was ended by a sweep, or by a node that died right after."""


class BatchFinisher:
    """Any number of nodes may run this: each batch is marked once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ended: list[UUID] = []
        self._wake = asyncio.Event()

    def on_task_ended(self, task: UUID) -> None:
        """This task has ended, or left this node."""
        self._ended.append(task)
        self._wake.set()

    async def run(self) -> None:
        """Mark batches until cancelled."""
        while True:
            await self.finish(sweep=True)
            try:
                async with asyncio.timeout(SWEEP_INTERVAL):
                    while True:
                        await self._wake.wait()
                        await asyncio.sleep(GATHER_SECONDS)
                        await self.finish()
            except TimeoutError:
                pass

    async def finish(self, *, sweep: bool = False) -> None:
        """Mark the batches of ended tasks, or all. While the database is away this is left to a later sweep."""
        ended, self._ended = self._ended, []
        self._wake.clear()
        if not (ended or sweep):
            return
        try:
            for uuid in await batches.finish(self._database, None if sweep else ended):
                logs.task.info("Batch %s is finished", uuid)
        except CONNECTION_LOST as error:
            logs.cluster.info("Finishing batches has to wait: %s", reason(error))
