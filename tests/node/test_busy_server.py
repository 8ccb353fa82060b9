"""A server that is up but cannot do its work: locked tables, a full notification queue, no connections left."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.connection.outages import ServerLimitError
from ffmate_desktop.db.listener import changes
from ffmate_desktop.db.migrate import migrate
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import TaskStatus
from tests.faults.server import Server
from tests.node.farm import ENCODE, Farm, open_farm
from tests.node.waiting import until
from tests.scratch import new_folder

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

ALL_TABLES = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'ffmate' LOOP
            EXECUTE format('LOCK TABLE ffmate.%I', name);
        END LOOP;
    END $$"""

COUNT = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"""


async def test_locked_tables_are_waited_out_with_the_connections_that_a_node_has(
    farm: Farm, clip: Path, database_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As by VACUUM FULL, an ALTER TABLE that waits for a long SELECT, or a restore."""
    caplog.set_level("DEBUG", "ffmate")
    worker = await farm.node(slots=1, heartbeat=0.5, watches=True)
    uuid = await farm.add(clip, "-re " + ENCODE)
    ffmpeg = await farm.encoding(uuid)
    vandal = await asyncpg.connect(database_uri)
    # its pool, its control connection, and that of the test
    bound = worker.database.size + 1 + farm.database.size
    async with vandal.transaction():
        await vandal.execute(ALL_TABLES)
        most = 0

        async def beats_failed() -> bool:
            nonlocal most
            most = max(most, (await farm.sql(COUNT))[0][0])
            return (
                len(re.findall("does not answer this node|connection to the database was lost", caplog.text))
                >= 6
            )

        await until(lambda: not ffmpeg.is_running(), "the encode ends")
        await until(beats_failed, "six beats were not answered")
        assert most <= bound
        assert not clip.with_name("clip.out.mp4").exists()
    await vandal.close()
    task = await farm.successful(uuid)
    assert (task.attempts, task.epoch) == (1, 1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def small_server() -> AsyncIterator[str]:
    """The address of a server with little of everything."""
    if os.name == "nt":
        pytest.skip("the server of this test is ended with signals")
    server = Server(new_folder("ffmate-small-"), "max_notify_queue_pages=64", "max_connections=20")
    await server.make()
    await migrate(server.uri)
    yield server.uri
    await server.stop()


async def test_a_full_queue_of_notifications_is_waited_out(
    small_server: str, clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A session of any database of the server that listens and stays in a transaction keeps it full."""
    caplog.set_level("INFO", "ffmate")
    async with (
        Database(small_server) as database,
        changes(small_server),
        open_farm(small_server, database, tmp_path / "files") as farm,
    ):
        await farm.node(watches=True)
        uuid = await farm.add(clip, "-re " + ENCODE)
        ffmpeg = await farm.encoding(uuid)
        idle = await fill(small_server)
        await until(lambda: not ffmpeg.is_running(), "the encode ends")
        await until(lambda: f"{uuid}): The server's notification queue" in caplog.text, "the node waits")
        with pytest.raises(ServerLimitError, match="notification queue is full"):
            await farm.add(clip)
        assert (await farm.task(uuid)).status is TaskStatus.RUNNING
        await idle.close()
        task = await farm.successful(uuid)
        assert (task.attempts, task.epoch) == (1, 1)


async def test_a_reached_connection_limit_names_its_owner(small_server: str) -> None:
    """Of the role, of the database, of the server but for its administrators, and of the server."""
    admin = await asyncpg.connect(small_server)
    await admin.execute("CREATE ROLE plain LOGIN CONNECTION LIMIT 0")
    uri = small_server.replace("//ffmate@", "//plain@")
    with pytest.raises(
        UserError, match=r"user “plain” has no connections left.*ALTER ROLE \"plain\" CONNECTION LIMIT"
    ):
        await connect(uri)
    await admin.execute("ALTER ROLE plain CONNECTION LIMIT -1; ALTER DATABASE ffmate CONNECTION LIMIT 0")
    with pytest.raises(UserError, match=r"database “ffmate”.*ALTER DATABASE \"ffmate\" CONNECTION LIMIT"):
        await connect(uri)
    await admin.execute("ALTER DATABASE ffmate CONNECTION LIMIT -1")
    crowd = [admin]
    with pytest.raises(asyncpg.TooManyConnectionsError):
        while True:
            crowd.append(await asyncpg.connect(uri))
    with pytest.raises(UserError, match=r"reserved for administrators\. Raise max_connections"):
        await connect(uri)
    with pytest.raises(asyncpg.TooManyConnectionsError):
        while True:
            crowd.append(await asyncpg.connect(small_server))
    with pytest.raises(UserError, match=r"The server at .* has no connections left\. Raise max_connections"):
        await connect(small_server)
    for connection in reversed(crowd):
        await connection.close()


async def fill(uri: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Let the queue run full; returns the session that keeps it so."""
    idle, writer = await asyncpg.connect(uri), await asyncpg.connect(uri, database="postgres")
    for step in ("LISTEN anything", "BEGIN", "SELECT 1"):
        await idle.execute(step)
    with pytest.raises(asyncpg.ProgramLimitExceededError):
        for number in range(1000):
            await writer.execute(f"SELECT pg_notify('other', '{number}' || repeat('x', 7900))")
    for size in (1000, 100, 10):  # nothing more goes in, however small
        with pytest.raises(asyncpg.ProgramLimitExceededError):
            for number in range(1000):
                await writer.execute(f"SELECT pg_notify('other', '{number}' || repeat('x', {size}))")
    await writer.close()
    return idle
