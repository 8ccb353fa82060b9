"""FFmate Desktop without ffmpeg: the real heartbeat, listener, scheduler and statements; tasks end at once."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import uuid4

from ffmate_desktop.db import claims, leases, tasks
from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.leases import Beat, Held
from ffmate_desktop.db.migrate import migrate
from ffmate_desktop.domain.change import AnythingChanged, Change, TasksChanged
from ffmate_desktop.domain.node import Load, NodeFacts
from ffmate_desktop.domain.task import Claim, Desired, Epoch, LiveProgress, Outcome, TaskSpec, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts
from ffmate_desktop.node.bus import Bus
from ffmate_desktop.node.heartbeat import Heartbeat
from ffmate_desktop.node.load import LoadMeter
from ffmate_desktop.node.scheduler import Scheduler
from ffmate_desktop.node.task.slots import Slots
from tests.benchmarks.contestants import stdio

LABELS = ("arch:amd64", "cpu", "os:linux")
DONE = Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0, facts=TaskFacts(size=123_456))


def node_facts(name: str, slots: int) -> NodeFacts:
    """A node of this machine with the default heartbeat."""
    return NodeFacts(
        identifier=name,
        heartbeat=5.0,
        machine="benchmark",
        pid=os.getpid(),
        host="benchmark",
        os="linux",
        arch="amd64",
        program="0",
        ffmpeg="/usr/bin/ffmpeg",
        ffmpeg_version="8",
        cores=2,
        slots=slots,
        labels=LABELS,
    )


def task_row(number: int) -> tasks.TaskRow:
    """A task of usual size whose name is its number."""
    spec = TaskSpec.model_validate(stdio.job(number))
    return tasks.TaskRow(uuid4(), str(number), 0, ("cpu",), None, spec.output, spec)


class Worker:
    """A node whose tasks end as soon as it has them."""

    def __init__(self, uri: str, database: Database, facts: NodeFacts, started: dict[int, float]) -> None:
        self._database = database
        self._slots = Slots(facts.slots)
        self._started = started
        self._held: list[Claim] = []
        self._some = asyncio.Event()
        bus = Bus()
        bus.subscribe(self._on_change)
        self._load_meter = LoadMeter()
        self._heartbeat = Heartbeat(uri, facts, bus, self)
        self._scheduler = Scheduler(
            database,
            node_id=self._node_id,
            free_slots=self._free_slots,
            start=self._start,
        )

    async def run(self) -> None:
        """Work until cancelled."""
        await self._heartbeat.start()
        async with asyncio.TaskGroup() as group:
            for duty in (self._heartbeat.run, self._scheduler.run, self._finish):
                group.create_task(duty())
            self._scheduler.wake()

    def _node_id(self) -> int:
        return self._heartbeat.membership.id

    def _free_slots(self) -> tuple[int, int]:
        """As `ClusterNode` does: short tasks are claimed ahead."""
        free, ahead = self._slots.count - len(self._held), self._slots.ahead()
        return max(free, 0), max(min(ahead, ahead + free), 0)

    def _on_change(self, change: Change) -> None:
        match change:
            case TasksChanged(queued=True) | AnythingChanged():
                self._scheduler.wake()
            case _:
                pass

    def live_progress(self) -> list[LiveProgress]:
        """Nothing runs for long enough."""
        return []

    def load(self) -> Load:
        """As a real node measures it."""
        return self._load_meter.measure()

    def on_beat(self, beat: Beat, sent: float) -> Sequence[Held]:
        """Claim when work waits."""
        if beat.work:
            self._scheduler.wake()
        return ()

    def on_adopted(self, held: Sequence[Held], adopted: Mapping[int, tuple[Epoch, Desired]]) -> None:
        """Never happens here."""
        raise RuntimeError("there was nothing to adopt")

    def on_expelled(self) -> None:
        """Never happens here."""
        raise RuntimeError("the benchmark's node was declared dead: the machine is overloaded")

    def on_silence(self) -> None:
        """A run fails on its own then."""

    def _start(self, claim: Claim, _node_id: int) -> None:
        self._started[int(claim.name)] = time.perf_counter()
        self._slots.enter(claim.id)
        self._held.append(claim)
        self._some.set()

    async def _finish(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            held, self._held = self._held, []  # their slots are free: the next claim travels with their end
            for claim in held:
                await self._slots.acquire(claim.id)  # those ahead of a slot follow one another
                self._slots.leave(claim.id)
            await self._scheduler.finish(self._node_id(), [(claim, DONE) for claim in held])


class Ours:
    """The contestant; `slots` tasks are claimed at once."""

    def __init__(self, slots: int) -> None:
        self._slots = slots

    async def set_up(self, uri: str) -> None:
        await migrate(uri)

    async def work(self, uri: str, name: str, started: dict[int, float]) -> None:
        async with Database(uri, size=self._slots + 2) as database:
            await Worker(uri, database, node_facts(name, self._slots), started).run()

    async def submit(self, uri: str, ask: Callable[[], Awaitable[Sequence[int] | None]]) -> None:
        async with Database(uri) as database:
            while (numbers := await ask()) is not None:
                batch = uuid4() if len(numbers) > 1 else None
                rows = [task_row(number) for number in numbers]
                await tasks.insert(database, rows, batch=batch, source="benchmark")

    async def claim(self, uri: str, times: int) -> list[float]:
        seconds = []
        connection = await connect(uri)
        membership = await leases.join(connection, node_facts("claimer", self._slots))
        async with Database(uri) as database:
            for _ in range(times):
                before = time.perf_counter()
                claimed = await claims.claim(database, membership.id, self._slots)
                seconds.append(time.perf_counter() - before)
                await claims.finish_tasks(database, membership.id, [(claim, DONE) for claim in claimed])
            await leases.leave(database, membership.id)
        await connection.close()
        return seconds


def main() -> None:
    """Do what the command line says."""
    stdio.main(Ours(int(os.environ.get("FFMATE_BENCHMARK_SLOTS", "10"))))
