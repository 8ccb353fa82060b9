"""Nodes on real-world connections: through a pooler, with few rights, through a network that drops everything."""

import re
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ffmate_desktop.db.connection.connection import connect
from ffmate_desktop.db.connection.outages import LacksRights
from ffmate_desktop.db.health import check_health
from ffmate_desktop.domain.errors import UserError
from tests.db.connection.bouncer import needs_pgbouncer, open_bouncer
from tests.db.roles import open_role
from tests.node.farm import ENCODE, Farm
from tests.node.proxy import open_proxy
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

SECONDS_LONG = "-re -stream_loop 2 " + ENCODE


@needs_pgbouncer
async def test_a_node_works_through_a_session_pooler(database_uri: str, farm: Farm, clip: Path) -> None:
    async with open_bouncer(database_uri, "session") as uri:
        worker = await farm.node(uri=uri)
        await farm.successful(await farm.add(clip))
        await worker.stop()


@pytest.fixture
async def runtime_uri(database_uri: str) -> AsyncIterator[str]:
    """The database as a user sees it who has exactly the rights of docs/database.md."""
    async with open_role(database_uri) as uri:
        yield uri


async def test_a_node_runs_with_the_rights_that_we_document(runtime_uri: str, farm: Farm, clip: Path) -> None:
    health = await check_health(runtime_uri)
    assert health.missing_rights == ()
    assert not health.may_migrate
    worker = await farm.node(uri=runtime_uri)
    task = await farm.successful(await farm.add(clip))
    assert "verified and published" in await farm.log(task.uuid)
    connection = await connect(runtime_uri)
    for beyond in ("CREATE TABLE ffmate.more ()", "UPDATE ffmate.meta SET min_program_schema = 9"):
        with pytest.raises(LacksRights):
            await connection.execute(beyond)
    await connection.close()
    await worker.stop()


async def test_a_node_without_a_right_does_not_start(runtime_uri: str, farm: Farm) -> None:
    user = urlsplit(runtime_uri).username
    await farm.sql(f'REVOKE DELETE ON ffmate.task_logs FROM "{user}"')
    with pytest.raises(
        UserError, match=rf"“{user}” lacks rights on these tables: task_logs \(DELETE\).*GRANT SELECT"
    ):
        await farm.node(uri=runtime_uri)
    await farm.sql(f'REVOKE USAGE ON SCHEMA ffmate FROM "{user}"')
    with pytest.raises(
        UserError,
        match=rf"isn't allowed to use FFmate Desktop's tables.*GRANT USAGE ON SCHEMA ffmate TO \"{user}\"",
    ):
        await farm.node(uri=runtime_uri)


async def test_rights_that_are_taken_away_while_a_task_runs_are_an_outage(
    runtime_uri: str, farm: Farm, clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ffmate")
    user = urlsplit(runtime_uri).username
    await farm.node(uri=runtime_uri)
    uuid = await farm.add(clip, SECONDS_LONG)
    ffmpeg = await farm.encoding(uuid)
    await farm.sql(f'REVOKE ALL ON ALL TABLES IN SCHEMA ffmate FROM "{user}"')
    await until(lambda: not ffmpeg.is_running(), "the encode ends")
    await until(
        lambda: re.search(r"Waiting for the database .*: The database user", caplog.text),
        "the node is refused",
    )
    await farm.sql(f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ffmate TO "{user}"')
    task = await farm.successful(uuid)
    assert task.attempts == 1


async def test_a_network_that_swallows_everything_is_noticed_and_left(
    database_uri: str, farm: Farm, clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Half-open connections, and new ones that get no answer either: the beat's limit of 4 s finds both."""
    caplog.set_level("DEBUG", "ffmate")
    async with open_proxy(database_uri) as proxy:
        worker = await farm.node(uri=proxy.uri)
        uuid = await farm.add(clip, SECONDS_LONG)
        ffmpeg = await farm.encoding(uuid)
        caplog.clear()
        proxy.black_hole()
        await until(
            lambda: "The connection to the database was lost" in caplog.text, "the silence is noticed"
        )
        await until(lambda: "Connecting to 127.0.0.1" in caplog.text, "the node tries again")
        assert ffmpeg.is_running()
        proxy.restore()
        await until(lambda: "Connected to the database again" in caplog.text, "the node is back")
        assert (await farm.successful(uuid)).attempts == 1
        await worker.stop()


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Accepts connections, as the kernel does for it, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


async def test_the_second_host_of_an_address_is_used_while_the_first_is_a_black_hole(
    database_uri: str, farm: Farm, clip: Path, silent: socket.socket
) -> None:
    async with open_proxy(database_uri) as proxy:
        port = silent.getsockname()[1]
        uri = proxy.uri.replace("@127.0.0.1:", f"@127.0.0.1:{port},127.0.0.1:")
        worker = await farm.node(uri=uri)
        uuid = await farm.add(clip, SECONDS_LONG)
        await farm.encoding(uuid)
        proxy.cut()
        proxy.restore()
        assert (await farm.successful(uuid)).attempts == 1
        await worker.stop()
