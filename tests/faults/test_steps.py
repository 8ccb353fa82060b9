"""A real node is killed, frozen or cut off at any step of a task: there is one output, and nothing is left over.

The suite runs the most telling ones. All of them: `FFMATE_ALL_STEPS=1 python -m pytest tests/faults/test_steps.py`.
"""

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import av
import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.task import NewTask, Task, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from tests.end_to_end.program import open_folder
from tests.faults.node_process import NodeProcess
from tests.faults.verdict import still_running
from tests.faults.write_gate import Step, hold_writes
from tests.media.clips import clip as make_clip
from tests.node.proxy import Proxy, open_proxy
from tests.node.waiting import until

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(
        sys.platform == "win32", reason="Windows cannot stop and continue a process by a signal"
    ),
]

PATIENCE = 180.0
"""Seconds; a limit for failures, not a measurement."""


class Through:
    """A line that consists of one proxy."""

    prefix: tuple[str, ...] = ()

    def __init__(self, proxy: Proxy) -> None:
        self.cut = proxy.hold
        self.restore = proxy.release

    async def address(self, port: int) -> str:
        raise NotImplementedError("the proxy has its own URI")


class Pair:
    """`a` suffers the fault, `b` continues. `mark` is in the environment of every process that they start."""

    def __init__(self, folder: Path, database: Database, a: NodeProcess, b: NodeProcess) -> None:
        self.folder, self.a, self.b = folder, a, b
        self.service = TaskService(database, PresetService(database, folder))
        self.source = make_clip(folder / "in.mkv", "-r", "25", seconds=1)
        (folder / "out").mkdir()

    async def submit(self) -> None:
        new = NewTask(
            input_file=str(self.source),
            command="-re -i ${INPUT_FILE} -an -c:v libx264 -preset ultrafast ${OUTPUT_FILE}",
            output_file=str(self.folder / "out" / "film.mp4"),
        )
        await self.service.add([new], source=TaskSource.CLI)

    async def done(self) -> Task:
        async def ended() -> Task | None:
            (task,) = await self.service.newest()
            return task if task.status.is_done else None

        return await until(ended, "the task ends", timeout=PATIENCE)

    async def says(self, node: NodeProcess, *words: str) -> None:
        await until(
            lambda: any(word in node.said for word in words), f"{node.name}: {words}", timeout=PATIENCE
        )

    async def leave(self) -> None:
        for node in (self.a, self.b):
            node.send(signal.SIGTERM)
        for node in (self.a, self.b):
            await node.ended()

    def outputs(self) -> list[str]:
        """Everything in the folder of outputs, hidden files too."""
        return sorted(path.name for path in (self.folder / "out").iterdir())

    def frames(self) -> int:
        with av.open(str(self.folder / "out" / "film.mp4")) as film:
            return sum(1 for _ in film.decode(video=0))


@pytest.fixture
async def pair(database_uri: str, database: Database) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(open_folder())
        nodes = []
        for name in "ab":
            proxy = await stack.enter_async_context(open_proxy(database_uri))
            line = Through(proxy)
            node = NodeProcess(name, proxy.uri, folder, mark=str(folder), line=line, heartbeat=0.5)
            stack.callback(node.send, signal.SIGKILL)
            nodes.append(node)
        yield Pair(folder, database, *nodes)


ALL = [
    (fault, step)
    for fault in ("killed", "frozen", "cut off")
    for step in ("claim", "facts", "publish", "finish")
]
TELLING = [("killed", "finish"), ("frozen", "claim"), ("frozen", "publish"), ("cut off", "publish")]


@pytest.mark.parametrize(("fault", "step"), ALL if "FFMATE_ALL_STEPS" in os.environ else TELLING)
async def test_a_node_that_fails_at_any_step_costs_nothing(
    pair: Pair, database_uri: str, step: Step, fault: str
) -> None:
    await pair.a.start()
    async with hold_writes(database_uri, step) as gate:
        await pair.submit()
        await gate.wait_for_node()
        match fault:
            case "killed":
                pair.a.send(signal.SIGKILL)
            case "frozen":
                pair.a.send(signal.SIGSTOP)
            case _:
                pair.a.line.cut()
        await gate.open()
        await pair.b.start()
        task = await pair.done()
    assert task.status is TaskStatus.DONE_SUCCESSFUL, task.error
    pair.a.line.restore()
    pair.a.send(signal.SIGCONT)
    if fault != "killed" and step != "finish":  # the end is written, so no other node needs this one
        await pair.says(pair.a, "declared this node dead", "Connected to the database again")
    await pair.leave()
    assert pair.outputs() == ["film.mp4"]
    assert pair.frames() == 25
    await until(lambda: not still_running(str(pair.folder)), "every process is gone", timeout=PATIENCE)
    log = pair.a.said + pair.b.said
    assert log.count("): DONE_SUCCESSFUL") <= 1
    assert " error:" not in log
