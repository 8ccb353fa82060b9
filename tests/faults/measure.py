"""Measures how long it takes until a task continues, and until a cancelled one is dead, at default settings.

By hand: `python -m tests.faults.measure`, or `... kill cut restart cancel` for some of them; `--rounds 10`. Two nodes
run a task each; what happens to the first one is timed until an ffmpeg works on its task elsewhere.
"""

import argparse
import asyncio
import random
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psutil

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.migrate import migrate
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from ffmate_desktop.settings.table import HEARTBEAT
from tests.faults.network import open_line
from tests.faults.node_process import NodeProcess
from tests.faults.server import Server
from tests.media.clips import clip as make_clip

LONG = "-re -stream_loop -1 -i ${INPUT_FILE} -an -c:v libx264 -preset ultrafast -t 600 ${OUTPUT_FILE}"
LEASE = 3 * HEARTBEAT.default
CANCELS = 100


class Bench:
    """Two nodes with default settings: faults of `victim` are timed, `survivor` continues."""

    def __init__(self, folder: Path, database: Database, nodes: list[NodeProcess]) -> None:
        self._folder = folder
        self._database = database
        self._service = TaskService(database, PresetService(database, folder))
        self._source = make_clip(folder / "in.mkv", seconds=1)
        self.victim, self.survivor = nodes
        self._count = 0
        self.after_joining: list[float] = []
        """Of each `restart`: seconds from the moment in which the node had joined until its task was claimed."""

    async def kill(self) -> float:
        """kill -9 of the node at a random moment between two of its beats."""
        uuid = await self._task_of_victim()
        began = time.monotonic()
        self.victim.send(signal.SIGKILL)
        took = await self._works(uuid, self.survivor) - began
        await self.victim.ended()
        return took

    async def cut(self) -> float:
        """Its network goes silent at a random moment, and comes back afterwards."""
        uuid = await self._task_of_victim()
        began = time.monotonic()
        self.victim.line.cut()
        took = await self._works(uuid, self.survivor) - began
        self.victim.line.restore()
        await _until(lambda: self._encoder(uuid, self.victim) is None)
        return took

    async def restart(self) -> float:
        """kill -9, and a start at once: from the start of the program."""
        uuid = await self._task_of_victim()
        self.victim.send(signal.SIGKILL)
        await self.victim.ended()
        killed = await self._now()
        began = time.monotonic()
        await self.victim.start()
        took = await self._works(uuid, self.survivor, self.victim) - began
        row = await self._database.fetch_one(
            Sql("""SELECT extract(epoch FROM t.started_at - n.joined_at)::float8 AS took
                     FROM ffmate.tasks t, ffmate.nodes n
                    WHERE t.uuid = $1 AND n.identifier = 'victim' AND n.joined_at > $2"""),
            uuid,
            killed,
        )
        if row is not None:  # otherwise the survivor was faster than the start of the program
            self.after_joining.append(row["took"])
        return took

    async def _now(self) -> datetime:
        row = await self._database.fetch_one(Sql("SELECT clock_timestamp() AS now"))
        assert row is not None
        now: datetime = row["now"]
        return now

    async def cancel(self) -> float:
        """A cancel by another program, until the process is gone."""
        (uuid,) = await self._submit(1)
        await self._works(uuid, self.survivor, self.victim)
        (process,) = (p for m in (self.victim, self.survivor) if (p := self._encoder(uuid, m)) is not None)
        await asyncio.sleep(random.uniform(0, 0.5))
        began = time.monotonic()
        await self._service.cancel([uuid])
        await _until(lambda: not _lives(process), 0.002)
        return time.monotonic() - began

    async def _task_of_victim(self) -> UUID:
        """A task of each node, then a moment somewhere between two beats; that of the victim."""
        await self._service.cancel([task.uuid for task in await self._service.newest(limit=None)])
        await self.victim.start()
        await _until(self.victim.is_ready)
        await asyncio.sleep(1.5 * HEARTBEAT.default)  # both are counted, and share the work
        while True:
            uuids = await self._submit(2)
            for uuid in uuids:
                await self._works(uuid, self.victim, self.survivor)
            victims_tasks = [uuid for uuid in uuids if self._encoder(uuid, self.victim) is not None]
            if len(victims_tasks) == 1:
                await asyncio.sleep(random.uniform(0, HEARTBEAT.default))
                return victims_tasks[0]
            await self._service.cancel(uuids)

    async def _submit(self, count: int) -> tuple[UUID, ...]:
        self._count += count
        outputs = [self._folder / "out" / f"{self._count - n}.mp4" for n in range(count)]
        new = [
            NewTask(input_file=str(self._source), command=LONG, output_file=str(output)) for output in outputs
        ]
        return tuple((await self._service.add(new, source=TaskSource.CLI)).uuids)

    async def _works(self, uuid: UUID, *nodes: NodeProcess) -> float:
        """When an ffmpeg of one of these nodes works on the task."""
        await _until(lambda: any(self._encoder(uuid, node) is not None for node in nodes))
        return time.monotonic()

    def _encoder(self, uuid: UUID, node: NodeProcess) -> psutil.Process | None:
        for process in node.encoders():
            with suppress(psutil.Error):
                if f".ffd-{uuid.hex[:12]}-" in " ".join(process.cmdline()):
                    return process
        return None


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


