"""Tasks on the real server: inserting, listing, and every command in every status."""

import asyncio
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import asyncpg
import pytest

from ffmate_desktop.db import claims, tasks
from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.listener import MOST_WAITING, ChangeQueue, changes, listen
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.db.tasks import OutputsTakenError
from ffmate_desktop.domain.change import (
    AnythingChanged,
    Change,
    NodeChanged,
    PresetsChanged,
    TasksChanged,
)
from ffmate_desktop.domain.selection import TaskSelection
from ffmate_desktop.domain.task import Outcome, TaskStatus
from tests.db.cluster import add, joined, row
from tests.db.roles import open_outsider

pytestmark = pytest.mark.db


async def put_into(status: TaskStatus, database: Database, uri: str) -> UUID:
    """A task in this status."""
    [uuid] = await add(database, row("task"))
    if status is not TaskStatus.QUEUED:
        async with joined(uri) as node:
            [claim] = await claims.claim(database, node.id, 1)
            if status is TaskStatus.DONE_CANCELED:
                await tasks.cancel(database, [uuid])
            if status.is_done:
                await claims.finish_tasks(database, node.id, [(claim, Outcome(status, 50))])
    return uuid


async def test_all_or_none_of_a_batch_is_inserted(database: Database) -> None:
    await add(database, row("old", output_key="/a"))
    with pytest.raises(OutputsTakenError) as caught:
        await add(database, row("new"), row("clash", output_key="/a"), batch=uuid4())
    assert caught.value.keys == {"/a"}
    assert [task.name for task in await tasks.list_tasks(database)] == ["old"]


async def test_the_queue_keeps_the_order_of_the_submitter(database: Database) -> None:
    await add(database, *(row(str(number)) for number in range(50)), batch=uuid4())
    listed = await tasks.list_tasks(database, limit=None)
    assert [task.name for task in listed] == [str(number) for number in reversed(range(50))]


async def test_lists_are_filtered_and_paged(database: Database, database_uri: str) -> None:
    batch = uuid4()
    await add(database, row("a"), row("b"), batch=batch)
    await add(database, row("c"))
    async with joined(database_uri) as node:
        await claims.claim(database, node.id, 1)
    running = await tasks.list_tasks(database, TaskSelection(statuses=(TaskStatus.RUNNING,)))
    assert [task.name for task in running] == ["a"]
    assert running[0].client is not None
    assert running[0].client.identifier == "a"
    assert [task.name for task in await tasks.list_tasks(database, TaskSelection(batch=batch))] == ["b", "a"]
    [newest] = await tasks.list_tasks(database, limit=1)
    older = await tasks.list_tasks(database, before_id=newest.id)
    assert [task.name for task in older] == ["b", "a"]
    assert await tasks.count_by_status(database) == {TaskStatus.QUEUED: 2, TaskStatus.RUNNING: 1}


async def test_a_beginning_of_a_uuid_finds_at_most_two(database: Database) -> None:
    uuids = await add(database, *(row(str(number)) for number in range(5)))
    everything = await tasks.find_uuid(database, UUID(int=0), UUID(int=2**128 - 1))
    assert everything == sorted(uuids)[:2]


@pytest.mark.parametrize(
    ("status", "after"),
    [
        (TaskStatus.QUEUED, TaskStatus.DONE_CANCELED),
        (TaskStatus.RUNNING, TaskStatus.RUNNING),
        (TaskStatus.DONE_SUCCESSFUL, TaskStatus.DONE_SUCCESSFUL),
        (TaskStatus.DONE_ERROR, TaskStatus.DONE_ERROR),
    ],
)
async def test_cancel(database: Database, database_uri: str, status: TaskStatus, after: TaskStatus) -> None:
    uuid = await put_into(status, database, database_uri)
    affected = await tasks.cancel(database, [uuid])
    assert affected == (set() if status.is_done else {uuid})
    [task] = await tasks.get_tasks(database, [uuid])
    assert task.status is after
    assert await tasks.pause(database, [uuid]) == set(), "a cancel under way is never revoked"


@pytest.mark.parametrize("status", [status for status in TaskStatus if "PROCESSING" not in status])
async def test_restart_works_from_every_done_status_only(
    database: Database, database_uri: str, status: TaskStatus
) -> None:
    uuid = await put_into(status, database, database_uri)
    [before] = await tasks.get_tasks(database, [uuid])
    assert await tasks.restart(database, [uuid]) == ({uuid} if status.is_done else set())
    [after] = await tasks.get_tasks(database, [uuid])
    if status.is_done:
        assert (after.status, after.progress, after.attempts) == (TaskStatus.QUEUED, 0, 0)
        assert after.epoch > before.epoch
        assert after.client is None
    else:
        assert after == before


