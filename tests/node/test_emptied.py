"""The tables disappear under a node: it reports that once, creates them again if it may, and works."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from ffmate_desktop.db import leases, nodes, repair
from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.connection.outages import MissingTablesError
from ffmate_desktop.db.health import check_for_node, check_health
from ffmate_desktop.db.listener import changes
from ffmate_desktop.db.migrate import known_migrations, migrate
from ffmate_desktop.domain.errors import UserError
from tests.db.cluster import joined
from tests.db.roles import open_role
from tests.expected_warnings import ExpectedWarnings
from tests.node.farm import LONG, Farm
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

Emptying = Callable[[str], Awaitable[None]]


async def drop_schema(uri: str) -> None:
    """As a user does who wants to start over."""
    connection = await asyncpg.connect(uri)
    await connection.execute("DROP SCHEMA ffmate CASCADE")
    await connection.close()


async def make_anew(uri: str) -> None:
    """Drop and create the database while nodes are connected."""
    name = uri.partition("?")[0].rpartition("/")[2]
    connection = await asyncpg.connect(uri, database="postgres")
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    await connection.close()


@pytest.mark.parametrize("empty", [drop_schema, make_anew])
async def test_a_node_sets_an_emptied_database_up_again(
    empty: Emptying, farm: Farm, clip: Path, database_uri: str, expected_warnings: ExpectedWarnings
) -> None:
    worker = await farm.node(watches=True, heartbeat=0.5)
    lost = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(lost)
    expected_warnings.expect("tables were gone. They have been created again")
    expected_warnings.allow("Some of FFmate Desktop's tables are missing")
    expected_warnings.expect("The database is a new one, without this node's tasks")
    expected_warnings.expect(f"The claim of {lost} was lost")
    await empty(database_uri)
    await until(lambda: not ffmpeg.is_running() and not farm.leftovers(), "the encode without a task ends")
    uuid = await farm.add(clip)  # the first task of this database, as the other one was of its own
    assert (await farm.successful(uuid)).epoch == 1
    await worker.stop()


async def test_a_node_that_may_not_set_the_tables_up_says_so_once_and_waits(
    farm: Farm,
    clip: Path,
    database_uri: str,
    caplog: pytest.LogCaptureFixture,
    expected_warnings: ExpectedWarnings,
) -> None:
    expected_warnings.expect("isn't allowed to create FFmate Desktop's tables.*doctor` once as the owner")
    expected_warnings.expect("The database is a new one, without this node's tasks")
    async with open_role(database_uri) as uri:
        user = uri.partition("//")[2].partition("@")[0]
        await farm.node(uri=uri, heartbeat=0.5)
        caplog.set_level("DEBUG", "ffmate")
        await drop_schema(database_uri)
        await until(lambda: caplog.text.count("isn't allowed to create") >= 3, "it has tried three times")
        await migrate(database_uri)
        await farm.sql(f'GRANT USAGE ON SCHEMA ffmate TO "{user}"')
        await farm.sql(f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ffmate TO "{user}"')
        await farm.successful(await farm.add(clip))
        for worker in farm.workers:
            await worker.stop()
    loud = [
        record
        for record in caplog.records
        if "isn't allowed to create" in record.message and record.levelname != "DEBUG"
    ]
    assert len(loud) == 1


async def test_ids_that_begin_again_do_not_mix_tasks_up(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    await farm.node(slots=2)
    before = await farm.add(clip, LONG)
    await farm.encoding(before)
    expected_warnings.expect(f"The claim of {before} was lost")
    await farm.sql("TRUNCATE ffmate.tasks RESTART IDENTITY CASCADE")
    task = await farm.successful(await farm.add(clip))
    assert (task.id, task.attempts) == (1, 1)
    await until(lambda: not farm.leftovers(), "nothing is left of the encode without a task")


async def test_a_viewer_also_recreates_an_emptied_database(
    empty_database: str, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.expect("tables were gone. They have been created again")
    with pytest.raises(MissingTablesError):
        async with changes(empty_database):
            pass
    async with changes(empty_database) as news:
        assert news.empty()


async def test_nodes_are_shown_without_the_identity_of_their_cluster(
    database: Database, database_uri: str
) -> None:
    async with joined(database_uri, identifier="n") as node:
        async with database.transaction() as connection:
            await connection.execute("TRUNCATE ffmate.meta")
        assert [shown.identifier for shown in await nodes.list_nodes(database)] == ["n"]
        assert (await leases.join(node.connection, replace(node.facts, identifier="m"))).cluster is None


# -- A part of it ----------------------------------------------------------------------------------------------------

PARTS = [
    ("DROP TABLE ffmate.task_logs", "table ffmate.task_logs"),
    ("DROP FUNCTION ffmate.notify_tasks() CASCADE", "function ffmate.notify_tasks, trigger tasks_deleted"),
]


@pytest.mark.parametrize(("damage", "named"), PARTS)
async def test_a_part_that_is_missing_is_named_and_nothing_is_replaced(
    damage: str, named: str, database: Database, database_uri: str
) -> None:
    async with database.transaction() as connection:
        await connection.execute(damage)
    for attempt in (check_for_node, repair.repair):
        with pytest.raises(UserError, match=named):
            await attempt(database_uri)


async def test_a_disabled_trigger_only_delays_changes(
    database: Database, database_uri: str, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.expect("Changes will be noticed late: .*trigger tasks_waiting")
    async with database.transaction() as connection:
        await connection.execute("ALTER TABLE ffmate.tasks DISABLE TRIGGER tasks_waiting")
    await check_for_node(database_uri)
    assert str((await check_health(database_uri)).missing_parts) == "trigger tasks_waiting"


@pytest.mark.parametrize("damage", ["TRUNCATE ffmate.migrations", "DROP TABLE ffmate.migrations"])
async def test_a_missing_record_of_migrations_is_reported(
    database: Database, database_uri: str, damage: str
) -> None:
    async with database.transaction() as connection:
        await connection.execute(damage)
    with pytest.raises(UserError, match="don't match its record of migrations"):
        await migrate(database_uri)


async def test_an_older_backup_is_brought_up_to_date(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr("ffmate_desktop.db.migrate.known_migrations", lambda: known_migrations()[:-1])
        await migrate(empty_database)
    await repair.repair(empty_database)
    connection = await connect(empty_database)
    assert not await repair.find_missing_parts(connection)
    await connection.close()


async def test_everything_that_the_migrations_make_is_looked_for(database_uri: str) -> None:
    connection = await asyncpg.connect(database_uri)
    expected = {"table": set(repair._made()[0]), "function": set(repair._made()[1])}
    found = {
        "table": "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = 'ffmate'",
        "function": "SELECT 'ffmate.' || proname FROM pg_proc WHERE pronamespace = 'ffmate'::regnamespace",
    }
    for kind, names in expected.items():
        # The first migration stands on the one table that keeps their record.
        assert {row[0] for row in await connection.fetch(found[kind])} - {"ffmate.migrations"} == names
    triggers = await connection.fetch(
        "SELECT tgname, 'ffmate.' || relname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
        " WHERE NOT tgisinternal AND relnamespace = 'ffmate'::regnamespace"
    )
    assert {tuple(row) for row in triggers} == set(repair._made()[2])
    await connection.close()
