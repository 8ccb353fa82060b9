"""Rows that this release cannot read: they are shown as such, and no other row is harmed."""

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from ffmate_desktop.db import batches, claims, commands, leases, nodes, presets, queue, tasks, watchfolders
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.queue import QueueQuery, SortColumn
from ffmate_desktop.domain.task import TaskStatus
from tests.db.cluster import add, joined, row
from tests.foreign import GOOD_FOLDER, GOOD_PRESET, fill, json_columns, spread, use_newer_values

pytestmark = pytest.mark.db


async def test_every_json_column_may_hold_anything(database: Database, database_uri: str) -> None:
    """Every statement that people use reads all rows, and every row can be cancelled, restarted and deleted."""
    await fill(database)
    assert await spread(database) > 1000
    assert len(await json_columns(database)) >= 13
    listed = await tasks.list_tasks(database, limit=None)
    shown = await tasks.get_tasks(database, [task.uuid for task in listed])
    assert len(shown) == len(listed)
    assert {task.unreadable is None for task in listed if task.name == "good"} == {True, False}
    everything = [task.to_json() for task in listed]
    assert len(everything) == len(listed)
    for uuid in [task.uuid for task in listed][::7]:
        await tasks.attempts(database, uuid)
    for column in SortColumn:
        assert len(await queue.page(database, QueueQuery(column=column), None, 5000)) == len(listed)
    await queue.stats(database, datetime.now(UTC))
    assert await commands.stored_tasks(database, [task.uuid for task in listed])
    assert len(await nodes.list_nodes(database)) > 10
    await batches.remaining(database, UUID(int=1))
    by_uuid = {preset.uuid: preset for preset in await presets.list_presets(database)}
    assert by_uuid[GOOD_PRESET].unreadable is None
    assert any(preset.unreadable for preset in by_uuid.values())
    folders = {folder.uuid: folder for folder in await watchfolders.list_watchfolders(database)}
    assert folders[GOOD_FOLDER].unreadable is None
    assert any(folder.unreadable for folder in folders.values())
    assert all(folder.to_json() for folder in folders.values())
    assert len(await watchfolders.list_files(database, GOOD_FOLDER)) > 10
    await leases.leftovers_of_ended(database)

    uuids = [task.uuid for task in listed]
    assert await tasks.pause(database, uuids)
    assert await tasks.resume(database, uuids)
    assert await tasks.restart(database, uuids)
    async with joined(database_uri, labels=()) as node:
        held = await claims.claim(database, node.id, 3)
        assert len(held) == 3
        await leases.requeue_strays(database)
        assert await claims.give_back(database, node.id)
    assert await tasks.cancel(database, uuids)
    assert await tasks.delete(database, uuids) == set(uuids)
    for uuid in folders:
        assert await watchfolders.set_suspended(database, uuid, True)
        assert await watchfolders.delete(database, uuid)
    for uuid in by_uuid:
        assert await presets.delete(database, uuid)
    assert await database.fetch(Sql("SELECT 1 FROM ffmate.presets")) == []


@pytest.mark.parametrize("owned", [True, False])
async def test_a_task_in_a_status_of_a_newer_release(
    database: Database, database_uri: str, owned: bool
) -> None:
    """A node that lives knows what to do with it; without one it is ended as a waiting task is."""
    await fill(database)
    await use_newer_values(database)
    uuids = await add(database, row("a"), row("b"))
    async with joined(database_uri) as node:
        async with database.transaction() as connection:
            await connection.execute(
                "UPDATE ffmate.tasks SET status = 'HELD', node_id = $1 WHERE uuid = ANY ($2)",
                *(node.id if owned else None, uuids),
            )
        assert await tasks.cancel(database, uuids[:1]) == set(uuids[:1])
        assert await tasks.delete(database, uuids[1:]) == set(uuids[1:])
        left = await database.fetch(
            Sql("SELECT status, desired FROM ffmate.tasks WHERE uuid = ANY ($1) ORDER BY id"), uuids
        )
        expected = [("HELD", "cancel"), ("HELD", "delete")] if owned else [("DONE_CANCELED", "run")]
        assert [tuple(found) for found in left] == expected


async def test_counters_that_have_no_room_left_stop_no_claim(database: Database, database_uri: str) -> None:
    await add(database, row("a"))
    async with database.transaction() as connection:
        await connection.execute(
            "UPDATE ffmate.tasks SET attempts = 32767, losses = 32767, epoch = 2147483647"
        )
    async with joined(database_uri, labels=()) as node:
        [claim] = await claims.claim(database, node.id, 1)
        assert claim.attempts == 32767
    async with database.transaction() as connection:
        await connection.execute("UPDATE ffmate.nodes SET state = 'dead'")
    await leases.requeue_strays(database)
    [task] = await tasks.list_tasks(database)
    assert task.status is TaskStatus.DONE_ERROR


