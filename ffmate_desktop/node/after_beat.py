"""After each heartbeat: gives back what this node never heard of, and looks after the tasks of the dead."""

import asyncio
from collections.abc import Callable, Mapping

from ffmate_desktop import logs
from ffmate_desktop.db import claims
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database
from ffmate_desktop.db.leases import Beat
from ffmate_desktop.domain.node import NodeFacts
from ffmate_desktop.domain.task import Epoch
from ffmate_desktop.node.janitor import Janitor
from ffmate_desktop.node.sweeper import recover


class AfterBeat:
    """Does what the newest beat asks for. `node_id()` is the present incarnation, `connected_for()` in seconds."""

    def __init__(
        self,
        database: Database,
        facts: NodeFacts,
        *,
        node_id: Callable[[], int],
        connected_for: Callable[[], float],
    ) -> None:
        self._database = database
        self._lease = facts.lease
        self._janitor = Janitor(database, facts.machine)
        self._node_id = node_id
        self._connected_for = connected_for
        self._beat: Beat | None = None
        self._orphaned: Mapping[int, Epoch] = {}
        self._came = asyncio.Event()
        self._leftovers = asyncio.Event()

    def hear(self, beat: Beat, orphaned: Mapping[int, Epoch]) -> None:
        """A beat was answered; `orphaned` are claims of ours whose answer was lost."""
        self._beat, self._orphaned = beat, orphaned
        self._came.set()
        if beat.leftovers:
            self._leftovers.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            orphaned, self._orphaned = self._orphaned, {}
            if orphaned:
                await self._give_back(orphaned)
            if self._beat is not None:
                await recover(
                    self._database,
                    self._node_id(),
                    self._beat,
                    connected_for=self._connected_for(),
                    lease=self._lease,
                )

    async def clean_up(self) -> None:
        """Remove what the dead left, until cancelled: a duty of its own, since their disks may not answer."""
        while True:
            await self._leftovers.wait()
            self._leftovers.clear()
            await self._janitor.clean()

    async def _give_back(self, orphaned: Mapping[int, Epoch]) -> None:
        try:
            given = await claims.give_back(self._database, self._node_id(), orphaned)
        except CONNECTION_LOST:
            return  # the next beat finds them again
        if given:
            logs.cluster.info("%d claims whose answer was lost were given back", len(given))
