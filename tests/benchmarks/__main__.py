"""`python -m tests.benchmarks [NAME...]`: runs the benchmarks, all of them by default, and prints their figures."""

import asyncio
import importlib
import logging
import subprocess
import sys
import time

from tests.benchmarks.contest import peers_python
from tests.benchmarks.server import open_server

NAMES = ("throughput", "latency", "deep_queue", "encodes", "idle", "watchfolders")


async def main(names: list[str]) -> None:
    """Run these benchmarks one after the other on one server."""
    async with open_server() as server:
        print(await server.admin.fetchval("SELECT version()"))
        for name in names:
            benchmark = importlib.import_module(f"tests.benchmarks.{name}")
            print(f"\n{name}: {benchmark.__doc__}")
            begin = time.monotonic()
            await benchmark.run(server)
            print(f"  ({time.monotonic() - begin:.0f} s)", flush=True)


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(NAMES)
    if unknown := set(chosen) - set(NAMES):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if (
        set(chosen) - {"encodes", "watchfolders"}
        and subprocess.run((peers_python(), "-c", "import pgqueuer, procrastinate"), check=False).returncode
    ):
        sys.exit(
            "The peers are missing: run `pip install --group benchmarks` in this environment, or let "
            "FFMATE_BENCHMARK_PEERS name the interpreter of one that has them."
        )
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(main(chosen))
