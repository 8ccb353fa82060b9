"""A node inside a longer-lived program: when it joins, and when it doesn't."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.bootstrap.node import open_node
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.node import NodeState
from ffmate_desktop.node import node_host as hosts
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.node import ClusterNode
from ffmate_desktop.node.node_host import NodeHost
from ffmate_desktop.services.cluster_services import ClusterServices
from ffmate_desktop.settings.table import Settings
from tests.db.cluster import joined
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]


@dataclass
class Program:
    """The host, what it works on, and a gate that it passes before it joins."""

    host: NodeHost
    cluster: ClusterServices
    gate: asyncio.Event

    async def states(self) -> list[NodeState]:
        return [node.state for node in await self.cluster.nodes.all()]


@asynccontextmanager
async def program(uri: str, folder: Path) -> AsyncIterator[Program]:
    settings = Settings(
        database=uri,
        identifier="a",
        slots=1,
        ffmpeg=None,
        labels=(),
        heartbeat=1.0,
        data_dir=folder / "data",
        debug="",
    )
    gate = asyncio.Event()
    async with open_cluster(settings) as cluster:

        @asynccontextmanager
        async def open_gated_node(_slots: int) -> AsyncIterator[ClusterNode]:
            await gate.wait()
            async with open_node(settings, cluster, Bus()) as node:
                yield node

        host = NodeHost("a", 1, open_gated_node)
        working = asyncio.create_task(host.run())
        try:
            yield Program(host, cluster, gate)
        finally:
            gate.set()
            host.stop()
            await working


async def test_a_node_that_was_asked_twice_to_join_leaves_once_and_for_all(
    database_uri: str, tmp_path: Path
) -> None:
    async with program(database_uri, tmp_path) as own:
        await asyncio.sleep(0)
        own.host.join()  # an impatient click: it is joining already
        own.gate.set()
        await until(lambda: own.host.is_working, "it has joined")
        own.host.join()  # and another
        await own.cluster.nodes.drain("a")
        await until(lambda: not own.host.is_working, "it has left")
        await asyncio.sleep(1)
        assert await own.states() == [NodeState.LEFT]
        own.host.join()
        await until(lambda: own.host.is_working, "it is back")


async def test_a_node_that_could_not_join_retries_on_its_own(
    database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "RETRY_INTERVAL", 0.5)
    async with program(database_uri, tmp_path) as own:
        async with joined(database_uri):  # as “a”, too
            own.gate.set()
            await until(lambda: own.host.join_error is not None, "the name is taken")
        await until(lambda: own.host.is_working, "it has joined")
        assert own.host.join_error is None


async def test_a_connection_that_breaks_while_joining_is_not_a_defect(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    async with program(database_uri, tmp_path) as own:
        async with database.transaction() as connection:
            lock = "SELECT pg_advisory_xact_lock(hashtextextended('ffmate identifier a', 0))"
            await connection.execute(lock)
            own.gate.set()
            waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            async with asyncio.timeout(20):
                while (pid := await connection.fetchval(waiting)) is None:
                    await asyncio.sleep(0.01)
            await connection.execute("SELECT pg_terminate_backend($1)", pid)
            await until(lambda: own.host.join_error is not None, "the outage is reported")
        assert "went away" in str(own.host.join_error)
