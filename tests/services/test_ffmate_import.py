"""Imports an FFmate 2 database with every kind of row, from SQLite and PostgreSQL, by reading only."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from ffmate_desktop.db import ffmate_source
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.watchfolder import WatchfolderSettings
from ffmate_desktop.services.ffmate_import import FFmateImport, ImportItem, ImportOutcome
from ffmate_desktop.services.preset_editor import PresetEditor
from ffmate_desktop.services.preset_exchange import PresetExchange
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.watchfolders import WatchfolderService
from ffmate_desktop.settings.folders import resources_folder
from tests.services import ffmate_database as theirs

pytestmark = pytest.mark.db

PLAN = [
    ("preset", "It's “Delivery”", ImportOutcome.NEW),
    ("preset", "Bad", ImportOutcome.REFUSED),
    ("preset", "Plain", ImportOutcome.NEW),
    ("watchfolder", "Inbox", ImportOutcome.NEW),
    ("watchfolder", "No preset", ImportOutcome.REFUSED),
    ("watchfolder", "Of a bad one", ImportOutcome.REFUSED),
    ("watchfolder", "Relative", ImportOutcome.REFUSED),
    ("watchfolder", "Interval 0", ImportOutcome.NEW),
    ("webhook", "batch.finished https://example.org/a", ImportOutcome.NEW),
    ("webhook", "task.created https://example.org/b", ImportOutcome.NEW),
    ("webhook", "batch.finished https://example.org/a", ImportOutcome.EXISTS),
]


class ImportServices:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.presets = PresetService(database, resources_folder() / "presets")
        exchange = PresetExchange(self.presets, PresetEditor(database, self.presets))
        self.watchfolders = WatchfolderService(database, self.presets)
        self.importer = FFmateImport(database, exchange, self.watchfolders)


@pytest.fixture
def services(database: Database) -> ImportServices:
    return ImportServices(database)


def outcomes(items: list[ImportItem]) -> list[tuple[str, str, ImportOutcome]]:
    return [(item.kind, item.name, item.outcome) for item in items]


@pytest.fixture(params=["sqlite", "postgres"])
async def source(request: pytest.FixtureRequest, tmp_path: Path, empty_database: str) -> AsyncIterator[str]:
    """FFmate's database. It is the same afterwards, to the byte where it is a file."""
    if request.param == "postgres":
        connection = await asyncpg.connect(empty_database)
        for statement in theirs.statements(theirs.POSTGRES, str(tmp_path), "watchfolders"):
            await connection.execute(statement)
        yield empty_database.replace("postgresql://", "postgres://", 1)
        assert await connection.fetchval("SELECT count(*) FROM presets") == 4
        schemas = await connection.fetch("SELECT nspname FROM pg_namespace WHERE nspname = 'ffmate'")
        assert schemas == []
        await connection.close()
        return
    path = tmp_path / "source" / "ffmate.sqlite"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        for statement in theirs.statements(theirs.SQLITE, str(tmp_path)):
            database.execute(statement)
        database.commit()
        files = {file.name: hashlib.sha256(file.read_bytes()).digest() for file in path.parent.iterdir()}
        yield str(path)  # while FFmate has it open, with rows that stand only in its log
        after = {file.name: hashlib.sha256(file.read_bytes()).digest() for file in path.parent.iterdir()}
    assert after == files


