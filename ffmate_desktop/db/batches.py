"""Batches in the database. The rules are explained in batches.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.queue import WorkLeft


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch without its tasks."""

    uuid: UUID
    created_at: datetime
    finished_at: datetime | None


async def finish(database: Database, ended: Sequence[UUID] | None = None) -> list[UUID]:
    """Mark finished batches: those of tasks that have just ended, or all. Returns the newly finished ones.

    Call it after the ends are committed. Any number of callers may; each batch is returned to one of them.
    """
    async with database.transaction() as connection:
        rows = await connection.fetch(
            query("batches", "lock_batches"), None if ended is None else list(ended)
        )
        if not rows:
            return []
        done = [row["uuid"] for row in rows]
        finished = await connection.fetch(query("batches", "finish_batches"), done)
        await connection.execute(query("batches", "delete_empty"), done)
    return [row["uuid"] for row in finished]


async def tasks_of(database: Database, batch: UUID) -> list[UUID]:
    """The tasks of a batch, in the order of submission."""
    return [row["uuid"] for row in await database.fetch(query("batches", "tasks_of_batch"), batch)]


async def get(database: Database, uuid: UUID) -> StoredBatch | None:
    """The batch, or None."""
    row = await database.fetch_one(query("batches", "get_batch"), uuid)
    return None if row is None else StoredBatch(row["uuid"], row["created_at"], row["finished_at"])


async def find_uuid(database: Database, low: UUID, high: UUID) -> list[UUID]:
    """At most two batches within a range of uuids: one means that it is unique."""
    return [row["uuid"] for row in await database.fetch(query("batches", "batches_between"), low, high)]


async def remaining(database: Database, uuid: UUID) -> float | None:
    """Seconds until the batch is finished, if all slots work on it; None if that is unknown."""
    row = await database.fetch_one(query("batches", "work_left"), uuid)
    assert row is not None  # noqa: S101 - aggregates have one row
    return WorkLeft(row["running"], row["longest"], row["queued"]).seconds(row["slots"])
