"""What is removed after a while, and how nodes learn of it, on the real server."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from ffmate_desktop.db import batches, claims, retention, tasks
from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.db.retention import NEWEST_CURSOR
from ffmate_desktop.domain.task import Outcome, TaskStatus
from tests.db.cluster import add, joined, row

pytestmark = pytest.mark.db

DONE = (TaskStatus.DONE_SUCCESSFUL, TaskStatus.DONE_ERROR, TaskStatus.DONE_CANCELED)


async def ended(database: Database, uri: str, count: int, *, batch: UUID | None = None) -> list[UUID]:
    """Tasks that ended one day after another, the first today; statuses by turns; each has a line in its log."""
    uuids = await add(database, *(row(str(number)) for number in range(count)), batch=batch)
    async with joined(uri) as node:
        claimed = await claims.claim(database, node.id, count)
        for claim in claimed:
            await claims.append_log(database, node.id, claim, 0, "a line")
        outcomes = [(claim, Outcome(DONE[number % 3], 100)) for number, claim in enumerate(claimed)]
        await tasks.cancel(database, uuids[2::3])  # tasks that were not cancelled don't end like this
        await claims.finish_tasks(database, node.id, outcomes)
    for number, uuid in enumerate(uuids):
        await database.fetch(
            Sql("UPDATE ffmate.tasks SET finished_at = clock_timestamp() - $2::interval WHERE uuid = $1"),
            uuid,
            timedelta(days=number),
        )
    return uuids


async def left(database: Database) -> set[UUID]:
    return {task.uuid for task in await tasks.list_tasks(database, limit=None)}


async def test_a_deletion_is_returned_once_from_a_cursor_on(database: Database, database_uri: str) -> None:
    start = (await retention.deleted_since(database, NEWEST_CURSOR)).cursor
    uuids = await ended(database, database_uri, 3)
    await tasks.delete(database, uuids[:2])
    first = await retention.deleted_since(database, start)
    assert first.tasks == set(uuids[:2])
    await tasks.delete(database, uuids[2:])
    assert uuids[2] in (await retention.deleted_since(database, first.cursor)).tasks
    assert await retention.deleted_among(database, [*uuids, uuid4()]) == set(uuids)


async def test_deletions_in_a_dump_of_another_server_are_read_once(
    database: Database, database_uri: str
) -> None:
    """Its numbers may be far ahead of the server that it was restored on."""
    uuids = await ended(database, database_uri, 2)
    await tasks.delete(database, uuids)
    await database.fetch(
        Sql("UPDATE ffmate.deleted_tasks SET xact = '99999999999' WHERE task = $1"), uuids[0]
    )
    assert (await retention.deleted_since(database, 0)).tasks == {uuids[1]}
    assert await retention.deleted_among(database, uuids) == set(uuids)  # what a start asks


async def test_a_deletion_that_commits_late_is_not_missed(database: Database, database_uri: str) -> None:
    uuids = await ended(database, database_uri, 2)
    slow = await connect(database_uri)
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute("DELETE FROM ffmate.tasks WHERE uuid = $1", uuids[0])
    await tasks.delete(database, uuids[1:])  # a later transaction, which commits first
    seen = await retention.deleted_since(database, 0)
    assert seen.tasks == set(uuids[1:])
    await transaction.commit()
    await slow.close()
    assert uuids[0] in (await retention.deleted_since(database, seen.cursor)).tasks


async def test_a_task_that_never_ran_leaves_nothing_to_remember(database: Database) -> None:
    await tasks.delete(database, await add(database, row("waiting")))
    assert (await retention.deleted_since(database, 0)).tasks == frozenset()


async def test_deletions_are_forgotten(database: Database, database_uri: str) -> None:
    await tasks.delete(database, await ended(database, database_uri, 2))
    await retention.forget_deleted(database, timedelta(days=1))
    assert len((await retention.deleted_since(database, 0)).tasks) == 2
    await retention.forget_deleted(database, timedelta(0))
    assert (await retention.deleted_since(database, 0)).tasks == frozenset()


@pytest.mark.parametrize(
    ("days", "count", "kept"),
    [
        (None, None, 8),
        (5.5, None, 6),
        (None, 3, 3),
        (5.5, 3, 3),
        (1.5, 7, 2),
        (None, 8, 8),
        (None, 100, 8),
        (100, 100, 8),
    ],
)
async def test_age_and_number_each_limit_finished_tasks(
    database: Database, database_uri: str, days: float | None, count: int | None, kept: int
) -> None:
    uuids = await ended(database, database_uri, 8)
    [waiting] = await add(database, row("waiting"))
    age = None if days is None else timedelta(days=days)
    assert await retention.remove_finished(database, age, count) == 8 - kept
    assert await left(database) == {*uuids[:kept], waiting}
    logs = await database.fetch(Sql("SELECT task_id FROM ffmate.task_logs"))
    assert len(logs) == kept


async def test_tasks_of_a_batch_at_work_are_kept(database: Database, database_uri: str) -> None:
    batch = uuid4()
    uuids = await ended(database, database_uri, 3, batch=batch)
    assert await retention.remove_finished(database, timedelta(days=0.5), None) == 0
    await batches.finish(database, uuids)
    assert await retention.remove_finished(database, timedelta(days=0.5), None) == 2
    assert await left(database) == {uuids[0]}


async def test_a_task_that_is_just_restarted_is_kept(database: Database, database_uri: str) -> None:
    [first, second] = await ended(database, database_uri, 2)
    restarting = await connect(database_uri)
    transaction = restarting.transaction()
    await transaction.start()
    await restarting.execute("UPDATE ffmate.tasks SET status = 'QUEUED' WHERE uuid = $1", first)
    async with asyncio.timeout(20):  # skips the locked row instead of waiting for it
        assert await retention.remove_finished(database, None, 0) == 1
    await transaction.commit()
    await restarting.close()
    assert await left(database) == {first}
    assert second not in await left(database)


async def test_two_nodes_share_the_work(database: Database, database_uri: str) -> None:
    await ended(database, database_uri, 40)
    both = await asyncio.gather(*(retention.remove_finished(database, None, 0) for _ in range(2)))
    assert sum(both) == 40
    assert await left(database) == set()


async def test_a_batch_without_tasks_goes(database: Database, database_uri: str) -> None:
    gone, kept = uuid4(), uuid4()
    await tasks.delete(database, await ended(database, database_uri, 1, batch=gone))
    await add(database, row("waiting"), batch=kept)
    await retention.remove_empty_batches(database)
    found = await database.fetch(Sql("SELECT uuid FROM ffmate.batches"))
    assert [found_row["uuid"] for found_row in found] == [kept]


async def test_sizes_count_finished_tasks(database: Database, database_uri: str) -> None:
    await ended(database, database_uri, 3)
    await add(database, row("waiting"))
    sizes = await retention.sizes(database)
    assert sizes.finished == 3
    assert sizes.bytes > 1_000_000
