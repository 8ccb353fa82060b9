"""Everything that a chaos run breaks: a server with a standby, nodes on lines of their own, a small disk."""

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
from tests.faults.member import Member
from tests.faults.network import open_line
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
"""The last words of a node that could not join, as its server was dead or its name taken."""


class Stage:
    """The members work on tasks, and a supervisor starts again what ended by itself."""

    def __init__(self, folder: Path, server: Server, standby: Server | None, disk: Disk | None) -> None:
        self.folder = folder
        self.server = server
        self.standby = standby
        self.disk = disk
        self.out = folder / "out"
        self.members: list[Member] = []
        self.uuids: list[UUID] = []
        self.commanded: set[UUID] = set()
        self.deleted: set[UUID] = set()
        self.restarts: Counter[UUID] = Counter()
        self.killed_encoders = 0
        self.refused_twins = 0
        self.wrong: list[str] = []
        self.busy: dict[object, asyncio.Lock] = {}
        """What is being broken, and must not be broken twice or mended by the supervisor."""

    def hold(self, thing: object) -> asyncio.Lock:
        """The right to break one thing."""
        return self.busy.setdefault(thing, asyncio.Lock())

    async def ask(self, question: Callable[[TaskService], Awaitable[T]]) -> T:
        """Ask the cluster, as often as it takes: its server may be dead at this moment."""
        async with asyncio.timeout(120):
            while True:
                try:
                    async with Database(self.server.uri) as database:
                        return await question(TaskService(database, PresetService(database, self.folder)))
                except _AWAY:
                    await asyncio.sleep(0.1)

    async def fail_over(self, pause: float) -> None:
        """Kill the primary; after so many seconds its standby, to which all commits went, takes over."""
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
        """All of them that there are, as they are."""
        return await self.ask(lambda service: service.get(self.uuids))

    async def supervise(self) -> None:
        """As a service manager: until cancelled, start what ended by itself, and tell what may not have."""
        while True:
            for member in self.members:
                await self.look_after(member)
            await asyncio.sleep(0.5)

    async def look_after(self, member: Member) -> None:
        """Start it if it ended; while it is being broken, leave it alone."""
        if self.hold(member).locked() or member.alive:
            return
        said = member.said_this_life
        last = (said.strip().splitlines() or [""])[-1]
        if member.is_ready() or (last and not _NOT_JOINED.match(last)):
            self.wrong.append(f"{member.name} ended by itself: {last}")
        await member.start()

    async def settle(self, seconds: float) -> list[Task]:
        """Mend everything and wait until every task has ended; then send the nodes home.

        That is given up when nothing ended for so many seconds.
        """
        for member in self.members:
            member.line.mend()
            member.send(signal.SIGCONT)
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
            with suppress(TimeoutError):  # who was killed last shall tidy up after itself
                async with asyncio.timeout(seconds):
                    while not all(member.alive and member.is_ready() for member in self.members):
                        await asyncio.sleep(0.1)
        finally:
            supervisor.cancel()
            await asyncio.wait([supervisor])
        await self._tidied(seconds)
        for member in self.members:
            member.send(signal.SIGTERM)
        for member in self.members:
            await member.ended()
        return await self.tasks()

    async def _unsettled(self) -> Counter[str]:
        """How many tasks are not as they must be in the end, by status."""
        tasks = await self.tasks()
        return Counter(
            str(task.status) for task in tasks if not task.status.is_done or task.uuid in self.deleted
        )

    async def _tidied(self, seconds: float) -> None:
        """Until the janitors have been everywhere; what they did not find is told by the verdict."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while list(self.out.glob(".ffd-*")):
                    await asyncio.sleep(0.1)


@asynccontextmanager
async def open_stage(folder: Path, *, nodes: int, mark: str, replicate: bool = False) -> AsyncIterator[Stage]:
    """All of it, started but for the nodes; at the end whatever still runs is killed."""
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
        stage = Stage(folder, server, standby, stack.enter_context(open_disk(folder / "out", DISK)))
        for number in range(nodes):
            line = await stack.enter_async_context(open_line())
            hosts = [await line.address(one.port) for one in (server, standby) if one is not None]
            target = "&target_session_attrs=primary" if standby is not None else ""
            uri = f"postgresql://ffmate@{','.join(hosts)}/ffmate?sslmode=disable{target}"
            member = Member(f"n{number}", uri, folder, mark=mark, line=line, heartbeat=HEARTBEAT)
            stack.callback(member.send, signal.SIGKILL)
            stage.members.append(member)
        yield stage
