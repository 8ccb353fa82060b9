"""pgqueuer by its own API: QueueManager on one asyncpg connection and uvloop, as its command line runs it."""

import json
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg

# The development environment lacks the peers; they are of the dependency group "benchmarks".
import uvloop
from pgqueuer.core.qm import QueueManager
from pgqueuer.db import AsyncpgDriver
from pgqueuer.ports.repository import (
    EntrypointExecutionParameter,
)
from pgqueuer.queries import Queries

from tests.benchmarks.contestants import stdio

BATCH = int(os.environ.get("FFMATE_BENCHMARK_SLOTS", "10"))


class PgQueuer:
    async def set_up(self, uri: str) -> None:
        connection = await asyncpg.connect(uri)
        await Queries(AsyncpgDriver(connection)).install()
        await connection.close()

    async def work(self, uri: str, name: str, started: dict[int, float]) -> None:
        manager = QueueManager(Queries(AsyncpgDriver(await asyncpg.connect(uri))))

        async def run(claimed: Any) -> None:
            started[json.loads(claimed.payload)["metadata"]["number"]] = time.perf_counter()

        manager.entrypoint("job")(run)
        await manager.run(batch_size=BATCH)

    async def submit(self, uri: str, ask: Callable[[], Awaitable[Sequence[int] | None]]) -> None:
        connection = await asyncpg.connect(uri)
        queries = Queries(AsyncpgDriver(connection))
        while (numbers := await ask()) is not None:
            payloads = [json.dumps(stdio.job(number)).encode() for number in numbers]
            await queries.enqueue(["job"] * len(payloads), payloads, [0] * len(payloads))
        await connection.close()

    async def claim(self, uri: str, times: int) -> list[float]:
        connection = await asyncpg.connect(uri)
        queries = Queries(AsyncpgDriver(connection))
        manager, seconds = uuid4(), []
        for _ in range(times):
            before = time.perf_counter()
            jobs = await queries.dequeue(
                batch_size=BATCH,
                entrypoints={"job": EntrypointExecutionParameter(concurrency_limit=0)},
                queue_manager_id=manager,
                global_concurrency_limit=None,
                heartbeat_timeout=timedelta(seconds=30),
            )
            seconds.append(time.perf_counter() - before)
            await queries.log_jobs([(job, "successful", None) for job in jobs])
        await connection.close()
        return seconds


def main() -> None:
    """Do what the command line says."""
    stdio.main(PgQueuer(), uvloop.run)
