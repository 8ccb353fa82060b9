"""Nodes for people: who is there, and what they are told to do."""

import difflib

from ffmate_desktop.db import leases
from ffmate_desktop.db import nodes as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.node import Node, NodeState

MAX_SLOTS = 1000


class NodeService:
    """Lists and commands the nodes of the cluster. A node hears a command at once, or with its next heartbeat.

    Every command raises UserError when no such node is at work.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Node]:
        """Every node that is remembered, live ones first."""
        return await stored.list_nodes(self._database)

    async def drain(self, identifier: str) -> None:
        """The node finishes what it runs, claims nothing new, then leaves."""
        if not await stored.drain(self._database, identifier):
            raise await self._not_there(identifier)

    async def pause(self, identifier: str) -> None:
        """The node claims nothing for now; what it runs goes on, and it stays."""
        if not await stored.pause(self._database, identifier):
            raise await self._not_there(identifier)

    async def resume(self, identifier: str) -> None:
        """The node claims again, whether it was paused or draining."""
        if not await stored.resume(self._database, identifier):
            raise await self._not_there(identifier)

    async def set_slots(self, identifier: str, slots: int) -> None:
        """The node runs so many tasks at once from now on; what runs beyond that is finished first."""
        if not 0 <= slots <= MAX_SLOTS:
            raise UsageError(
                f"A node has from 0 to {MAX_SLOTS} slots.", "Half as many as it has cores is usual."
            )
        if not await stored.set_slots(self._database, identifier, slots):
            raise await self._not_there(identifier)

    async def give_up(self, identifier: str) -> int:
        """Put the tasks of a node that is late back into the queue now; returns how many. Harmless if it lives."""
        swept = await leases.give_up(self._database, identifier)
        if not swept.dead:
            for node in await self.all():
                if node.identifier == identifier and node.status in ("online", "draining"):
                    raise UserError(f"“{identifier}” is at work.", "Drain it to send it home.")
            raise await self._not_there(identifier)
        return len(swept.moved)

    async def remove(self, identifier: str) -> None:
        """Forget a node that has left or is lost."""
        if not await stored.forget(self._database, identifier):
            for node in await self.all():
                if node.identifier == identifier and node.state in (NodeState.ONLINE, NodeState.DRAINING):
                    raise UserError(f"“{identifier}” is still at work.", "Drain it first.")
            raise await self._not_there(identifier)

    async def check_name(self, identifier: str, host: str, pid: int) -> None:
        """Raises UserError when another program than the process `pid` on `host` is at work under this name."""
        for node in await self.all():
            is_alive = node.state in (NodeState.ONLINE, NodeState.DRAINING)
            if node.identifier == identifier and is_alive and (node.host, node.pid) != (host, pid):
                raise UserError(
                    f"A node named “{identifier}” is at work there already, on {node.host}.",
                    "Give this computer another name.",
                )

    async def _not_there(self, identifier: str) -> UserError:
        nodes = {node.identifier: node for node in await self.all()}
        if identifier in nodes:
            return UserError(f"“{identifier}” is not at work: it is {nodes[identifier].status}.")
        live = [name for name, node in nodes.items() if node.status in ("online", "late")]
        close = difflib.get_close_matches(identifier, live, n=1)
        hint = f"Did you mean “{close[0]}”?" if close else "`ffmate-desktop nodes list` shows them."
        return UserError(f"No node named “{identifier}” is at work.", hint)
