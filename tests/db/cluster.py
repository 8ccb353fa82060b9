"""A small cluster for tests: tasks to queue, and nodes that hold their control connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg

from ffmate_desktop.db import leases
from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.leases import Membership
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.db.tasks import TaskRow, insert
from ffmate_desktop.domain.node import NodeFacts
from ffmate_desktop.domain.task import IfExists, TaskSpec

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

FACTS = NodeFacts(
    identifier="a",
    heartbeat=5.0,
    machine="machine-1",
    pid=1,
    host="host-1",
    os="linux",
    arch="amd64",
    program="0.1.0",
    ffmpeg="/usr/bin/ffmpeg",
    ffmpeg_version="9.0.2",
    cores=2,
    slots=3,
    labels=("gpu",),
)


def spec(**changes: Any) -> TaskSpec:
    """A spec that no test looks into."""
    return TaskSpec(
        command="-i ${INPUT_FILE} ${OUTPUT_FILE}",
        tokens=[["-i", "${INPUT_FILE}", "${OUTPUT_FILE}"]],
        input="/in.mov",
        output_pattern="/out.mp4",
        output="/out.mp4",
        if_exists=IfExists.RENAME,
        clock_ns=1,
        utc_offset=0,
        source="cli",
    ).model_copy(update=changes)


def row(
    name: str, *, priority: int = 0, labels: tuple[str, ...] = (), output_key: str | None = None
) -> TaskRow:
    """A task ready to be inserted."""
    return TaskRow(
        uuid=uuid4(),
        name=name,
        priority=priority,
        labels=labels,
        preset=None,
        output_key=output_key,
        spec=spec(),
    )


async def add(database: Database, *rows: TaskRow, batch: UUID | None = None) -> list[UUID]:
    """Insert these tasks."""
    await insert(database, rows, batch=batch, source="cli")
    return [row.uuid for row in rows]


@dataclass(frozen=True)
class Joined:
    """A node that joined, with the control connection that holds its session lock."""

    membership: Membership
    connection: "Connection"
    facts: NodeFacts

    @property
    def id(self) -> int:
        """The incarnation."""
        return self.membership.id


@asynccontextmanager
async def joined(uri: str, **changes: Any) -> AsyncIterator[Joined]:
    """A node of the cluster, until the block ends and its connection is cut."""
    facts = replace(FACTS, **changes)
    connection = await connect(uri)
    try:
        yield Joined(await leases.join(connection, facts), connection, facts)
    finally:
        connection.terminate()


async def sweep(database: Database, node_id: int) -> leases.Swept:
    """What a node does because of its newest beat."""
    return await leases.sweep(database, node_id, await newest_beat(database, node_id))


async def newest_beat(database: Database, node_id: int) -> datetime:
    """When the node beat last, by its row."""
    row = await database.fetch_one(Sql("SELECT beat_at FROM ffmate.nodes WHERE id = $1"), node_id)
    return datetime.max.replace(tzinfo=UTC) if row is None else row["beat_at"]


async def age(database: Database, node_id: int, seconds: float) -> None:
    """Let a node look as if its last heartbeat was `seconds` ago."""
    async with database.transaction() as connection:
        await connection.execute(
            "UPDATE ffmate.nodes SET beat_at = beat_at - $2 * interval '1 second',"
            " lease_until = lease_until - $2 * interval '1 second' WHERE id = $1",
            node_id,
            seconds,
        )
