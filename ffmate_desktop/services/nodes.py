"""Lists and commands the nodes of the cluster."""

import difflib

from ffmate_desktop.db import leases
from ffmate_desktop.db import nodes as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.node import Node, NodeState
from ffmate_desktop.domain.slots import MAX_SLOTS


class NodeService:
    """A node receives a command at once, or with its next heartbeat.

    Every command raises UserError if no such node is online.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Node]:
        """All known nodes, live ones first."""
        return await stored.list_nodes(self._database)

    async def drain(self, identifier: str) -> None:
        """The node finishes its tasks without claiming new ones, then leaves."""
        if not await stored.drain(self._database, identifier):
            raise await self._not_online(identifier)

    async def pause(self, identifier: str) -> None:
        """The node stays and keeps its running tasks, but claims no new ones."""
        if not await stored.pause(self._database, identifier):
            raise await self._not_online(identifier)

    async def resume(self, identifier: str) -> None:
        """The node claims tasks again, after a pause or a drain."""
        if not await stored.resume(self._database, identifier):
            raise await self._not_online(identifier)

    async def set_slots(self, identifier: str, slots: int) -> None:
        """Set how many tasks the node runs at once; tasks beyond that are finished first."""
        if not 0 <= slots <= MAX_SLOTS:
            raise UsageError(
                f"A node can have 0 to {MAX_SLOTS} slots.", "Half the number of its cores is a good start."
            )
        if not await stored.set_slots(self._database, identifier, slots):
            raise await self._not_online(identifier)

    async def give_up(self, identifier: str) -> int:
        """Return the tasks of a late node to the queue now; returns how many. Harmless if the node is alive."""
        swept = await leases.give_up(self._database, identifier)
        if not swept.dead:
            for node in await self.all():
                if node.identifier == identifier and node.status in ("online", "draining"):
                    raise UserError(f"“{identifier}” is online.", "Drain it instead.")
            raise await self._not_online(identifier)
        return len(swept.moved)

    async def remove(self, identifier: str) -> None:
        """Remove a node that has left or is lost."""
        if not await stored.forget(self._database, identifier):
            for node in await self.all():
                if node.identifier == identifier and node.state in (NodeState.ONLINE, NodeState.DRAINING):
                    raise UserError(f"“{identifier}” is still online.", "Drain it first.")
            raise await self._not_online(identifier)

    async def check_name(self, identifier: str, host: str, pid: int) -> None:
        """Raise UserError if a program other than process `pid` on `host` is running under this name."""
        for node in await self.all():
            is_alive = node.state in (NodeState.ONLINE, NodeState.DRAINING)
            if node.identifier == identifier and is_alive and (node.host, node.pid) != (host, pid):
                raise UserError(
                    f"A node named “{identifier}” is already online, on {node.host}.",
                    "Choose another name for this computer.",
                )

    async def _not_online(self, identifier: str) -> UserError:
        nodes = {node.identifier: node for node in await self.all()}
        if identifier in nodes:
            return UserError(f"“{identifier}” isn't online: it is {nodes[identifier].status}.")
        live = [name for name, node in nodes.items() if node.status in ("online", "late")]
        close = difflib.get_close_matches(identifier, live, n=1)
        hint = f"Did you mean “{close[0]}”?" if close else "`ffmate-desktop nodes list` shows all nodes."
        return UserError(f"No node named “{identifier}” is online.", hint)