async def test_a_restart_starts_clean(database: Database, database_uri: str) -> None:
    """Traces of earlier attempts: refusals, losses, an unfinished publication."""
    uuid = await put_into(TaskStatus.DONE_ERROR, database, database_uri)
    left = 'losses = 2, refused = \'{"7": ["a", "Not here."]}\', publishing = \'{"outputs": []}\''
    async with database.transaction() as connection:
        await connection.execute(f"UPDATE ffmate.tasks SET {left}, not_before = now() + interval '1 day'")
    await tasks.restart(database, [uuid])
    [row] = await database.fetch(Sql("SELECT losses, refused, publishing, not_before FROM ffmate.tasks"))
    assert tuple(row) == (0, {}, None, None)


async def test_restart_into_a_taken_output_is_refused_whole(database: Database, database_uri: str) -> None:
    [done] = await add(database, row("done", output_key="/a"))
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        await claims.finish_tasks(database, node.id, [(claim, Outcome(TaskStatus.DONE_ERROR, 0, "x"))])
    await add(database, row("other", output_key="/a"))
    with pytest.raises(OutputsTakenError):
        await tasks.restart(database, [done])
    [task] = await tasks.get_tasks(database, [done])
    assert task.status is TaskStatus.DONE_ERROR


@pytest.mark.parametrize("status", [TaskStatus.QUEUED, TaskStatus.DONE_SUCCESSFUL])
async def test_delete_removes_what_does_not_run(
    database: Database, database_uri: str, status: TaskStatus
) -> None:
    uuid = await put_into(status, database, database_uri)
    assert await tasks.delete(database, [uuid, uuid4()]) == {uuid}
    assert await tasks.get_tasks(database, [uuid]) == []


