"""Runs each contestant's workers and its submitter as processes, controlled line by line."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import psutil

from tests.benchmarks.server import Server, cpu_seconds

ROOT = Path(__file__).resolve().parents[2]
ANSWER = 300.0
"""Seconds a process may take to answer."""
WARM_UP = 200
"""Warm-up jobs per worker."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A queue under test. `done` counts finished jobs and returns when the last one ended, by the server's clock.

    `table` is what grows stale while jobs run.
    """

    name: str
    module: str
    slots: int
    settings: str
    done: str
    table: str

    @property
    def python(self) -> str:
        """The Python interpreter that has it installed; the peers may have their own environment."""
        return sys.executable if self.module == "ours" else peers_python()

    def environment(self, slots: int | None = None) -> dict[str, str]:
        """Environment for its processes: how many jobs to run at once."""
        return os.environ | {"FFMATE_BENCHMARK_SLOTS": str(slots or self.slots)}


def peers_python() -> str:
    """FFMATE_BENCHMARK_PEERS is an interpreter with the peers installed; by default this one."""
    return os.environ.get("FFMATE_BENCHMARK_PEERS") or sys.executable


_OURS = (
    """SELECT count(*), extract(epoch FROM max(finished_at))::float8 FROM ffmate.tasks
        WHERE status = 'DONE_SUCCESSFUL'""",
    "ffmate.tasks",
)
_PGQUEUER = (
    """SELECT count(*), extract(epoch FROM max(created))::float8 FROM pgqueuer_log WHERE status = 'successful'""",
    "pgqueuer",
)
_PROCRASTINATE = (
    """SELECT count(*), extract(epoch FROM max(at))::float8 FROM procrastinate_events
        WHERE type = 'succeeded'""",
    "procrastinate_jobs",
)

OURS = Contestant(
    "ours", "ours", 10, "10 slots, and as many ahead, as for all that is short: 20 a statement", *_OURS
)
OURS_40 = Contestant("ours, 20 slots", "ours", 20, "20 slots and as many ahead: 40 a statement", *_OURS)
OURS_DEFAULT = Contestant("ours", "ours", 3, "3 slots, the default", *_OURS)
OURS_SINGLE = Contestant("ours, 1 slot", "ours", 1, "1 slot and one ahead: two a statement", *_OURS)
PGQUEUER = Contestant(
    "pgqueuer", "pgqueuer_jobs", 10, "batch_size=10, durable tables, uvloop, else defaults", *_PGQUEUER
)
PGQUEUER_20, PGQUEUER_40 = (
    Contestant(f"pgqueuer, {size}", "pgqueuer_jobs", size, f"batch_size={size}, else as above", *_PGQUEUER)
    for size in (20, 40)
)
PROCRASTINATE = Contestant(
    "procrastinate", "procrastinate_jobs", 1, "defaults: concurrency 1, jobs are kept", *_PROCRASTINATE
)


class Process:
    """A contestant's process in one role."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._stats = psutil.Process(process.pid)

    @classmethod
    async def start(cls, contestant: Contestant, *arguments: str) -> "Process":
        """`arguments`: the role, the URI, and what the role needs."""
        return cls(
            await asyncio.create_subprocess_exec(
                contestant.python,
                "-m",
                "tests.benchmarks.contestants",
                contestant.module,
                *arguments,
                cwd=ROOT,
                env=contestant.environment(1 if arguments[0] == "claim" else None),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=64 * 1024 * 1024,
            )
        )

    async def hear(self) -> Any:
        """Its next line."""
        assert self._process.stdout is not None
        async with asyncio.timeout(ANSWER):
            line = await self._process.stdout.readline()
        if not line:
            sys.exit(f"a process of the benchmark ended with code {await self._process.wait()}")
        return json.loads(line)

    def tell(self, value: object) -> None:
        """Send a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")

    def end_of_orders(self) -> None:
        """Ask the process to finish."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def last_word(self) -> Any:
        """Wait until the process ends; returns its last line, or None. If it fails, the benchmark ends."""
        assert self._process.stdout is not None
        lines = (await self._process.stdout.read()).splitlines()
        if code := await self._process.wait():
            sys.exit(f"a process of the benchmark ended with code {code}")
        return json.loads(lines[-1]) if lines else None

    async def wait(self) -> None:
        """Wait until the process ends, and kill it if necessary."""
        try:
            async with asyncio.timeout(15):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def cpu_seconds(self) -> float:
        """Processor time used so far."""
        return cpu_seconds(self._stats)


