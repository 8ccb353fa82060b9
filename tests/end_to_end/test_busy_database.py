"""Commands on a database that is there and cannot do what they ask: a sentence, and no traceback."""

import json
from pathlib import Path

import asyncpg
import pytest

from tests.db.cluster import joined
from tests.end_to_end.clerk import Clerk

pytestmark = [pytest.mark.end_to_end, pytest.mark.db]

COMMANDS = (
    ("tasks", "list"),
    ("tasks", "list", "--json"),
    ("tasks", "cancel", "1"),
    ("batches", "list"),
    ("doctor",),
    ("submit", "--command", "-i ${INPUT_FILE} ${OUTPUT_FILE}", "--output", "out.mp4", "a.mov"),
)


@pytest.fixture
async def vandal(database_uri: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Somebody else on a database whose sessions wait for locks only a moment."""
    connection = await asyncpg.connect(database_uri)
    name = database_uri.partition("?")[0].rpartition("/")[2]
    await connection.execute(f"ALTER DATABASE {name} SET lock_timeout = '100ms'")
    return connection


@pytest.mark.parametrize("table", ["tasks", "migrations"])
async def test_every_command_says_in_a_sentence_that_a_table_is_locked(
    vandal: "asyncpg.Connection[asyncpg.Record]", database_uri: str, tmp_path: Path, clerk: Clerk, table: str
) -> None:
    (tmp_path / "a.mov").touch()
    variables = {"FFMATE_DATABASE": database_uri, "FFMATE_DATA_DIR": str(tmp_path / "data")}
    said = "Another session of the database holds a lock that this statement needs."
    async with vandal.transaction():
        await vandal.execute(f"LOCK TABLE ffmate.{table}")
        for command in COMMANDS:
            code, out, err = clerk.ask(*command, folder=tmp_path, variables=variables)
            assert (code, said in (out if command == ("doctor",) else err)) == (1, True), (command, out, err)
            assert err.count("\n") == (command != ("doctor",)), (command, err)
    await vandal.close()


async def test_a_table_that_is_locked_is_no_answer(
    vandal: "asyncpg.Connection[asyncpg.Record]", database_uri: str, tmp_path: Path, clerk: Clerk
) -> None:
    """What these commands expect to be refused is another matter: a preset or a node that is gone."""
    variables = {"FFMATE_DATABASE": database_uri, "FFMATE_DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "in").mkdir()
    (tmp_path / "mine.json").write_text(json.dumps({"name": "Mine", "command": "-i ${INPUT_FILE} x.mp4"}))
    task = {"inputFile": "mine.json", "preset": "Mine"}
    (tmp_path / "tasks.json").write_text(json.dumps([task, task]))
    watch = ("watchfolders", "add", str(tmp_path / "in"), "--preset", "H.264 web 1080p")
    assert clerk.ask(*watch, "--output", str(tmp_path / "out.mp4"), variables=variables)[0] == 0
    async with joined(database_uri, identifier="a"), vandal.transaction():
        await vandal.execute("LOCK TABLE ffmate.presets; LOCK TABLE ffmate.nodes IN SHARE MODE")
        for command in (
            ("tasks", "delete", "--preset", "Mine", "--yes"),
            ("presets", "import", str(tmp_path / "mine.json")),
            ("submit", "--from", str(tmp_path / "tasks.json")),
            ("watchfolders", "scan", "in", "--dry-run"),
            ("nodes", "pause", "--all"),
        ):
            code, out, err = clerk.ask(*command, variables=variables)
            assert (code, out) == (1, ""), (command, out, err)
            assert err.startswith("ffmate-desktop: Another session of the database holds a lock"), err
    await vandal.close()


async def test_commands_set_an_emptied_database_up_again_or_name_what_is_missing(
    vandal: "asyncpg.Connection[asyncpg.Record]", database_uri: str, tmp_path: Path, clerk: Clerk
) -> None:
    variables = {"FFMATE_DATABASE": database_uri, "FFMATE_DATA_DIR": str(tmp_path / "data")}
    await vandal.execute("DROP TABLE ffmate.tasks CASCADE")
    code, _, err = clerk.ask("tasks", "list", variables=variables)
    assert (code, err.count("\n"), "ffmate-desktop doctor" in err) == (1, 1, True), err
    code, out, _ = clerk.ask("doctor", variables=variables)
    assert (code, "are missing: table ffmate.tasks" in out) == (1, True), out
    await vandal.execute("DROP SCHEMA ffmate CASCADE")
    assert clerk.ask("tasks", "list", "--json", variables=variables)[:2] == (0, "[]\n")
    await vandal.close()
