"""A closed terminal and `nohup`: a node stops regularly, or not at all."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.task import NewTask, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from tests.media.clips import clip as make_clip
from tests.node.farm import LONG
from tests.node.waiting import until

if sys.platform == "win32":
    pytest.skip("Windows has neither SIGHUP nor terminals of this kind", allow_module_level=True)

import fcntl
import pty
import termios

pytestmark = [pytest.mark.end_to_end, pytest.mark.db, pytest.mark.ffmpeg]


def start(uri: str, data: Path, before: Callable[[], object], **streams: Any) -> subprocess.Popen[bytes]:
    """A node in a session of its own; `before` is done in its process, before the program starts."""
    words = [sys.executable, "-m", "ffmate_desktop", "--no-gui", "--database", uri, "--identifier", "a"]
    words += ["--data-dir", str(data), "--heartbeat", "1", "--drain-time", "0", "--debug", "*"]
    return subprocess.Popen(words, env=os.environ, preexec_fn=before, start_new_session=True, **streams)  # noqa: PLW1509 - one thread


async def joined(database: Database) -> None:
    async def found() -> bool:
        return bool(await database.fetch(Sql("SELECT 1 FROM ffmate.nodes WHERE state = 'online'")))

    await until(found, "the node joins")


async def test_a_closed_terminal_stops_a_node_in_order(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    own_end, node_end = pty.openpty()
    service = TaskService(database, PresetService(database, tmp_path))
    clip, output = make_clip(tmp_path / "in.mkv", seconds=1), str(tmp_path / "out.mp4")
    await service.add(
        [NewTask(input_file=str(clip), command=LONG, output_file=output)], source=TaskSource.CLI
    )

    async def runs() -> bool:
        [task] = await service.newest()
        return task.status is TaskStatus.RUNNING and task.progress > 0

    node = start(
        database_uri,
        tmp_path / "data",
        lambda: fcntl.ioctl(node_end, termios.TIOCSCTTY, 0),
        stdin=node_end,
        stdout=node_end,
        stderr=node_end,
    )
    os.close(node_end)
    loop = asyncio.get_running_loop()
    loop.add_reader(own_end, lambda: os.read(own_end, 65536))  # or it waits for us
    try:
        await until(runs, "it encodes")
        loop.remove_reader(own_end)
        os.close(own_end)  # the system sends SIGHUP
        with suppress(ProcessLookupError):
            os.kill(node.pid, signal.SIGHUP)  # and so does the shell
        assert await asyncio.to_thread(node.wait, timeout=60) == 0
    finally:
        node.kill()
        node.wait()
    [task] = await service.newest()
    assert task.status is TaskStatus.QUEUED
    assert await database.fetch(Sql("SELECT 1 FROM ffmate.nodes WHERE state = 'left'"))
    assert not [path for path in clip.parent.iterdir() if path.name.startswith(".ffd-")]


async def test_nohup_is_heard(database: Database, database_uri: str, tmp_path: Path) -> None:
    node = start(
        database_uri,
        tmp_path / "data",
        lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        stderr=subprocess.PIPE,
    )
    try:
        await joined(database)
        node.send_signal(signal.SIGHUP)
        assert node.stderr is not None
        node.stderr.close()  # a node also runs on if its log has no reader
        await asyncio.sleep(1.5)  # some lines of it
        assert node.poll() is None
        node.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(node.wait, timeout=60) == 0
    finally:
        node.kill()
        node.wait()
