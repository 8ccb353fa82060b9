"""A node that is stopped while it starts leaves nothing behind, as when it is stopped later."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.media.processes.leftovers import node_folder
from tests.node.waiting import until

pytestmark = [
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(sys.platform == "win32", reason="a Windows program can't catch SIGTERM"),
]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_node_that_is_stopped_while_it_joins_leaves_nothing(
    database: Database, database_uri: str, tmp_path: Path, number: int
) -> None:
    words = [sys.executable, "-m", "ffmate_desktop", "--no-gui", "--database", database_uri]
    words += ["--identifier", "a", "--data-dir", str(tmp_path)]
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('ffmate identifier a', 0))")
        node = subprocess.Popen(words, env=os.environ, stderr=subprocess.PIPE)
        waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

        async def joins() -> bool:
            return bool(await connection.fetch(waiting))

        await until(joins, "it is about to join")
        assert folders(tmp_path)
        node.send_signal(number)
        _, log = await asyncio.to_thread(node.communicate, timeout=30)
    assert node.returncode == 0, log
    assert folders(tmp_path) == []


async def test_a_folder_is_released_when_its_start_is_abandoned(tmp_path: Path) -> None:
    async def work() -> None:
        async with node_folder(tmp_path):
            await asyncio.sleep(60)

    for steps in range(4):
        task = asyncio.create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def folders(data: Path) -> list[Path]:
    return [path for path in (data / "work").glob("*") if path.is_dir()]
