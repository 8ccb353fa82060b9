"""The cluster of a chaos run: a server with a standby, nodes with their own network lines, and a small disk."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database
from ffmate_desktop.db.migrate import migrate
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import NewTask, Task
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from tests.faults.disk import Disk, open_disk
from tests.faults.network import open_line
from tests.faults.node_process import NodeProcess
from tests.faults.server import Server
from tests.media.clips import clip as make_clip

T = TypeVar("T")
HEARTBEAT = 0.5
LEASE = 3 * HEARTBEAT
FRAMES = 25
DISK = 256
"""Megabytes for the outputs."""

QUICK = "-i ${INPUT_FILE} -an -c:v libx264 -preset ultrafast ${OUTPUT_FILE}"
SLOW = "-re " + QUICK
_AWAY: tuple[type[BaseException], ...] = (UserError, *CONNECTION_LOST)
_NOT_JOINED = re.compile(r"ffmate-desktop: .*(?:database|server|is already running)")
"""The last line of a node that could not join because its server was dead or its name taken."""


class ChaosCluster:
    """Nodes that work on tasks, and a supervisor that restarts nodes that ended on their own."""

    def __init__(self, folder: Path, server: Server, standby: Server | None, disk: Disk | None) -> None:
        self.folder = folder
        self.server = server
        self.standby = standby
        self.disk = disk
        self.out = folder / "out"
        self.nodes: list[NodeProcess] = []
        self.uuids: list[UUID] = []
        self.commanded: set[UUID] = set()
        self.deleted: set[UUID] = set()
        self.restarts: Counter[UUID] = Counter()
        self.killed_encoders = 0
        self.refused_duplicates = 0
        self.wrong: list[str] = []
        self.busy: dict[object, asyncio.Lock] = {}
        """What is broken right now, and must not be broken twice or restarted by the supervisor."""

    def exclusive(self, thing: object) -> asyncio.Lock:
        """The exclusive right to break one part."""
        return self.busy.setdefault(thing, asyncio.Lock())

    async def ask(self, question: Callable[[TaskService], Awaitable[T]]) -> T:
        """Ask the cluster, repeatedly if needed, since its server may be dead."""
        async with asyncio.timeout(120):
            while True:
                try:
                    async with Database(self.server.uri) as database:
                        return await question(TaskService(database, PresetService(database, self.folder)))
                except _AWAY:
                    await asyncio.sleep(0.1)

    async def fail_over(self, pause: float) -> None:
        """Kill the primary. After `pause` seconds its synchronous standby takes over."""
        assert self.standby is not None
        await self.server.kill()
        await asyncio.sleep(pause)
        await self.standby.promote()
        self.server, self.standby = self.standby, None

    async def submit(self, count: int, slow: Callable[[], bool]) -> None:
        """Queue the tasks, in one batch."""
        source = await asyncio.to_thread(make_clip, self.folder / "in.mkv", "-r", str(FRAMES), seconds=1)
        outputs = [self.out / f"{number:05}.mp4" for number in range(count)]
        new = [
            NewTask(input_file=str(source), command=SLOW if slow() else QUICK, output_file=str(output))
            for output in outputs
        ]
        self.uuids = list((await self.ask(lambda service: service.add(new, source=TaskSource.CLI))).uuids)

    async def tasks(self) -> list[Task]:
        """All existing tasks as they are now."""
        return await self.ask(lambda service: service.get(self.uuids))

    async def supervise(self) -> None:
        """Like a service manager: until cancelled, restart nodes that ended, and report unexpected ends."""
        while True:
            for node in self.nodes:
                await self.restart_if_ended(node)
            await asyncio.sleep(0.5)

    async def restart_if_ended(self, node: NodeProcess) -> None:
        """Restart a node that ended, unless it is being broken right now."""
        if self.exclusive(node).locked() or node.alive:
            return
        log = node.log_since_start
        last = (log.strip().splitlines() or [""])[-1]
        if node.is_ready() or (last and not _NOT_JOINED.match(last)):
            self.wrong.append(f"{node.name} ended on its own: {last}")
        await node.start()

    async def finish(self, seconds: float) -> list[Task]:
        """Repair everything, wait until every task has ended, then stop the nodes.

        Gives up when no task ended for `seconds`.
        """
        for node in self.nodes:
            node.line.restore()
            node.send(signal.SIGCONT)
        supervisor = asyncio.create_task(self.supervise(), name="supervisor")
        try:
            before = None
            while (left := await self._unsettled()) != before:
                before = left
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        while left and await self._unsettled() == left:
                            await asyncio.sleep(0.5)
            if left:
                self.wrong.append(f"nothing ended for {seconds:.0f} s: {dict(left)}")
            with suppress(TimeoutError):  # the last killed node has to clean up after itself
                async with asyncio.timeout(seconds):
                    while not all(node.alive and node.is_ready() for node in self.nodes):
                        await asyncio.sleep(0.1)
        finally:
            supervisor.cancel()
            await asyncio.wait([supervisor])
        await self._tidied(seconds)
        for node in self.nodes:
            node.send(signal.SIGTERM)
        for node in self.nodes:
            await node.ended()
        return await self.tasks()

    async def _unsettled(self) -> Counter[str]:
        """How many tasks are not in a final state yet, by status."""
        tasks = await self.tasks()
        return Counter(
            str(task.status) for task in tasks if not task.status.is_done or task.uuid in self.deleted
        )

    async def _tidied(self, seconds: float) -> None:
        """Wait until the janitors have removed temporary files; the verdict reports what they missed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while list(self.out.glob(".ffd-*")):
                    await asyncio.sleep(0.1)


@asynccontextmanager
async def open_chaos_cluster(
    folder: Path, *, nodes: int, mark: str, replicate: bool = False
) -> AsyncIterator[ChaosCluster]:
    """The whole cluster; its nodes are not started yet. Everything that still runs at the end is killed."""
    async with AsyncExitStack() as stack:
        server = Server(folder / "server a")
        stack.push_async_callback(server.stop)
        await server.make()
        await migrate(server.uri)
        standby = None
        if replicate:
            standby = Server(folder / "server b")
            stack.push_async_callback(standby.stop)
            await standby.copy(server)
        cluster = ChaosCluster(folder, server, standby, stack.enter_context(open_disk(folder / "out", DISK)))
        for number in range(nodes):
            line = await stack.enter_async_context(open_line())
            hosts = [await line.address(host.port) for host in (server, standby) if host is not None]
            target = "&target_session_attrs=primary" if standby is not None else ""
            uri = f"postgresql://ffmate@{','.join(hosts)}/ffmate?sslmode=disable{target}"
            node = NodeProcess(f"n{number}", uri, folder, mark=mark, line=line, heartbeat=HEARTBEAT)
            stack.callback(node.send, signal.SIGKILL)
            cluster.nodes.append(node)
        yield cluster
