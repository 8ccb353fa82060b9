"""The database goes away while tasks run: encodes continue, and their ends are written when it is back."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ffmate_desktop.db.connection import connection
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.task import TaskStatus
from tests.expected_warnings import ExpectedWarnings
from tests.node.farm import ENCODE, LONG, Farm
from tests.node.proxy import Proxy, open_proxy
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

SECONDS_LONG = "-re -stream_loop 2 " + ENCODE


@pytest.fixture
async def proxy(database_uri: str) -> AsyncIterator[Proxy]:
    """A network between nodes and server."""
    async with open_proxy(database_uri) as opened:
        yield opened


async def test_an_encode_survives_the_end_of_every_connection(farm: Farm, clip: Path) -> None:
    await farm.node()
    uuid = await farm.add(clip, SECONDS_LONG)
    ffmpeg = await farm.encoding(uuid)
    cut = await farm.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert len(cut) >= 2
    assert (await farm.encoding(uuid)).pid == ffmpeg.pid
    assert ffmpeg.is_running()
    task = await farm.successful(uuid)
    assert (task.attempts, task.epoch) == (1, 1)
    await farm.successful(await farm.add(clip))  # the node receives notifications of new work again


async def test_an_encode_that_ends_while_the_database_is_away_counts(
    proxy: Proxy, farm: Farm, clip: Path
) -> None:
    worker = await farm.node(uri=proxy.uri, heartbeat=0.5)
    uuid = await farm.add(clip, "-re " + ENCODE)
    ffmpeg = await farm.encoding(uuid)
    proxy.cut()
    await until(lambda: not ffmpeg.is_running(), "the encode ends")

    async def lease_is_over() -> bool:
        (row,) = await farm.sql(
            "SELECT lease_until < clock_timestamp() AS over FROM ffmate.nodes WHERE id = $1", worker.id
        )
        return bool(row["over"])

    await until(lease_is_over, "the lease runs out")
    assert (await farm.task(uuid)).status is TaskStatus.RUNNING
    assert not clip.with_name("clip.out.mp4").exists()  # publishing needs permission
    proxy.restore()
    task = await farm.successful(uuid)
    assert (task.attempts, task.epoch) == (1, 1)
    assert "verified and published" in await farm.log(uuid)


async def test_connections_that_fell_silent_are_given_up(
    proxy: Proxy, farm: Farm, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "COMMAND_TIMEOUT", 2.0)
    await farm.node(uri=proxy.uri)
    uuid = await farm.add(clip, SECONDS_LONG)
    await farm.encoding(uuid)
    proxy.silence()
    task = await farm.successful(uuid)
    assert task.attempts == 1


async def test_a_locked_door_is_an_outage_too(
    farm: Farm, clip: Path, postgres_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ffmate")
    await farm.node()
    uuid = await farm.add(clip, "-re " + ENCODE)
    ffmpeg = await farm.encoding(uuid)
    server = await connection.connect(postgres_uri)
    (row,) = await farm.sql("SELECT current_database() AS name")
    await server.execute(f"ALTER DATABASE {row['name']} ALLOW_CONNECTIONS false")
    await server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", row["name"]
    )
    await until(lambda: not ffmpeg.is_running(), "the encode ends")
    await until(lambda: f"Waiting for the database (publishing {uuid})" in caplog.text, "the node is refused")
    await server.execute(f"ALTER DATABASE {row['name']} ALLOW_CONNECTIONS true")
    await server.close()
    task = await farm.successful(uuid)
    assert task.attempts == 1


async def test_a_node_can_stop_while_the_database_is_away(
    proxy: Proxy, farm: Farm, clip: Path, monkeypatch: pytest.MonkeyPatch, expected_warnings: ExpectedWarnings
) -> None:
    monkeypatch.setattr("ffmate_desktop.node.node.RELEASE_TIMEOUT", 1.0)
    expected_warnings.expect("other nodes take over this node's tasks when its lease expires")
    worker = await farm.node(uri=proxy.uri)
    uuid = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(uuid)
    proxy.cut()
    await worker.stop()
    assert not ffmpeg.is_running()
    assert farm.leftovers() == []
    expected_warnings.expect("Node a is lost")
    expected_warnings.expect("is queued again")
    await farm.node("b")
    await farm.encoding(uuid)
    assert (await farm.task(uuid)).attempts == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a Windows program can't catch SIGTERM")
async def test_a_node_that_cannot_leave_ends_at_once_on_a_second_stop(proxy: Proxy, tmp_path: Path) -> None:
    variables = {"FFMATE_DATABASE": proxy.uri, "FFMATE_DATA_DIR": str(tmp_path), "FFMATE_IDENTIFIER": "x"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ffmate_desktop", "--no-gui",
        env=os.environ | variables, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    lines: list[str] = []

    async def hear(sentence: str) -> None:
        assert process.stderr is not None
        while not lines or sentence not in lines[-1]:
            lines.append((await process.stderr.readline()).decode())
            assert lines[-1], lines

    async def insist() -> None:
        while process.returncode is None:
            os.kill(process.pid, signal.SIGTERM)  # asyncio's own would take its exit code
            await asyncio.sleep(0.3)

    try:
        async with asyncio.timeout(60):
            await hear("Ready for tasks")
            proxy.black_hole()
            async with asyncio.TaskGroup() as group:
                insisting = group.create_task(insist())
                await hear("Ended at once. Other nodes")
                await hear("Ended at once\n")
                insisting.cancel()
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert sum("Press Ctrl+C again to end at once" in line for line in lines) == 1, lines


async def test_a_pool_tries_one_connection_at_a_time_during_an_outage(proxy: Proxy) -> None:
    """What an attempt leaves at a server that hangs stays there for a minute."""
    select = Sql("SELECT 1")
    async with connection.Database(f"{proxy.uri}&connect_timeout=1", size=5) as database:
        proxy.black_hole()
        database.cut()
        with pytest.raises(connection.CONNECTION_LOST):
            await database.fetch(select)
        await until(lambda: not proxy.connections, "the first attempt is given up")
        most = 0
        asking = [asyncio.create_task(database.fetch(select)) for _ in range(5)]
        while not all(task.done() for task in asking):
            most = max(most, proxy.connections)
            await asyncio.sleep(0.01)
        assert most == 1
        assert all(isinstance(task.exception(), connection.CONNECTION_LOST) for task in asking)
        proxy.restore()
        assert await asyncio.gather(*(database.fetch(select) for _ in range(5)))
