"""The desired state of this node: its slots, and whether it is paused, draining or stopping."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from ffmate_desktop import logs
from ffmate_desktop.db import nodes
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.counts import counted
from ffmate_desktop.domain.node import NodeFacts, NodeState
from ffmate_desktop.domain.slots import MAX_SLOTS
from ffmate_desktop.node.retry import retry_until_answered


class DesiredState:
    """Starts as `facts` say. `running()` is how many tasks run here.

    `on_change()` is called after slots or pause changed, or a drain was called off.
    """

    def __init__(
        self, facts: NodeFacts, *, running: Callable[[], int], on_change: Callable[[], None]
    ) -> None:
        self.facts = facts
        self.draining = False
        self.stopping = asyncio.Event()
        """Set when the node must leave now."""
        self._running = running
        self._on_change = on_change
        self._drained_as: int | None = None
        """The incarnation that a command drains; None when the node drains on its own."""

    @property
    def may_claim(self) -> bool:
        """Whether the node may start new work."""
        return not (self.draining or self.facts.paused or self.stopping.is_set())

    def apply(self, node_id: int, *, state: str, slots: int, paused: bool) -> None:
        """Apply the row of this incarnation. It comes with answers to beats, so rows arrive in order."""
        slots = min(max(slots, 0), MAX_SLOTS)
        if (slots, paused) != (self.facts.slots, self.facts.paused):
            logs.cluster.info(
                "This node now has %s%s",
                counted(slots, "slot"),
                ", and is paused" if paused else "",
            )
            self.facts = replace(self.facts, slots=slots, paused=paused)
            self._on_change()
        if state == NodeState.DRAINING and not self.draining:
            self._drained_as = node_id
            self.drain()
        elif state == NodeState.ONLINE and self._drained_as == node_id and not self.stopping.is_set():
            # A node that drains on its own, in order to stop, is not called off here.
            logs.cluster.info("No longer draining")
            self.draining, self._drained_as = False, None
            self._on_change()

    def drain(self) -> None:
        """Claim nothing new, and stop once everything that runs here has finished."""
        if not self.draining:
            logs.cluster.info("Draining: %s still running here", counted(self._running(), "task"))
        self.draining = True
        self.stop_if_drained()

    def stop_if_drained(self) -> None:
        """Call this when a task ends: it may have been the last one of a drain."""
        if self.draining and not self._running():
            self.stopping.set()

    def drain_for_good(self) -> None:
        """Drain on its own account; no command calls that off."""
        self._drained_as = None
        self.drain()

    async def stop_within(self, seconds: float, database: Database) -> None:
        """Limit the drain to this time, and show it to the other nodes."""
        try:
            async with asyncio.timeout(seconds):
                draining = retry_until_answered(
                    lambda: nodes.drain(database, self.facts.identifier), "draining"
                )
                await draining  # the others see it, and that new work is theirs
                await self.stopping.wait()
        except TimeoutError:
            logs.cluster.info(
                "Not finished within %.0f s: returning %s to the queue",
                seconds,
                counted(self._running(), "task"),
            )
            self.stopping.set()
