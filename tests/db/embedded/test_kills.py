"""Every process of the embedded server is killed at every time; nothing committed is lost."""

import asyncio
import contextlib
import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from ffmate_desktop.db.embedded.account import as_account
from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from ffmate_desktop.db.embedded.home import Home
from ffmate_desktop.db.embedded.locks import FileLock, wait_until
from tests.db.embedded.helpers import (
    SOON,
    User,
    answers,
    execute,
    keeper_of,
    processes_of,
    running,
)
from tests.expected_warnings import ExpectedWarnings

pytestmark = pytest.mark.db


async def test_a_killed_user_leaves_the_server_to_the_others(data_dir: Path) -> None:
    first, second = User(data_dir), User(data_dir)
    uri = first.uri()
    second.uri()
    server = await running(data_dir)
    first.kill()
    await execute(uri, "INSERT INTO kept VALUES ('after the kill')")
    assert (await running(data_dir)).pid == server.pid
    second.leave()
    assert not processes_of(data_dir)


async def test_the_server_stops_when_its_last_user_is_killed(data_dir: Path) -> None:
    user = User(data_dir)
    user.uri()
    assert processes_of(data_dir)
    user.kill()
    assert await asyncio.to_thread(wait_until, lambda: not processes_of(data_dir), SOON)


async def test_signals_to_the_keeper_do_not_take_the_database_from_its_users(
    database: EmbeddedDatabase, data_dir: Path
) -> None:
    keeper = keeper_of(data_dir)
    for number in (signal.SIGINT, signal.SIGTERM):
        keeper.send_signal(number)
    server = await running(data_dir)
    await execute(database.uri, "SELECT pg_sleep(0.2)")
    assert keeper.is_running() and (await running(data_dir)).pid == server.pid


async def test_a_killed_server_is_started_again_for_its_users(
    database: EmbeddedDatabase, data_dir: Path, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.expect("stopped unexpectedly")
    await execute(database.uri, "INSERT INTO kept VALUES ('committed')")
    before = database.uri
    server = await running(data_dir)
    assert server.pid
    psutil.Process(server.pid).kill()
    await answers(database)
    assert database.uri == before
    assert (await running(data_dir)).pid != server.pid
    assert await execute(database.uri, "SELECT word FROM kept") == "committed"


async def test_a_killed_keeper_is_replaced_while_the_server_keeps_running(
    database: EmbeddedDatabase, data_dir: Path, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.expect("stopped unexpectedly")
    server, keeper = await running(data_dir), keeper_of(data_dir)
    keeper.kill()
    await asyncio.to_thread(keeper_of, data_dir, other_than=keeper)
    assert (await running(data_dir)).pid == server.pid


async def test_a_server_without_keeper_is_adopted_by_the_next_user(data_dir: Path) -> None:
    user = User(data_dir)
    user.uri()
    server = await running(data_dir)
    keeper_of(data_dir).kill()
    user.kill()
    user = User(data_dir)
    user.uri()
    assert (await running(data_dir)).pid == server.pid
    user.kill()  # and its new keeper does its duty
    assert await asyncio.to_thread(wait_until, lambda: not processes_of(data_dir), SOON)


async def test_recovers_after_everything_was_killed_at_once(data_dir: Path) -> None:
    user = User(data_dir)
    await execute(user.uri(), "INSERT INTO kept VALUES ('committed')")
    for process in [*processes_of(data_dir), psutil.Process(user.process.pid)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    user.kill()
    async with EmbeddedDatabase(data_dir) as database:
        assert await execute(database.uri, "SELECT word FROM kept") == "committed"


async def test_a_stale_process_number_that_is_taken_again_does_not_matter(data_dir: Path) -> None:
    user = User(data_dir)
    user.uri()
    home = Home.of(data_dir / "embedded-postgres")
    files = [home.cluster / "postmaster.pid", *home.folder.glob(".s.PGSQL.*.lock")]
    lines = [file.read_text().splitlines() for file in files]
    user.leave()
    # A living process of the same account: PostgreSQL itself would take it for the other server.
    with subprocess.Popen(["sleep", "30"], **as_account(home.account)) as other:
        for file, (_, *rest) in zip(files, lines, strict=True):
            file.write_text("\n".join([str(other.pid), *rest]) + "\n")
            os.chown(file, home.cluster.stat().st_uid, -1)
        async with EmbeddedDatabase(data_dir) as database:
            await execute(database.uri, "SELECT 1")
        assert other.poll() is None
        other.kill()


async def test_a_partly_created_database_is_created_again(folder: Path) -> None:
    async with EmbeddedDatabase(folder):
        pass
    home = folder / "embedded-postgres"
    (home / "cluster").rename(home / "cluster.new-0a1b2c3d")
    (home / "cluster.new-0a1b2c3d" / "PG_VERSION").unlink()
    async with EmbeddedDatabase(folder) as database:
        await execute(database.uri, "SELECT 1")
    assert not list(home.glob("cluster.new-*"))


async def test_giving_up_a_start_leaves_no_trace(data_dir: Path) -> None:
    busy = FileLock(data_dir / "embedded-postgres" / "start.lock")
    assert busy.acquire(exclusive=True)
    opening = asyncio.create_task(EmbeddedDatabase(data_dir).open())
    await asyncio.sleep(0.1)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    busy.release()
    assert FileLock(data_dir / "embedded-postgres" / "users.lock").acquire(exclusive=True)
    assert not processes_of(data_dir)
