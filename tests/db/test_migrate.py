"""Migrations on empty, current, newer and damaged databases, alone and eight at once."""

import asyncio
import sys
from contextlib import nullcontext
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from ffmate_desktop.db import migrate as migrations
from ffmate_desktop.db.connection.connection import connect
from ffmate_desktop.db.migrate import known_migrations, migrate, program_schema
from ffmate_desktop.db.queries import Sql, all_queries
from ffmate_desktop.domain.errors import UserError

pytestmark = pytest.mark.db


async def test_an_empty_database_is_set_up_once(empty_database: str) -> None:
    assert await migrate(empty_database) == len(known_migrations())
    assert await migrate(empty_database) == 0


async def test_eight_processes_at_once_apply_each_migration_once(empty_database: str) -> None:
    code = (
        "import asyncio, sys; from ffmate_desktop.db.migrate import migrate;"
        " print(asyncio.run(migrate(sys.argv[1])))"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, empty_database, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(8)
    ]
    answers = [int((await process.communicate())[0]) for process in processes]
    assert sorted(answers) == [0] * 7 + [len(known_migrations())]


async def test_a_database_that_needs_a_newer_program_is_refused(database_uri: str) -> None:
    connection = await connect(database_uri)
    await connection.execute("INSERT INTO ffmate.migrations VALUES (9999, '9999_future', 'x')")
    await connection.execute("UPDATE ffmate.meta SET min_program_schema = 9999")
    await connection.close()
    with pytest.raises(UserError, match="newer version of FFmate Desktop"):
        await migrate(database_uri)


async def test_a_newer_database_that_only_grew_is_accepted(database_uri: str) -> None:
    connection = await connect(database_uri)
    await connection.execute("INSERT INTO ffmate.migrations VALUES (9999, '9999_future', 'x')")
    await connection.close()
    assert await migrate(database_uri) == 0


async def test_a_changed_migration_is_noticed(database_uri: str) -> None:
    connection = await connect(database_uri)
    await connection.execute("UPDATE ffmate.migrations SET checksum = 'other' WHERE number = 1")
    await connection.close()
    with pytest.raises(UserError, match="different build"):
        await migrate(database_uri)


async def test_a_failing_migration_leaves_nothing_behind(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = known_migrations()
    broken = migrations.Migration(program_schema() + 1, "broken", Sql("SELECT 1/0"), "x")
    monkeypatch.setattr(migrations, "known_migrations", lambda: [*good, broken])
    with pytest.raises(Exception, match="division by zero"):
        await migrate(empty_database)
    monkeypatch.undo()
    assert await migrate(empty_database) == len(good)


async def test_a_user_without_rights_gets_a_sentence(empty_database: str) -> None:
    connection = await connect(empty_database)
    await connection.execute("CREATE ROLE weak LOGIN")
    await connection.close()
    try:
        with pytest.raises(UserError, match="isn't allowed to create FFmate Desktop's tables"):
            await migrate(empty_database.replace("//ffmate@", "//weak@"))
    finally:
        connection = await connect(empty_database)
        await connection.execute("DROP ROLE weak")
        await connection.close()


async def test_every_named_statement_is_understood_by_the_server(database_uri: str) -> None:
    connection = await connect(database_uri)
    for name, sql in all_queries().items():
        if name.startswith("server.create_"):
            continue  # run by every migration
        try:
            await connection.prepare(sql)
        except asyncpg.PostgresError as error:
            pytest.fail(f"{name}: {error}")
    await connection.close()


@pytest.mark.parametrize(("encoding", "fits"), [("SQL_ASCII", True), ("LATIN1", False)])
async def test_a_database_that_cannot_hold_every_name_gets_no_tables(
    postgres_uri: str, encoding: str, fits: bool
) -> None:
    name = f"test_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgres_uri)
    options = f"TEMPLATE template0 STRATEGY FILE_COPY LOCALE_PROVIDER libc LOCALE 'C' ENCODING '{encoding}'"
    await connection.execute(f"CREATE DATABASE {name} {options}")
    try:
        refused = pytest.raises(UserError, match=rf"encoding {encoding}\. .* needs UTF8")
        with nullcontext() if fits else refused:
            await migrate(urlsplit(postgres_uri)._replace(path=f"/{name}").geturl())
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()