async def test_delete_of_a_task_that_is_just_being_claimed_waits_for_its_owner(
    database: Database, database_uri: str
) -> None:
    [uuid] = await add(database, row("a"))
    async with joined(database_uri) as node:
        async with database.transaction() as connection:
            await connection.execute(
                "UPDATE ffmate.tasks SET status = 'RUNNING', node_id = $1, epoch = epoch + 1", node.id
            )
            deleting = asyncio.create_task(tasks.delete(database, [uuid]))
            waiting = Sql(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            async with asyncio.timeout(10):
                while not await database.fetch(waiting):  # in a transaction it would be asked only once
                    await asyncio.sleep(0.01)
        assert await deleting == {uuid}
        record = await database.fetch_one(Sql("SELECT status, desired FROM ffmate.tasks"))
        assert record is not None
        assert (record["status"], record["desired"]) == ("RUNNING", "delete")


async def test_delete_of_a_running_task_waits_for_its_owner(database: Database, database_uri: str) -> None:
    uuid = await put_into(TaskStatus.RUNNING, database, database_uri)
    assert await tasks.delete(database, [uuid]) == {uuid}
    [task] = await tasks.get_tasks(database, [uuid])
    assert task.status is TaskStatus.RUNNING
    assert await tasks.cancel(database, [uuid]) == {uuid}
    [record] = await database.fetch(Sql("SELECT desired FROM ffmate.tasks"))
    assert record["desired"] == "delete", "a delete is not weakened to a cancel"


async def test_every_change_raises_the_version_even_by_hand(database: Database) -> None:
    [uuid] = await add(database, row("task"))
    [before] = await tasks.get_tasks(database, [uuid])
    async with database.transaction() as connection:
        await connection.execute("UPDATE ffmate.tasks SET priority = 9")
    [after] = await tasks.get_tasks(database, [uuid])
    assert after.version == before.version + 1


async def next_tasks(news: "asyncio.Queue[Change | None]") -> TasksChanged:
    while True:
        change = await asyncio.wait_for(news.get(), 5)
        if isinstance(change, TasksChanged):
            return change


async def test_a_statement_sends_one_notification(database: Database, database_uri: str) -> None:
    async with changes(database_uri) as news:
        await add(database, row("a"), row("b"))
        inserted = await next_tasks(news)
        assert inserted.queued
        assert inserted.ids == (1, 2)
        await add(database, *(row(str(number)) for number in range(65)))
        bulk = await next_tasks(news)
        assert (bulk.ids, bulk.queued) == (None, True)
        assert news.empty()


async def test_changed_tasks_are_notified_only_while_a_viewer_listens(
    database: Database, database_uri: str
) -> None:
    notifications: asyncio.Queue[Change | None] = asyncio.Queue()
    connection = await connect(database_uri)
    try:
        await listen(connection, notifications.put_nowait)
        await add(database, row("untold"))
        async with changes(database_uri), changes(database_uri) as news:
            await add(database, row("told"))
            await next_tasks(news)
            change = await next_tasks(notifications)
            assert change.ids == (2,), "no notification was sent for the first task"
        await _gone(database)
        await add(database, row("untold again"))
        await connection.execute("SELECT pg_notify('ffmate', '{\"kind\":\"preset\"}')")
        assert await asyncio.wait_for(notifications.get(), 5) == PresetsChanged()
    finally:
        await connection.close()


async def test_changes_before_a_viewer_listened_are_in_its_first_read(
    database: Database, database_uri: str
) -> None:
    [uuid] = await add(database, row("task"))
    viewers = AsyncExitStack()
    async with viewers:
        async with database.transaction() as connection:
            await connection.execute("UPDATE ffmate.tasks SET priority = 7")  # not listening: no notification
            arriving = asyncio.create_task(viewers.enter_async_context(changes(database_uri)))
            await _waits(database)
            assert not arriving.done()
        news = await asyncio.wait_for(arriving, 5)
        [task] = await tasks.get_tasks(database, [uuid])
        assert task.priority == 7
        assert news.empty()


async def test_a_viewer_does_not_wait_for_ever_and_no_writer_waits_for_it(
    database: Database, database_uri: str
) -> None:
    await add(database, row("task"))
    viewers = AsyncExitStack()
    async with viewers, database.transaction() as hanging:
        await hanging.execute("UPDATE ffmate.tasks SET priority = 7")
        arriving = asyncio.create_task(viewers.enter_async_context(changes(database_uri)))
        await _waits(database)
        await add(database, row("another"))
        assert not arriving.done(), "a writer passes a viewer that waits"
        news = await asyncio.wait_for(arriving, 10)
        inserted = await next_tasks(news)
        assert inserted.queued


@pytest.mark.parametrize("lock", [1, 2])
async def test_an_outsider_that_holds_the_lock_does_not_keep_changes_from_viewers(
    database: Database, database_uri: str, lock: int
) -> None:
    async with open_outsider(database_uri) as outsider:
        await outsider.execute("SELECT pg_advisory_lock(1717988705, $1)", lock)
        async with changes(database_uri) as news:
            await add(database, row("task"))
            assert (await next_tasks(news)).queued


async def test_too_many_unread_changes_become_one() -> None:
    news = ChangeQueue()
    for number in range(3 * MOST_WAITING):
        news.add(NodeChanged(number))
    assert news.qsize() <= MOST_WAITING
    changes = [news.get_nowait() for _ in range(news.qsize())]
    assert AnythingChanged() in changes
    news.end()
    news.add(NodeChanged(1))
    assert [news.get_nowait(), news.empty()] == [None, True]


async def _waits(database: Database) -> None:
    """Wait until a session waits for an advisory lock."""
    await _until(database, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


async def _gone(database: Database) -> None:
    """Until no viewer is connected."""
    await _until(
        database,
        """SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
            WHERE d.datname = current_database() AND l.classid = 1717988705)""",
    )


async def _until(database: Database, sql: str) -> None:
    async with asyncio.timeout(10):
        while not await database.fetch(Sql(sql)):
            await asyncio.sleep(0.01)


async def test_names_that_are_not_utf8_come_back_as_they_were(database: Database) -> None:
    name = b"caf\xe9 \xff.mov".decode("utf-8", "surrogateescape")
    task_row = row(name)
    strange = task_row.spec.model_copy(
        update={"input": "/" + name, "metadata": {"a": "x\0y", "b": "\\u0000"}}
    )
    [uuid] = await add(database, type(task_row)(uuid4(), name, 0, (), None, "/" + name, strange))
    [task] = await tasks.get_tasks(database, [uuid])
    assert (task.name, task.input_file.raw) == (name, "/" + name)
    assert task.metadata == {"a": "x�y", "b": "\\u0000"}


async def test_labels_make_one_set_however_they_are_ordered(database: Database) -> None:
    await asyncio.gather(*(add(database, row("x", labels=("a", "b"))) for _ in range(4)))
    await add(database, row("y", labels=("b", "a", "b")))
    assert len(await database.fetch(Sql("SELECT 1 FROM ffmate.requirement_sets"))) == 1


async def test_a_command_that_loses_a_deadlock_is_tried_again(database_uri: str) -> None:
    first, second = sorted((row("a"), row("b")), key=lambda task_row: task_row.uuid)
    rival = await asyncpg.connect(database_uri)
    await rival.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 200', current_database()); END $$"
    )
    await rival.execute("SET deadlock_timeout = '1min'")  # the other one looks first, and is ended
    async with Database(database_uri) as database:
        await add(database, first, second)
        change = "UPDATE ffmate.tasks SET name = 'x' WHERE uuid = $1"
        async with rival.transaction():
            await rival.execute(change, second.uuid)
            cancelling = asyncio.create_task(tasks.cancel(database, [first.uuid, second.uuid]))
            blocked = Sql("SELECT 1 FROM pg_locks WHERE NOT granted")
            while await database.fetch_one(blocked) is None:
                await asyncio.sleep(0.01)
            await rival.execute(change, first.uuid)
        assert await cancelling == {first.uuid, second.uuid}
    await rival.close()
