"""The embedded server from first use to last, and the parts it is made of."""

import asyncio
from pathlib import Path

import pytest

from ffmate_desktop.db.embedded import server
from ffmate_desktop.db.embedded.database import EmbeddedDatabase, status
from ffmate_desktop.db.embedded.home import Home
from ffmate_desktop.db.embedded.locks import FileLock
from tests.db.embedded.helpers import (
    User,
    execute,
    processes_of,
    running,
)
from tests.processes import words

pytestmark = pytest.mark.db


async def test_keeps_what_was_written_from_one_use_to_the_next(folder: Path) -> None:
    async with EmbeddedDatabase(folder / "new") as database:
        await execute(database.uri, "CREATE TABLE kept AS SELECT 'ÄÖß' AS word")
        assert await execute(database.uri, "SELECT current_database()") == "ffmate"
        assert await execute(database.uri, "SELECT lower('ÄÖ')") == "äö"
    async with EmbeddedDatabase(folder / "new") as database:
        assert await execute(database.uri, "SELECT word FROM kept") == "ÄÖß"


async def test_has_stopped_when_the_last_user_has_closed(data_dir: Path) -> None:
    first, second = EmbeddedDatabase(data_dir), EmbeddedDatabase(data_dir)
    assert await first.open() == await second.open()
    await first.close()
    await running(data_dir)
    await second.close()
    assert not processes_of(data_dir)
    facts = await status(data_dir)
    assert facts and facts.phase is None and facts.version == 18


async def test_opening_and_closing_twice_does_no_harm(data_dir: Path) -> None:
    database = EmbeddedDatabase(data_dir)
    assert await database.open() == await database.open()
    await database.close()
    await database.close()


async def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    users = [User(folder / "new") for _ in range(4)]
    assert len({await asyncio.to_thread(user.uri) for user in users}) == 1
    servers = [p for p in processes_of(folder) if "-D" in words(p)]
    assert len(servers) == 1
    for user in users:
        user.leave()
    assert not processes_of(folder)


async def test_settings_are_safe_for_data_and_kind_to_the_machine(database: EmbeddedDatabase) -> None:
    values = {
        name: await execute(database.uri, f"SHOW {name}")
        for name in ("fsync", "autovacuum", "timezone", "server_encoding", "listen_addresses")
    }
    assert values == {
        "fsync": "on",
        "autovacuum": "on",
        "timezone": "UTC",
        "server_encoding": "UTF8",
        "listen_addresses": "",
    }
    assert await execute(database.uri, "SHOW idle_in_transaction_session_timeout") == "1min"


def test_locks_are_shared_or_exclusive_also_within_a_process(folder: Path) -> None:
    first_lock, two, three = (FileLock(folder / "lock") for _ in range(3))
    assert first_lock.acquire(exclusive=False) and two.acquire(exclusive=False)
    assert not three.acquire(exclusive=True) and three.is_free()
    first_lock.release()
    assert not three.acquire(exclusive=True)
    two.release()
    assert three.acquire(exclusive=True)
    assert not first_lock.acquire(exclusive=False) and not first_lock.is_free()


def test_the_log_keeps_its_end_below_a_bound(folder: Path) -> None:
    home = Home(folder, None)
    home.log.write_bytes(b"old\n" * 1_500_000 + b"last words\n")
    with home.log.open("ab") as log:
        server.rotate_log(home)
        log.write(b"new\n")
    text = home.log.read_text()
    assert len(text) < 600_000 and text.endswith("old\nlast words\nnew\n")
