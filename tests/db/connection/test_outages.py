"""Errors of a real server, and whether they are retried, refused or defects."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString
from uuid import uuid4

import asyncpg
import pytest

from ffmate_desktop.db.connection.connection import (
    CONNECTION_LOST,
    DATA_REFUSED,
    STILL_CONNECTED,
    Database,
    connect,
)
from ffmate_desktop.db.connection.outages import (
    BusyError,
    MissingTablesError,
    ServerLimitError,
    reason,
    to_user_error,
)
from ffmate_desktop.db.queries import Sql, query

pytestmark = pytest.mark.db


def raising(code: str) -> Sql:
    """A statement that fails with this SQLSTATE, for what cannot be provoked here."""
    return Sql(f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{code}'; END $$")


# -- The classes of SQLSTATE ---------------------------------------------------------------------------------------

MEANINGS = {
    "outage": """
        08000 08003 08006 08P01
        25006 25P03 25P04
        26000 28000 28P01
        3D000 3F000
        40001 40003 40P01
        42501 42P01 42703 42883 42704 42P10 42P05
        53000 53100 53200 53300 53400
        55000 55006 55P03
        57014 57P01 57P02 57P03 57P04 57P05
        58000 58030 58P01
        72000 F0000 F0001 XX000 XX001 XX002""",
    "refused": "22001 22003 22021 22P02 23502 23503 23505 23514 54000 54001 54011",
    "defect": "0A000 21000 42601 42804 P0001",
}


async def test_each_code_of_the_server_has_its_meaning(postgres_uri: str) -> None:
    """Raised by the server, in a statement of a pool as a node has it."""
    found: dict[str, list[str]] = {meaning: [] for meaning in MEANINGS}
    async with Database(postgres_uri, size=1) as database:
        for code in " ".join(MEANINGS.values()).split():
            try:
                await database.fetch(raising(code))
            except CONNECTION_LOST as error:
                found["outage"].append(code)
                assert to_user_error(error).message.endswith("."), code
                assert "\n" not in f"{reason(error)} {to_user_error(error)}", code
            except DATA_REFUSED:
                found["refused"].append(code)
            except asyncpg.PostgresError:
                found["defect"].append(code)
            assert await database.fetch(Sql("SELECT 1"))  # on this connection, or on the next
    assert found == {meaning: codes.split() for meaning, codes in MEANINGS.items()}


# -- Locks -----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def locked(uri: str, *tables: str) -> AsyncIterator[None]:
    """These tables are locked, as by VACUUM FULL or a restore."""
    connection = await asyncpg.connect(uri)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {', '.join(f'ffmate.{table}' for table in tables)}")
            yield
    finally:
        await connection.close()


async def test_the_server_ends_what_waits_for_a_lock(database_uri: str) -> None:
    """The limit of the database itself, which is shorter than ours, stands."""
    async with Database(database_uri, size=1) as database:
        await set_for_database(database, "lock_timeout", "'100ms'")
    async with Database(database_uri, size=1) as database, locked(database_uri, "tasks"):
        before = (await database.fetch(Sql("SELECT pg_backend_pid()")))[0][0]
        with pytest.raises(BusyError, match="Another session of the database holds a lock"):
            await database.fetch(Sql("SELECT count(*) FROM ffmate.tasks"))
        assert (await database.fetch(Sql("SELECT pg_backend_pid()")))[0][0] == before
    assert issubclass(BusyError, STILL_CONNECTED)


async def set_for_database(database: Database, setting: str, value: str) -> None:
    """For every session to come."""
    name = (await database.fetch(Sql("SELECT current_database()")))[0][0]
    await database.fetch(Sql(f"ALTER DATABASE {name} SET {setting} = {value}"))


async def test_each_statement_and_each_wait_has_a_limit_at_the_server(database: Database) -> None:
    rows = await database.fetch(
        Sql("SELECT name, setting FROM pg_settings WHERE name LIKE '%_timeout' OR name LIKE 'client_%'")
    )
    found = {row["name"]: int(row["setting"]) for row in rows if row["setting"].isdigit()}
    assert found["lock_timeout"] == 10_000
    assert found["statement_timeout"] == 25_000  # the client waits for 30
    if os.name != "nt":
        assert found["client_connection_check_interval"] == 2_000


async def test_a_client_that_vanishes_in_the_middle_of_a_wait_leaves_no_backend(database_uri: str) -> None:
    mark = f"gone {uuid4().hex}"
    async with Database(database_uri, size=2) as watching, locked(database_uri, "tasks"):
        database = Database(database_uri, size=1)
        await database.open()
        await database.fetch(Sql(f"SET application_name = '{mark}'"))
        waiting = asyncio.create_task(database.fetch(Sql("SELECT 1 FROM ffmate.tasks")))

        async def backends() -> int:
            rows = await watching.fetch(
                Sql("SELECT wait_event_type FROM pg_stat_activity WHERE application_name = $1"), mark
            )
            return [row[0] for row in rows].count("Lock")

        async with asyncio.timeout(60):
            while not await backends():
                await asyncio.sleep(0.02)
            database.cut()
            with pytest.raises(CONNECTION_LOST):
                await waiting
            while await backends():
                await asyncio.sleep(0.1)
        await database.close()


# -- Limits of the server that share the code of a value which is too large ----------------------------------------


async def test_a_value_that_is_too_large_for_an_index_is_refused_data(database: Database) -> None:
    await database.fetch(Sql("CREATE TABLE public.narrow (word text PRIMARY KEY)"))
    value = "".join(uuid4().hex for _ in range(1000))
    with pytest.raises(asyncpg.ProgramLimitExceededError) as caught:
        await database.fetch(Sql("INSERT INTO public.narrow VALUES ($1)"), value)
    assert isinstance(caught.value, DATA_REFUSED)
    assert not isinstance(caught.value, CONNECTION_LOST)


async def test_missing_tables_are_named(empty_database: str) -> None:
    async with Database(empty_database, size=1) as database:
        for statement in ("SELECT 1 FROM ffmate.tasks", "SELECT ffmate.look()"):
            with pytest.raises(MissingTablesError, match="ffmate"):
                await database.fetch(Sql(statement))
    assert issubclass(ServerLimitError, CONNECTION_LOST)


async def test_a_server_that_cannot_look_for_vanished_clients_has_the_other_limits(
    postgres_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Like a server on Windows, which refuses the setting; here the setting has an unknown name."""

    def renamed_setting(topic: LiteralString, name: LiteralString) -> Sql:
        sql = query(topic, name)
        return Sql(sql.replace("check_interval", "check_intervals")) if name == "notice_gone_clients" else sql

    monkeypatch.setattr("ffmate_desktop.db.connection.session.query", renamed_setting)
    connection = await connect(postgres_uri)
    limits = await connection.fetch(
        "SELECT setting FROM pg_settings WHERE name IN ('lock_timeout', 'jit') ORDER BY 1"
    )
    assert [row[0] for row in limits] == ["10000", "off"]
    await connection.close()


async def test_a_server_that_does_not_listen_has_a_reason_without_numbers() -> None:
    with pytest.raises(OSError, match="Errno") as caught:
        await asyncio.open_connection("127.0.0.1", 1)
    assert reason(caught.value) == "connection refused"
    assert (
        reason(ConnectionResetError("the server closed the connection")) == "the server closed the connection"
    )
