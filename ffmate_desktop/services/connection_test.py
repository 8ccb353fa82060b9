"""Trying a database before anybody depends on it: can a node work with it, and who is there already?"""

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
    """What was found. `nodes` are the names of those at work; `has_tables` tells whether the queue is set up there.

    `rights` is what is missing, as a sentence with its remedy.
    """

    health: Health
    rights: UserError | None
    has_tables: bool
    nodes: tuple[str, ...]

    @property
    def is_slow(self) -> bool:
        """Every click would be felt."""
        return self.health.latency >= SLOW

    @property
    def is_clock_off(self) -> bool:
        """The times in logs would confuse people."""
        return abs(self.health.clock_offset) >= CLOCK


async def run_connection_test(uri: str) -> ConnectionTest:
    """Changes nothing there. Raises UserError when a node cannot work with it; takes at most some seconds."""
    health = await check_health(uri)
    if health.missing_rights:
        return ConnectionTest(health, lacks_rights(health.role, health.missing_rights), True, ())
    if health.owner is None and not health.may_migrate:
        trouble = UserError(
            f"The user “{health.role}” may not create the tables of FFmate Desktop in “{health.database}”.",
            f'As the owner of the database: GRANT CREATE ON DATABASE "{health.database}" TO "{health.role}"',
        )
        return ConnectionTest(health, trouble, False, ())
    async with Database(uri, size=1) as database:
        has_tables = await has_current_tables(database)
        nodes = await stored.list_nodes(database) if has_tables else []
    return ConnectionTest(
        health, None, has_tables, tuple(node.identifier for node in nodes if node.state in _ALIVE)
    )
