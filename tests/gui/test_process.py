"""The window as a separate process: it opens, works, and shuts down in order on signals."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.task import TaskStatus
from tests.node.farm import LONG, Farm, open_farm
from tests.node.waiting import until
from tests.processes import words

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX signals")


@asynccontextmanager
async def program(
    uri: str, data: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> AsyncIterator[psutil.Popen]:
    """Run `ffmate-desktop` without a command, on the offscreen platform."""
    command = [sys.executable, "-m", "ffmate_desktop", "--database", uri, "--data-dir", str(data)]
    process = psutil.Popen(
        [*command, "--identifier", "window", *arguments],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **(variables or {})},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(psutil.Error):
            process.kill()
        process.wait()
        process.stderr.close()


async def ended(process: psutil.Popen) -> tuple[int, str]:
    """Wait for the exit; returns exit code and stderr."""
    code = await until(lambda: [process.poll()] if process.poll() is not None else None, "it ends")
    return code[0], await asyncio.to_thread(process.stderr.read)


@pytest.fixture
async def farm(database_uri: str, database: Database, clip: Path) -> AsyncIterator[Farm]:
    """Access to the queue, without nodes."""
    async with open_farm(database_uri, database, clip.parent) as opened:
        yield opened


async def working(farm: Farm, process: psutil.Popen, clip: Path) -> psutil.Process:
    """Queue a long task and return its ffmpeg process once it runs in the window."""
    uuid = await farm.add(clip, LONG)

    async def runs() -> bool:
        return (await farm.task(uuid)).status is TaskStatus.RUNNING

    await until(runs, "the window claims it", timeout=60)

    def encoder() -> psutil.Process | None:
        for child in process.children(recursive=True):
            if "libx264" in " ".join(words(child)):
                return child
        return None

    return await until(encoder, "ffmpeg runs")


@pytest.mark.end_to_end
async def test_sighup_drains_and_sigterm_then_returns_the_task_at_once(
    farm: Farm, tmp_path: Path, clip: Path
) -> None:
    async with program(farm.uri, tmp_path / "data", "--heartbeat", "1") as process:
        encoder = await working(farm, process, clip)
        process.send_signal(signal.SIGHUP)  # starts draining for up to 30 seconds

        async def draining() -> bool:
            return bool(await farm.sql("SELECT 1 FROM ffmate.nodes WHERE state = 'draining'"))

        await until(draining, "other nodes see that it drains")
        process.send_signal(signal.SIGHUP)  # the shell and the system each send one
        await asyncio.sleep(0.3)
        assert encoder.is_running()
        process.send_signal(signal.SIGTERM)
        assert await ended(process) == (0, "")
        assert not encoder.is_running()
    [task] = await farm.tasks.newest()
    assert task.status is TaskStatus.QUEUED
    assert [row["state"] for row in await farm.sql("SELECT state FROM ffmate.nodes")] == ["left"]


@pytest.mark.end_to_end
async def test_a_window_applies_limits_from_the_environment_and_quits_on_the_first_signal(
    farm: Farm, tmp_path: Path, clip: Path
) -> None:
    uuid = await farm.add(clip, LONG)
    (tmp_path / "allowed").mkdir()
    limit = {"FFMATE_ALLOW_READ": str(tmp_path / "allowed")}
    async with program(farm.uri, tmp_path / "data", variables=limit) as process:

        async def refused() -> bool:
            return (await farm.task(uuid)).status is TaskStatus.DONE_ERROR

        await until(refused, "a task that reads elsewhere is refused", timeout=60)
        assert "--allow-read" in ((await farm.task(uuid)).error or "")
        process.send_signal(signal.SIGINT)
        assert await ended(process) == (0, "")