async def test_everything_that_can_be_imported_is_imported(
    services: ImportServices, source: str, tmp_path: Path
) -> None:
    plan = await services.importer.plan(source)
    assert outcomes(plan) == PLAN
    # a plan writes nothing
    assert [own for own in await services.presets.all() if not own.built_in] == []
    assert await services.watchfolders.all() == []
    reasons = {item.name: item.note for item in plan if item.outcome is ImportOutcome.REFUSED}
    assert "is outside quotes" in reasons["Bad"]
    assert reasons["No preset"] == "its preset is missing"
    assert reasons["Of a bad one"] == "its preset “Bad” can't be imported"
    assert "isn't an absolute path" in reasons["Relative"]

    done = await services.importer.execute(plan)
    expected = [
        (kind, name, ImportOutcome.IMPORTED if outcome is ImportOutcome.NEW else outcome)
        for kind, name, outcome in PLAN
    ]
    assert outcomes(done) == expected
    preset = await services.presets.find("It's “Delivery”")
    assert preset.pre_processing is not None
    assert preset.pre_processing.to_json() == theirs.BEFORE
    assert preset.post_processing is not None and preset.post_processing.script_path == "/scripts/post.sh"
    assert [hook.to_json() for hook in preset.webhooks or ()] == theirs.WEBHOOK
    assert (preset.priority, preset.labels, preset.description) == (5, ("gpu",), "d")
    inbox = await services.watchfolders.find("Inbox")
    assert (inbox.path, inbox.interval, inbox.growth_checks) == (f"{tmp_path}/inbox", 5, 3)
    assert (inbox.preset, inbox.labels, inbox.suspended) == (preset.uuid, ("tape",), False)
    assert {word.lower() for word in inbox.filter.extensions.include} == {"mov", "mp4"}
    five = await services.watchfolders.find("Interval 0")
    assert (five.interval, five.suspended) == (1, True)
    assert await ffmate_source.stored_webhooks(services.database) == {
        ("batch.finished", "https://example.org/a"),
        ("task.created", "https://example.org/b"),
    }


async def test_a_second_import_adds_nothing(services: ImportServices, source: str) -> None:
    await services.importer.execute(await services.importer.plan(source))
    second_plan = await services.importer.plan(source)
    assert {item.outcome for item in second_plan} == {ImportOutcome.EXISTS, ImportOutcome.REFUSED}
    await services.importer.execute(second_plan)
    assert len([preset for preset in await services.presets.all() if not preset.built_in]) == 2
    assert len(await services.watchfolders.all()) == 2


async def test_existing_watchfolders_are_respected(
    services: ImportServices, source: str, tmp_path: Path
) -> None:
    preset = (await services.presets.all())[0]
    for name, folder in (("INBOX", "elsewhere"), ("rival", "inbox")):
        path = str(tmp_path / folder)
        await services.watchfolders.add(
            WatchfolderSettings(name=name, path=path, preset=preset.uuid, output_file="/x")
        )
    plan = await services.importer.plan(source)
    [inbox] = [item for item in plan if item.name == "Inbox"]
    assert inbox.outcome is ImportOutcome.NEW and inbox.note.endswith("the same files are watched by “rival”")
    [done] = [item for item in await services.importer.execute(plan) if item.name == "Inbox"]
    assert "as “Inbox 2”" in done.note
    assert (await services.watchfolders.find("inbox 2")).path == str(tmp_path / "inbox")
    [item_again] = [item for item in await services.importer.plan(source) if item.name == "Inbox"]
    assert item_again.outcome is ImportOutcome.EXISTS


async def test_a_database_that_is_not_from_ffmate_is_reported(
    services: ImportServices, tmp_path: Path, empty_database: str
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to look at " * 50)
    empty = tmp_path / "empty.sqlite"
    sqlite3.connect(empty).close()
    for source, sentence in (
        (str(text), "isn't a SQLite database"),
        (str(empty), "isn't an FFmate 2 database"),
        (str(tmp_path / "none"), "doesn't exist"),
        (empty_database, "isn't an FFmate 2 database"),
    ):
        with pytest.raises(UserError, match=sentence):
            await services.importer.plan(source)


async def test_a_damaged_row_only_loses_its_own_data(services: ImportServices, tmp_path: Path) -> None:
    path = tmp_path / "ffmate.sqlite"
    with closing(sqlite3.connect(path)) as database:
        for statement in theirs.statements(theirs.SQLITE, str(tmp_path)):
            database.execute(statement)
        database.execute("UPDATE presets SET pre_processing = ? WHERE name = 'Plain'", ("\\xnothing",))
        database.execute(
            "UPDATE watchfolder SET filter = ? WHERE name = 'Inbox'", ('{"extensions": {"include": 5}}',)
        )
        database.commit()
    assert outcomes(await services.importer.plan(str(path))) == PLAN
