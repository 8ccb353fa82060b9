"""Several hosts in one address: the primary is found, and a read-only server is refused."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.embedded.account import as_account
from ffmate_desktop.db.embedded.binaries import find_binaries, program
from ffmate_desktop.db.embedded.home import existing_home
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.errors import UserError
from tests.db.roles import open_role
from tests.node.proxy import open_proxy
from tests.scratch import new_folder

pytestmark = [
    pytest.mark.db,
    pytest.mark.skipif(
        sys.platform == "win32",
        reason="these tests reach the server through its Unix socket, which it lacks on Windows",
    ),
]


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that accepts connections, as the kernel does for it, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


@pytest.fixture
def dead() -> Iterator[int]:
    """A port without a listener."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def standby(postgres_uri: str) -> Iterator[Path]:
    """A streaming standby of this run's server: the folder of its socket."""
    home = existing_home(Path(os.environ["FFMATE_TESTS_SERVER_FOLDER"]))
    assert home
    binaries, identity = find_binaries(home), as_account(home.account)
    folder = new_folder("ffs-", 0o700)
    if home.account:
        os.chown(folder, home.account.uid, home.account.gid)
    primary = parse_qs(urlsplit(postgres_uri).query)["host"][0]
    options = ["-D", str(folder), "-R", "-h", primary, "-U", "ffmate", "-c", "fast", "--no-sync"]
    copy = [program(binaries, "pg_basebackup"), *options]
    subprocess.run(copy, **identity, cwd="/", check=True, capture_output=True)
    command = [program(binaries, "postgres"), "-D", str(folder), "-c", "listen_addresses="]
    command += ["-c", f"unix_socket_directories={folder}", "-p", "5432"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, **identity, cwd="/", stdout=log, stderr=log)
    deadline = time.monotonic() + 60
    while b"accept read-only connections" not in (folder / "log").read_bytes():
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.05)
    yield folder
    process.send_signal(signal.SIGINT)  # a fast stop: it ends sessions
    process.wait(30)
    shutil.rmtree(folder)


async def test_a_standby_is_refused(standby: Path) -> None:
    for attempt in (connect, lambda uri: Database(uri).open()):
        with pytest.raises(UserError, match=r"is read-only: it is a standby.*Use the address of the primary"):
            await attempt(f"postgresql://ffmate@/ffmate?host={standby}")


async def test_the_primary_is_found_behind_a_standby(postgres_uri: str, standby: Path) -> None:
    primary = parse_qs(urlsplit(postgres_uri).query)["host"][0]
    for hosts in (f"{standby},{primary}", f"{primary},{standby}"):
        session = await connect(f"postgresql://ffmate@/ffmate?host={hosts}&target_session_attrs=read-write")
        assert not await session.fetchval("SELECT pg_is_in_recovery()")
        await session.close()


async def test_a_dead_or_silent_host_costs_little(database_uri: str, silent: int, dead: int) -> None:
    async with open_proxy(database_uri) as proxy:
        uri = proxy.uri.replace("@127.0.0.1:", f"@127.0.0.1:{silent},127.0.0.1:{dead},127.0.0.1:")
        async with Database(uri) as database:
            assert await database.fetch(query("server", "min_program_schema"))


async def test_when_no_host_works_each_is_named(
    standby: Path, silent: int, dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffmate_desktop.db.connection.session.CONNECT_TIMEOUT", 1.5)
    hosts = f"{standby},127.0.0.1,127.0.0.1&port=5432,{silent},{dead}"
    with pytest.raises(UserError, match="None of the servers in the address can be used") as caught:
        await connect(f"postgresql://ffmate:s3cret@/ffmate?host={hosts}")
    message = str(caught.value)
    assert f"{standby}/.s.PGSQL.5432 is read-only" in message
    assert f"127.0.0.1:{silent} does not answer" in message
    assert f"127.0.0.1:{dead} does not answer (connection refused)" in message
    assert "s3cret" not in message


async def test_a_silent_host_is_given_up(silent: int) -> None:
    with pytest.raises(UserError, match="didn't answer within 2 seconds"):
        await connect(f"postgresql://a@127.0.0.1:{silent}/x?connect_timeout=2")


async def test_a_read_only_user_is_refused(database_uri: str, database: Database) -> None:
    async with open_role(database_uri) as uri:
        user = urlsplit(uri).username
        async with database.transaction() as owner:
            await owner.execute(f'ALTER ROLE "{user}" SET default_transaction_read_only = on')
        with pytest.raises(UserError, match="is read-only: it is a standby, or this user may not write"):
            await connect(uri)


async def test_a_pool_leaves_a_server_that_became_read_only(database_uri: str) -> None:
    async with Database(database_uri, size=1) as database:
        async with database.connection() as connection:
            before = await connection.fetchval("SELECT pg_backend_pid()")
            await connection.execute("SET default_transaction_read_only = on")
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await database.fetch(query("tasks", "insert_requirement_set"), ["a"])
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT pg_backend_pid()") != before


async def test_a_cut_ends_statements_under_way(database_uri: str) -> None:
    async with Database(database_uri) as database:
        async with database.connection() as connection:
            waiting = asyncio.create_task(connection.fetch("SELECT pg_sleep(60)"))
            await asyncio.sleep(0)
            database.cut()
            with pytest.raises(asyncpg.PostgresConnectionError):
                await waiting
        assert await database.fetch(query("server", "min_program_schema"))
