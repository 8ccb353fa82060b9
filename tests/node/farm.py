"""A farm: several nodes inside the test process, with a real server and ffmpeg, checked for leftovers at the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.change import Change
from ffmate_desktop.domain.node import NodeFacts
from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.domain.task import NewTask, Task, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.media.binaries import DeviceFormats
from ffmate_desktop.media.probe import Prober
from ffmate_desktop.media.processes.process import Launcher
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.node import ClusterNode
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.private_files import own_paths
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from tests.media.clips import FFMPEG
from tests.node.waiting import PATIENCE, until
from tests.processes import words

ENCODE = "-i ${INPUT_FILE} -c:v libx264 -preset ultrafast -c:a copy ${OUTPUT_FILE}"
LONG = f"-re -stream_loop -1 {ENCODE.replace('${OUTPUT_FILE}', '-t 60 ${OUTPUT_FILE}')}"
"""Takes a minute, so it still runs when a test does something to it."""


@dataclass
class Worker:
    """A running node. `changes` are all notifications it received, `data` is its working folder."""

    node: ClusterNode
    database: Database
    data: Path
    running: "asyncio.Task[None]"
    changes: list[Change] = field(default_factory=list)

    async def stop(self) -> None:
        """Stop it regularly."""
        self.node.stop()
        await self.ended()

    async def ended(self) -> None:
        """Wait until it has left."""
        async with asyncio.timeout(PATIENCE):
            await self.running

    @property
    def id(self) -> int:
        """Its current incarnation."""
        return self.node._node_id()


class Farm:
    """Nodes on one database, and the service that submits tasks. `folder` is for inputs and outputs."""

    def __init__(self, uri: str, database: Database, folder: Path, stack: AsyncExitStack) -> None:
        self.uri = uri
        self.database = database
        self.folder = folder
        self.tasks = TaskService(database, PresetService(database, folder))
        self.workers: list[Worker] = []
        self._stack = stack
        self._prober = Prober()
        stack.push_async_callback(self._prober.close)

    async def node(
        self,
        identifier: str = "a",
        *,
        slots: int = 1,
        labels: tuple[str, ...] = (),
        heartbeat: float = 1.0,
        uri: str | None = None,
        ffmpeg: Path = FFMPEG,
        permissions: Permissions | None = None,
        script_seconds: float = 60,
        watches: bool = False,
        machine: str = "",
    ) -> Worker:
        """Start a node, which scans if it `watches`. It is stopped when the test ends."""
        data = self.folder.parent / f"node {identifier}"
        facts = NodeFacts(
            identifier=identifier,
            heartbeat=heartbeat,
            machine=machine or f"machine of {identifier}",
            pid=1,
            host="host",
            os="linux",
            arch="amd64",
            program="0.1.0",
            ffmpeg=str(ffmpeg),
            ffmpeg_version="7",
            cores=2,
            slots=slots,
            labels=labels,
        )
        resources = await self.resources(data, ffmpeg)
        allowed = replace(permissions or Permissions(), own=own_paths(data))
        resources = replace(resources, script_seconds=script_seconds, permissions=lambda: allowed)
        database = Database(uri or self.uri, size=slots + 2)
        await self._stack.enter_async_context(database)
        bus = Bus()
        presets = PresetService(database, self.folder) if watches else None
        node = ClusterNode(database.uri, database, facts, resources, bus, presets=presets)
        changes: list[Change] = []
        bus.subscribe(changes.append)
        await node.start()
        worker = Worker(node, database, data, asyncio.create_task(node.run(), name=identifier), changes)
        self._stack.push_async_callback(self._dismiss, worker)
        self.workers.append(worker)
        return worker

    async def resources(self, data: Path, ffmpeg: Path = FFMPEG) -> EncodeResources:
        """The resources of a node with this data folder."""
        return EncodeResources(
            ffmpeg=ffmpeg,
            launcher=await Launcher.create(),
            prober=self._prober,
            devices=DeviceFormats(ffmpeg),
            os="linux",
            arch="amd64",
            work=data / "work",
            logs=data / "logs",
            stall_seconds=60,
        )

    async def _dismiss(self, worker: Worker) -> None:
        worker.node.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await worker.ended()

    async def add(self, source: Path, command: str = ENCODE, output: str = "", **fields: Any) -> UUID:
        """Submit one task as a user does. The output is `<input>.out.mp4` in the farm's folder by default."""
        pattern = output or f"{self.folder}/${{INPUT_FILE_BASENAME}}.out.mp4"
        new = NewTask(input_file=str(source), command=command, output_file=pattern, **fields)
        submitted = await self.tasks.add([new], source=TaskSource.CLI)
        return submitted.uuids[0]

    async def task(self, uuid: UUID) -> Task:
        """The task as users see it."""
        return (await self.tasks.get([uuid]))[0]

    async def done(self, uuid: UUID) -> Task:
        """The task once it has ended."""

        async def ended() -> Task | None:
            task = await self.task(uuid)
            return task if task.status.is_done else None

        return await until(ended, f"{uuid} ends")

    async def successful(self, uuid: UUID) -> Task:
        """The task once it has ended, which must be a success."""
        task = await self.done(uuid)
        assert task.status is TaskStatus.DONE_SUCCESSFUL, (task.error, await self.log(uuid))
        return task

    async def encoding(self, uuid: UUID) -> psutil.Process:
        """The ffmpeg of the task, once it writes its output."""

        def found() -> psutil.Process | None:
            prefix = f".ffd-{uuid.hex[:12]}-"
            return next((p for p in ffmpegs() if prefix in " ".join(words(p))), None)

        process = await until(found, f"{uuid} is encoded")

        def writes() -> bool:
            return any(path.stat().st_size for path in self.temporaries() if uuid.hex[:12] in path.name)

        await until(writes, f"{uuid} writes")
        return process

    async def log(self, uuid: UUID) -> str:
        """The task's log in the database."""
        return "".join(chunk.lines for chunk in await self.tasks.log(uuid))

    async def sql(self, statement: str, *arguments: Any) -> list[Any]:
        """Run one statement directly."""
        async with self.database.transaction() as connection:
            rows: list[Any] = await connection.fetch(statement, *arguments)
        return rows

    def temporaries(self) -> list[Path]:
        """Unfinished outputs on disk."""
        return list(self.folder.parent.rglob(".ffd-*"))

    def leftovers(self) -> list[str]:
        """Unfinished outputs, working folders and processes, which a node must not leave behind."""
        work = [path for worker in self.workers for path in worker.data.glob("work/*")]
        processes = [" ".join(words(process)) for process in ffmpegs()]
        return [*map(str, self.temporaries()), *map(str, work), *processes]


def ffmpegs() -> list[psutil.Process]:
    """Every ffmpeg below this process."""
    return [process for process in psutil.Process().children(recursive=True) if _is_ffmpeg(process)]


def _is_ffmpeg(process: psutil.Process) -> bool:
    return words(process)[:1] == [str(FFMPEG)] and process.is_running()


@asynccontextmanager
async def open_farm(uri: str, database: Database, folder: Path) -> AsyncIterator[Farm]:
    """A farm. At the end its nodes are stopped, and no file, process or asyncio task of them may be left."""
    before = asyncio.all_tasks()
    async with AsyncExitStack() as stack:
        farm = Farm(uri, database, folder, stack)
        yield farm
    assert farm.leftovers() == []
    own = {*before, asyncio.current_task()}
    await until(lambda: asyncio.all_tasks() <= own, "no task of the loop is left")