async def _until(condition: Callable[[], bool], pause: float = 0.01) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(pause)


@asynccontextmanager
async def open_bench() -> AsyncIterator[Bench]:
    """Both nodes have been connected for a lease."""
    folder = Path(tempfile.mkdtemp(prefix="ffmate-measure-"))
    folder.chmod(0o755)
    (folder / "out").mkdir()
    async with AsyncExitStack() as stack:
        server = Server(folder / "server")
        await server.make()
        stack.push_async_callback(server.stop)
        await migrate(server.uri)
        database = await stack.enter_async_context(Database(server.uri))
        nodes = []
        for name in ("victim", "survivor"):
            line = await stack.enter_async_context(open_line())
            uri = f"postgresql://ffmate@{await line.address(server.port)}/ffmate?sslmode=disable"
            node = NodeProcess(name, uri, folder, mark="measure", line=line, heartbeat=HEARTBEAT.default)
            stack.callback(node.send, signal.SIGKILL)
            await node.start()
            nodes.append(node)
        await asyncio.sleep(LEASE + HEARTBEAT.default)
        yield Bench(folder, database, nodes)


async def _main(kinds: list[str], rounds: int) -> None:
    async with open_bench() as bench:
        measures: dict[str, tuple[Callable[[], Awaitable[float]], int, str]] = {
            "kill": (bench.kill, rounds, "kill -9 of a node, until its task runs elsewhere"),
            "cut": (bench.cut, rounds, "its network cut, until its task runs elsewhere"),
            "restart": (bench.restart, rounds, "kill -9 and a start, until its task runs"),
            "cancel": (bench.cancel, CANCELS, "cancel, until the process is gone"),
        }
        for kind in kinds or list(measures):
            measure, times, words = measures[kind]
            took = sorted([await measure() for _ in range(times)])
            if kind == "restart" and bench.after_joining:
                words += f" (claimed {statistics.median(bench.after_joining):.2f} s after joining)"
            print(
                f"{words}: median {statistics.median(took):.2f} s, 99 % {took[-(-99 * times // 100) - 1]:.2f} s, "
                f"least {took[0]:.2f} s, most {took[-1]:.2f} s, {times} times",
                flush=True,
            )


def main() -> None:
    """The command line of a measurement by hand."""
    parser = argparse.ArgumentParser(prog="measure", description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=["kill", "cut", "restart", "cancel", []])
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    asyncio.run(_main(arguments.kinds, arguments.rounds))


if __name__ == "__main__":
    main()
