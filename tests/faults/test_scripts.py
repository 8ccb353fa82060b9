"""A real node is killed in a script, or between publishing and a script: its successor continues from there."""

import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.processing import NewProcessing
from ffmate_desktop.domain.task import NewTask, Task, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from tests.end_to_end.program import open_folder
from tests.faults.node_process import NodeProcess
from tests.faults.verdict import still_running
from tests.faults.write_gate import Step, hold_writes
from tests.media.clips import clip as make_clip
from tests.node.scripted import Scripts
from tests.node.waiting import until

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.db,
    pytest.mark.ffmpeg,
    pytest.mark.skipif(
        sys.platform == "win32", reason="these tests run shell scripts, which Windows can't start"
    ),
]

PATIENCE = 180.0
BEFORE = 'echo "pre $$" >> "$TOLD"; {wait}'
AFTER = 'echo "post $$" >> "$TOLD"; mkdir -p "$2"; if [ -e "$1" ]; then mv "$1" "$2/"; fi; {wait}'
UNTIL_GO = 'until [ -e "{folder}/go" ]; do sleep 0.05; done'


class Direct:
    """A line that is never cut."""

    prefix: tuple[str, ...] = ()

    async def address(self, port: int) -> str:
        raise NotImplementedError("the nodes have the URI")

    def cut(self) -> None:
        raise NotImplementedError

    def restore(self) -> None:
        raise NotImplementedError


class Pair:
    """`a`, which dies, and `b`, which continues; both may run the scripts."""

    def __init__(self, folder: Path, uri: str, database: Database) -> None:
        self.folder = folder
        self.scripts = Scripts(folder)
        self.service = TaskService(database, PresetService(database, folder))
        options = ("--allow-scripts", str(self.scripts.folder))
        self.a, self.b = (
            NodeProcess(name, uri, folder, mark=str(folder), line=Direct(), heartbeat=0.5, options=options)
            for name in "ab"
        )
        self.source = make_clip(folder / "in.mkv", "-r", "25", seconds=1)
        (folder / "out").mkdir()

    async def submit(self, before: str, after: str) -> None:
        first, last = self.scripts.sh("pre.sh", before), self.scripts.sh("post.sh", after)
        new = NewTask(
            input_file=str(self.source),
            command="-i ${INPUT_FILE} -an -c:v libx264 -preset ultrafast ${OUTPUT_FILE}",
            output_file=str(self.folder / "out" / "film.mp4"),
            pre_processing=NewProcessing(script_path=f'"{first}"'),
            post_processing=NewProcessing(script_path=f'"{last}" ${{OUTPUT_FILE}} "{self.folder}/archive"'),
        )
        await self.service.add([new], source=TaskSource.CLI)

    async def task(self) -> Task:
        [task] = await self.service.newest()
        return task

    async def done(self) -> Task:
        async def ended() -> Task | None:
            task = await self.task()
            return task if task.status.is_done else None

        return await until(ended, "the task ends", timeout=PATIENCE)

    def script_runs(self) -> list[str]:
        return [line.split()[0] for line in self.scripts.lines()]

    def files(self) -> list[str]:
        """Everything that was made, hidden files too."""
        return sorted(
            str(path.relative_to(self.folder))
            for name in ("out", "archive")
            for path in (self.folder / name).rglob("*")
        )


@pytest.fixture
async def pair(database_uri: str, database: Database) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(open_folder())
        pair = Pair(folder, database_uri, database)
        for node in (pair.a, pair.b):
            stack.callback(node.send, signal.SIGKILL)
        yield pair


async def finish(pair: Pair) -> None:
    """`b` does the rest; nothing is left of either."""
    (pair.folder / "go").touch()
    await pair.b.start()
    task = await pair.done()
    assert task.status is TaskStatus.DONE_SUCCESSFUL, task.error
    assert pair.files() == ["archive/film.mp4"]
    pair.b.send(signal.SIGTERM)
    await pair.b.ended()
    await until(lambda: not still_running(str(pair.folder)), "every process is gone", timeout=PATIENCE)
    assert " error:" not in pair.a.said + pair.b.said


@pytest.mark.parametrize("where", ["pre", "post"])
async def test_a_node_that_is_killed_in_a_script(pair: Pair, where: str) -> None:
    await pair.a.start()
    wait = UNTIL_GO.format(folder=pair.folder)
    before = BEFORE.format(wait=wait if where == "pre" else "")
    await pair.submit(before, AFTER.format(wait=wait if where == "post" else ""))
    await until(lambda: where in pair.script_runs(), f"{where} runs", timeout=PATIENCE)
    if where == "post":
        await until(lambda: "archive/film.mp4" in pair.files(), "the script has taken the output away")
    assert (await pair.task()).status == f"{where.upper()}_PROCESSING"
    pair.a.send(signal.SIGKILL)
    await pair.a.ended()
    await finish(pair)
    # A script that was cut off is run again; what was published is neither made nor published again.
    assert pair.script_runs() == (["pre", "pre", "post"] if where == "pre" else ["pre", "post", "post"])


@pytest.mark.parametrize("step", ["pre", "post"])
async def test_a_node_that_is_killed_before_a_script_may_begin(
    pair: Pair, database_uri: str, step: Step
) -> None:
    await pair.a.start()
    async with hold_writes(database_uri, step) as gate:
        await pair.submit(BEFORE.format(wait=""), AFTER.format(wait=""))
        await gate.wait_for_node()
        pair.a.send(signal.SIGKILL)
        await pair.a.ended()
        await gate.open()
        await finish(pair)
    assert pair.script_runs() == ["pre", "post"]