@pytest.mark.parametrize(
    "moment", ["infinity", "-infinity", "9999-12-31 23:00Z", "294276-12-31 23:59Z", "4714-11-24 00:00Z BC"]
)
async def test_moments_that_no_calendar_has_stop_no_list(database: Database, moment: str) -> None:
    await fill(database)
    columns = await database.fetch(
        Sql(
            "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE c.relnamespace = 'ffmate'::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped"
            " AND a.atttypid = 'timestamptz'::regtype"
        )
    )
    async with database.transaction() as connection:
        for attribute in columns:
            if (attribute["attname"], moment[:6]) == ("beat_at", "294276"):
                continue  # the table refuses it
            await connection.execute(
                f"UPDATE ffmate.{attribute['relname']} SET {attribute['attname']} = '{moment}'"
            )
    await add(database, row("good"))
    listed = await tasks.list_tasks(database)
    assert listed[0].name == "good" and all(task.to_json() for task in listed)
    for column in SortColumn:
        found = await queue.page(database, QueueQuery(column=column), None, 100)
        assert len(found) == len(listed) or column is SortColumn.FINISHED  # which ends in 2100
    for task in listed:
        await tasks.attempts(database, task.uuid)
    assert all(abs(node.heartbeat_age) < 1e12 for node in await nodes.list_nodes(database))
    assert await watchfolders.list_watchfolders(database)
    assert await watchfolders.list_files(database, GOOD_FOLDER, gone=True)
    assert await presets.list_presets(database)
    await queue.stats(database, datetime.now(UTC))
    await tasks.restart(database, [task.uuid for task in listed])
    await leases.requeue_strays(database)


@pytest.mark.parametrize(
    "change",
    [
        "heartbeat = '178000000 years'",
        "heartbeat = '-5 s'",
        "heartbeat = 'infinity'",  # which is no interval before PostgreSQL 17
        "beat_at = '294276-12-31 23:59:59Z'",
    ],
)
async def test_no_row_of_a_node_stops_the_beats_of_others(
    database: Database, database_uri: str, change: str
) -> None:
    async with joined(database_uri) as node:
        with pytest.raises(asyncpg.PostgresError):
            await database.fetch(Sql(f"UPDATE ffmate.nodes SET {change}"))
        assert (await leases.beat(node.connection, node.id, 10, [])).state == "online"


@pytest.mark.parametrize(
    "change", ["nodes SET version", "watchfolders SET version", "watchfolders SET epoch"]
)
async def test_no_counter_is_set_to_its_end(database: Database, change: str) -> None:
    """A sweep, or the search for the next scan, would fail because of it."""
    await fill(database)
    with pytest.raises(asyncpg.CheckViolationError):
        await database.fetch(Sql(f"UPDATE ffmate.{change} = 9223372036854775807"))


async def test_the_largest_version_of_a_task_stops_no_node(database: Database, database_uri: str) -> None:
    largest = Sql("UPDATE ffmate.tasks SET version = 9223372036854775807 WHERE uuid = ANY ($1)")
    waiting, unwanted = await add(database, row("waiting"), row("unwanted"))
    await database.fetch(largest, [waiting, unwanted])
    assert await tasks.cancel(database, [unwanted]) == {unwanted}
    assert await tasks.delete(database, [unwanted]) == {unwanted}
    async with joined(database_uri, labels=()) as node:
        [claim] = await claims.claim(database, node.id, 1)
        assert claim.uuid == waiting
    await database.fetch(largest, [waiting])
    await database.fetch(Sql("UPDATE ffmate.nodes SET state = 'dead'"))
    await leases.requeue_strays(database)
    [task] = await tasks.list_tasks(database)
    assert task.status is TaskStatus.QUEUED


async def test_a_label_that_is_null_stops_no_list(database: Database) -> None:
    await fill(database)
    for table in ("nodes", "presets", "requirement_sets"):
        await database.fetch(Sql(f"UPDATE ffmate.{table} SET labels = labels || '{{gpu,NULL}}'"))
    assert (await nodes.list_nodes(database))[0].labels[-1] == "gpu"
    assert (await presets.list_presets(database))[0].labels[-1] == "gpu"
    assert (await tasks.list_tasks(database))[0].labels[-1] == "gpu"
    assert await queue.page(database, QueueQuery(), None, 100)
