"""A batch is finished exactly once, however many nodes end its last tasks at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest

from ffmate_desktop.db import batches, claims, tasks
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.change import BatchFinished, parse_notification
from ffmate_desktop.domain.task import Claim, Outcome, TaskStatus
from tests.db.cluster import joined, row

pytestmark = pytest.mark.db
DONE = Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0)


@asynccontextmanager
async def hearing(uri: str) -> AsyncIterator[list[UUID]]:
    """Every batch that is notified as finished."""
    finished: list[UUID] = []

    def hear(_c: object, _p: int, _channel: str, payload: object) -> None:
        change = parse_notification(str(payload))
        if isinstance(change, BatchFinished):
            finished.append(change.uuid)

    connection = await asyncpg.connect(uri)
    try:
        await connection.add_listener("ffmate", hear)
        yield finished
        await connection.execute("SELECT 1")  # what was committed before has arrived by then
    finally:
        await connection.close()


async def batch_of(database: Database, count: int) -> tuple[UUID, list[UUID]]:
    batch, rows = uuid4(), [row(str(number)) for number in range(count)]
    await tasks.insert(database, rows, batch=batch, source="test")
    return batch, [task_row.uuid for task_row in rows]


async def test_the_last_two_tasks_end_on_two_nodes_at_once(database_uri: str) -> None:
    rounds = 25
    async with (
        Database(database_uri, size=8) as database,
        hearing(database_uri) as notified,
        joined(database_uri) as a,
        joined(database_uri, identifier="b") as b,
    ):
        submitted = []
        for _ in range(rounds):
            batch, uuids = await batch_of(database, 2)
            submitted.append(batch)
            [first] = await claims.claim(database, a.id, 1)
            [second] = await claims.claim(database, b.id, 1)

            async def end(node: int, claim: Claim) -> list[UUID]:
                await claims.finish_tasks(database, node, [(claim, DONE)])
                return await batches.finish(database, [claim.uuid])

            # Both nodes, and two who only sweep.
            answers = await asyncio.gather(
                end(a.id, first), end(b.id, second), batches.finish(database), batches.finish(database)
            )
            assert [uuid for answer in answers for uuid in answer] == [batch]
            assert await batches.finish(database, uuids) == []
            stored = await batches.get(database, batch)
            assert stored is not None and stored.finished_at is not None
    assert notified == submitted


async def test_a_caller_that_waited_for_the_lock_sees_the_other_ends(
    database: Database, database_uri: str
) -> None:
    batch, uuids = await batch_of(database, 2)
    async with joined(database_uri) as node:
        first, two = await claims.claim(database, node.id, 2)
        await claims.finish_tasks(database, node.id, [(first, DONE)])
        assert await batches.finish(database, [first.uuid]) == []
        await claims.finish_tasks(database, node.id, [(two, DONE)])
        assert await batches.finish(database, uuids) == [batch]


async def test_a_restart_opens_a_batch_and_it_is_finished_once_more(
    database: Database, database_uri: str
) -> None:
    batch, uuids = await batch_of(database, 2)
    async with hearing(database_uri) as notified:
        await tasks.cancel(database, uuids)
        assert await batches.finish(database) == [batch]
        assert await tasks.restart(database, uuids[:1]) == {uuids[0]}
        stored = await batches.get(database, batch)
        assert stored is not None and stored.finished_at is None
        assert await batches.finish(database) == []
        # it waits: nothing to restart, no notification
        assert await tasks.restart(database, uuids[:1]) == set()
        await tasks.cancel(database, uuids)
        assert await batches.finish(database) == [batch]
        assert await batches.finish(database) == []
    assert notified == [batch, batch]


async def test_a_restart_while_it_is_being_finished_is_not_lost(
    database: Database, database_uri: str
) -> None:
    batch, uuids = await batch_of(database, 1)
    await tasks.cancel(database, uuids)
    connection = await asyncpg.connect(database_uri)
    try:
        async with connection.transaction():  # a restart that has not committed yet
            await connection.execute("SELECT FROM ffmate.batches WHERE uuid = $1 FOR UPDATE", batch)
            await connection.execute("UPDATE ffmate.tasks SET status = 'QUEUED', finished_at = NULL")
            finishing = asyncio.create_task(batches.finish(database))
            waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
            while not await connection.fetchval(waiting):
                await asyncio.sleep(0.01)
        assert await finishing == []
    finally:
        await connection.close()


async def test_a_batch_whose_tasks_are_deleted_is_forgotten(database: Database) -> None:
    batch, uuids = await batch_of(database, 2)
    await tasks.delete(database, uuids)
    assert await batches.finish(database) == []
    assert await batches.get(database, batch) is None


async def test_what_is_left_is_a_whole(database: Database, database_uri: str) -> None:
    batch, uuids = await batch_of(database, 4)
    assert await batches.remaining(database, batch) is None  # unknown before one has ended
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        async with database.transaction() as connection:
            await connection.execute(
                "UPDATE ffmate.tasks SET started_at = clock_timestamp() - interval '10 s'"
            )
        await claims.finish_tasks(database, node.id, [(claim, DONE)])
        left = await batches.remaining(database, batch)
        assert left is not None and 9 <= left <= 40
    assert await batches.tasks_of(database, batch) == uuids
    low, high = UUID(int=0), UUID(int=2**128 - 1)
    assert await batches.find_uuid(database, low, high) == [batch]