async def run_role(contestant: Contestant, *arguments: str) -> Any:
    """Run a role until it ends and return its last line, or None."""
    process = await Process.start(contestant, *arguments)
    process.end_of_orders()
    return await process.last_word()


class Arena:
    """Idle workers of one contestant on a database of their own, and a process that submits to them."""

    def __init__(self, server: Server, contestant: Contestant, uri: str) -> None:
        self._server = server
        self._contestant = contestant
        self.uri = uri
        self._workers: list[Process] = []
        self._submitter: Process | None = None
        self._stopped = False

    @classmethod
    @asynccontextmanager
    async def open(cls, server: Server, contestant: Contestant, workers: int) -> AsyncIterator["Arena"]:
        """All workers are connected and have done some jobs before the block begins."""
        async with AsyncExitStack() as stack:
            uri = await stack.enter_async_context(server.database())
            await run_role(contestant, "set_up", uri)
            arena = cls(server, contestant, uri)
            stack.push_async_callback(arena.stop)
            arena._submitter = await Process.start(contestant, "submit", uri)
            arena._workers = [
                await Process.start(contestant, "work", uri, f"worker-{number}") for number in range(workers)
            ]
            await asyncio.gather(*(process.hear() for process in arena._workers), arena._submitter.hear())
            await asyncio.sleep(2)  # they connect, check the schema and listen
            # The server plans each of the first five executions of a statement separately.
            await arena.submit(0, WARM_UP * workers)
            await arena.all_done(WARM_UP * workers)
            await asyncio.sleep(1)
            yield arena

    @property
    def database(self) -> str:
        """The name of its database."""
        return urlsplit(self.uri).path.removeprefix("/")

    async def submit(self, first: int, after_last: int) -> None:
        """Queue these jobs with one call; returns once it is committed."""
        assert self._submitter is not None
        self._submitter.tell([first, after_last])
        await self._submitter.hear()

    async def all_done(self, count: int) -> float:
        """Wait until this many jobs have ended in total; returns when the last one did, by the server's clock."""
        connection = await asyncpg.connect(self.uri)
        try:
            async with asyncio.timeout(ANSWER):
                while True:
                    found = await connection.fetchrow(self._contestant.done)
                    assert found is not None
                    if found[0] >= count:
                        return float(found[1])
                    await asyncio.sleep(0.1)
        finally:
            await connection.close()

    @asynccontextmanager
    async def tidied(self) -> AsyncIterator[None]:
        """Vacuum and analyze the queue's table every second during the block."""
        connection = await asyncpg.connect(self.uri)

        async def tidy() -> None:
            while True:
                await connection.execute(f"VACUUM (ANALYZE) {self._contestant.table}")
                await asyncio.sleep(1)

        duty = asyncio.create_task(tidy())
        try:
            yield
        finally:
            duty.cancel()
            await asyncio.gather(duty, return_exceptions=True)
            await connection.close()

    def cpu_seconds(self) -> tuple[float, float]:
        """Processor time so far, of the server and of the workers."""
        return self._server.cpu_seconds(), sum(worker.cpu_seconds() for worker in self._workers)

    async def stop(self) -> dict[int, float]:
        """End all workers; returns when each job reached a worker, by the monotonic clock."""
        if self._stopped:
            return {}
        self._stopped = True
        started: dict[int, float] = {}
        for process in self._workers:
            process.end_of_orders()
        for process in self._workers:
            started |= dict(await process.hear())
        if self._submitter is not None:
            self._submitter.end_of_orders()
            await self._submitter.wait()
        await asyncio.gather(*(process.wait() for process in self._workers))
        return started
