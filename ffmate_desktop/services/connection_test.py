"""Tests a database connection before the cluster relies on it: can a node use it, and which nodes are there?"""

from dataclasses import dataclass

from ffmate_desktop.db import nodes as stored
from ffmate_desktop.db.connection.connect_errors import lacks_rights
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.health import CLOCK, SLOW, Health, check_health
from ffmate_desktop.db.migrate import has_current_tables
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import NodeState

_ALIVE = (NodeState.ONLINE, NodeState.DRAINING)


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """The result. `nodes` are the names of the live nodes; `has_tables` says whether the queue is set up.

    `rights` says which rights are missing and how to grant them.
    """

    health: Health
    rights: UserError | None
    has_tables: bool
    nodes: tuple[str, ...]

    @property
    def is_slow(self) -> bool:
        """So slow that every click would feel it."""
        return self.health.latency >= SLOW

    @property
    def is_clock_off(self) -> bool:
        """So far off that times in logs would be confusing."""
        return abs(self.health.clock_offset) >= CLOCK


async def run_connection_test(uri: str) -> ConnectionTest:
    """Test the connection without changing anything. Raises UserError if a node can't use the database."""
    health = await check_health(uri)
    if health.missing_rights:
        return ConnectionTest(health, lacks_rights(health.role, health.missing_rights), True, ())
    if health.owner is None and not health.may_migrate:
        missing = UserError(
            f"The user “{health.role}” isn't allowed to create FFmate Desktop's tables in “{health.database}”.",
            f'As the database owner, run: GRANT CREATE ON DATABASE "{health.database}" TO "{health.role}"',
        )
        return ConnectionTest(health, missing, False, ())
    async with Database(uri, size=1) as database:
        has_tables = await has_current_tables(database)
        nodes = await stored.list_nodes(database) if has_tables else []
    return ConnectionTest(
        health, None, has_tables, tuple(node.identifier for node in nodes if node.state in _ALIVE)
    )
