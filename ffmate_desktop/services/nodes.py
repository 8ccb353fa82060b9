"""Nodes for people: who is there, and sending one home."""

import difflib

from ffmate_desktop.db import nodes as stored
from ffmate_desktop.db.connection import Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import Node


class NodeService:
    """Lists and drains the nodes of the cluster."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Node]:
        """Every node that is remembered, live ones first."""
        return await stored.list_nodes(self._database)

    async def drain(self, identifier: str) -> None:
        """The node finishes what it runs, claims nothing new, then leaves; raises UserError when it is not there."""
        if not await stored.drain(self._database, identifier):
            nodes = {node.identifier: node for node in await self.all()}
            if identifier in nodes:
                raise UserError(f"“{identifier}” is not at work: it is {nodes[identifier].status}.")
            live = [name for name, node in nodes.items() if node.status in ("online", "late")]
            close = difflib.get_close_matches(identifier, live, n=1)
            hint = f"Did you mean “{close[0]}”?" if close else "`ffmate-desktop nodes list` shows them."
            raise UserError(f"No node named “{identifier}” is at work.", hint)
