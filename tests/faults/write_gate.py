"""Holds a node's write to a task inside the server, so that a test can break the node at exactly that step."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg

from tests.node.waiting import until

Step = Literal["claim", "facts", "publish", "finish", "pre", "post"]

_STEPS: dict[Step, str] = {
    "claim": "OLD.status = 'QUEUED' AND NEW.status = 'RUNNING'",
    "facts": "OLD.phase = 'encode' AND NEW.phase = 'encode' AND NEW.result IS DISTINCT FROM OLD.result",
    "publish": "OLD.phase = 'encode' AND NEW.phase = 'publish'",
    "pre": "NEW.status = 'PRE_PROCESSING' AND OLD.status = 'RUNNING'",
    "post": "NEW.status = 'POST_PROCESSING' AND OLD.status = 'RUNNING'",
    "finish": "OLD.phase = 'publish' AND NEW.status LIKE 'DONE%'",
}
_LOCK = 4711


class WriteGate:
    """Closed at first: every write of that step waits until `open`."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def wait_for_node(self) -> None:
        """Wait until a node has reached that step."""
        waiting = """
            SELECT EXISTS (SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database
                            WHERE datname = current_database() AND locktype = 'advisory'
                                  AND objid = $1 AND NOT granted)"""

        async def waits() -> bool:
            return bool(await self._connection.fetchval(waiting, _LOCK))

        await until(waits, "a node reaches the gate", timeout=180)

    async def open(self) -> None:
        """Let waiting writes run, even if their node is gone; later ones do not wait."""
        await self._connection.fetchval("SELECT pg_advisory_unlock($1)", _LOCK)


@asynccontextmanager
async def hold_writes(uri: str, step: Step) -> AsyncIterator[WriteGate]:
    """Hold the writes of that step for every task of the database."""
    connection = await asyncpg.connect(uri)
    try:
        await connection.fetchval("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(f"""
            CREATE FUNCTION ffmate.gate() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock_shared({_LOCK}); RETURN NEW; END';
            CREATE TRIGGER gate BEFORE UPDATE ON ffmate.tasks
                FOR EACH ROW WHEN ({_STEPS[step]}) EXECUTE FUNCTION ffmate.gate()""")
        yield WriteGate(connection)
    finally:
        async with asyncio.timeout(10):
            await connection.close()
