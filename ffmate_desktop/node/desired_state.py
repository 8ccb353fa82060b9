"""What is wanted of this node as a whole: its slots, a pause, a drain and its end, by the cluster or by its owner."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from ffmate_desktop import logs
from ffmate_desktop.db import nodes
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.node import NodeFacts, NodeState
from ffmate_desktop.domain.preferences import MOST_SLOTS
from ffmate_desktop.node.retry import retry_until_answered


class DesiredState:
    """Begins as `facts` say. `running()` is how many tasks run here.

    `on_change()` is called when slots or pause have changed, or a drain was called off.
    """

    def __init__(
        self, facts: NodeFacts, *, running: Callable[[], int], on_change: Callable[[], None]
    ) -> None:
        self.facts = facts
        self.draining = False
        self.over = asyncio.Event()
        """It shall leave now."""
        self._running = running
        self._on_change = on_change
        self._drained_as: int | None = None

    @property
    def may_claim(self) -> bool:
        """New work may begin here."""
        return not (self.draining or self.facts.paused or self.over.is_set())

    def obey(self, node_id: int, *, state: str, slots: int, paused: bool) -> None:
        """Be what the row of this incarnation says. Rows come with the answers to beats, so in order."""
        slots = min(max(slots, 0), MOST_SLOTS)
        if (slots, paused) != (self.facts.slots, self.facts.paused):
            logs.cluster.info(
                "This node has %s now%s",
                "1 slot" if slots == 1 else f"{slots} slots",
                ", and is paused" if paused else "",
            )
            self.facts = replace(self.facts, slots=slots, paused=paused)
            self._on_change()
        if state == NodeState.DRAINING and not self.draining:
            self._drained_as = node_id
            self.drain()
        elif state == NodeState.ONLINE and self._drained_as == node_id and not self.over.is_set():
            # Who drains of its own accord, to stop, goes on with it.
            logs.cluster.info("No longer draining")
            self.draining, self._drained_as = False, None
            self._on_change()

    def drain(self) -> None:
        """Claim nothing new, and be over when everything that runs here is finished."""
        if not self.draining:
            logs.cluster.info("Draining: %d tasks are still running here", self._running())
        self.draining = True
        self.end_if_drained()

    def end_if_drained(self) -> None:
        """A task has ended: perhaps it was the last of a drain."""
        if self.draining and not self._running():
            self.over.set()

    def drain_for_good(self) -> None:
        """Drain of its own accord; nobody calls that off."""
        self._drained_as = None
        self.drain()

    async def end_within(self, seconds: float, database: Database) -> None:
        """Let the drain take at most so long, and tell the others of it."""
        try:
            async with asyncio.timeout(seconds):
                telling = retry_until_answered(
                    lambda: nodes.drain(database, self.facts.identifier), "draining"
                )
                await telling  # the others see it, and that the work that comes now is theirs
                await self.over.wait()
        except TimeoutError:
            logs.cluster.info(
                "Not finished in %.0f s: %d tasks go back to the queue", seconds, self._running()
            )
            self.over.set()
