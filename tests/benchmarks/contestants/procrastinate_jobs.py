"""procrastinate by its own API and with its defaults: one job at a time, psycopg's pool, finished jobs are kept."""

import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

# The development environment lacks the peers; they are of the dependency group "benchmarks".
import procrastinate
from procrastinate.jobs import Status

from tests.benchmarks.contestants import stdio


class Procrastinate:
    async def set_up(self, uri: str) -> None:
        async with _app(uri).open_async() as app:
            await app.schema_manager.apply_schema_async()

    async def work(self, uri: str, name: str, started: dict[int, float]) -> None:
        app = _app(uri)

        async def run(metadata: dict[str, int], **_rest: object) -> None:
            started[metadata["number"]] = time.perf_counter()

        app.task(name="job")(run)
        async with app.open_async():
            concurrency = int(os.environ.get("FFMATE_BENCHMARK_SLOTS", "1"))
            await app.run_worker_async(
                name=name, concurrency=concurrency, install_signal_handlers=False, wait=True
            )

    async def submit(self, uri: str, ask: Callable[[], Awaitable[Sequence[int] | None]]) -> None:
        async with _app(uri).open_async() as app:
            while (numbers := await ask()) is not None:
                await app.configure_task("job").batch_defer_async(*map(stdio.job, numbers))

    async def claim(self, uri: str, times: int) -> list[float]:
        seconds = []
        async with _app(uri).open_async() as app:
            worker = await app.job_manager.register_worker()
            for _ in range(times):
                before = time.perf_counter()
                job = await app.job_manager.fetch_job(queues=["default"], worker_id=worker)
                seconds.append(time.perf_counter() - before)
                await app.job_manager.finish_job(job, status=Status.SUCCEEDED, delete_job=False)
        return seconds


def _app(uri: str) -> Any:
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=uri))


def main() -> None:
    """Do what the command line says."""
    stdio.main(Procrastinate())
