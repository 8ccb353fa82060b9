"""Work after each heartbeat: releases claims whose answer was lost, sweeps dead nodes, cleans up after them."""

import asyncio
from collections.abc import Callable, Mapping

from ffmate_desktop import logs
from ffmate_desktop.db import claims
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database
from ffmate_desktop.db.leases import Beat
from ffmate_desktop.domain.counts import counted
from ffmate_desktop.domain.node import NodeFacts
from ffmate_desktop.domain.task import Epoch
from ffmate_desktop.node.janitor import Janitor
from ffmate_desktop.node.sweeper import sweep_if_needed


class AfterBeat:
    """Acts on the newest beat. `node_id()` is the current incarnation, `connected_for()` is in seconds."""

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
        self._has_beat = asyncio.Event()
        self._has_leftovers = asyncio.Event()

    def on_beat(self, beat: Beat, orphaned: Mapping[int, Epoch]) -> None:
        """A beat was answered; `orphaned` are claims of this node whose answer was lost."""
        self._beat, self._orphaned = beat, orphaned
        self._has_beat.set()
        if beat.leftovers:
            self._has_leftovers.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._has_beat.wait()
            self._has_beat.clear()
            orphaned, self._orphaned = self._orphaned, {}
            if orphaned:
                await self._release(orphaned)
            if self._beat is not None:
                await sweep_if_needed(
                    self._database,
                    self._node_id(),
                    self._beat,
                    connected_for=self._connected_for(),
                    lease=self._lease,
                )

    async def clean_up(self) -> None:
        """Remove leftovers of dead nodes until cancelled. Separate from `run`, because their disks may not answer."""
        while True:
            await self._has_leftovers.wait()
            self._has_leftovers.clear()
            await self._janitor.clean()

    async def _release(self, orphaned: Mapping[int, Epoch]) -> None:
        try:
            released = await claims.give_back(self._database, self._node_id(), orphaned)
        except CONNECTION_LOST:
            return  # the next beat finds them again
        if released:
            logs.cluster.info("Released %s whose answer was lost", counted(len(released), "claim"))
