"""What two idle workers cost the database: transactions per second and worker, by the server's own count."""

import asyncio
from contextlib import AsyncExitStack

from tests.benchmarks.contest import OURS, PGQUEUER, PROCRASTINATE, Arena
from tests.benchmarks.figures import load, reach
from tests.benchmarks.server import Server

SECONDS = 60.0
WORKERS = 2
COUNT = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1"


async def run(server: Server) -> None:
    """Measures all contestants in the same minute, each in its own database, without autovacuum."""
    await server.admin.execute("ALTER SYSTEM SET autovacuum = off")
    await server.admin.execute("SELECT pg_reload_conf()")
    async with AsyncExitStack() as stack:
        arenas = {
            contestant: await stack.enter_async_context(Arena.open(server, contestant, WORKERS))
            for contestant in (OURS, PGQUEUER, PROCRASTINATE)
        }
        await asyncio.sleep(15)  # what they did before is counted by now
        before = {contestant: await _count(server, arena) for contestant, arena in arenas.items()}
        await asyncio.sleep(SECONDS)
        after = {contestant: await _count(server, arena) for contestant, arena in arenas.items()}
    await server.admin.execute("ALTER SYSTEM RESET autovacuum")
    await server.admin.execute("SELECT pg_reload_conf()")
    rates = {
        contestant: (after[contestant] - before[contestant]) / SECONDS / WORKERS for contestant in arenas
    }
    print(f"{WORKERS} idle worker processes each, {SECONDS:.0f} s, {load()}:")
    for contestant, rate in rates.items():
        print(f"  {contestant.name:<17} {rate:.2f} transactions/s and worker  [{contestant.settings}]")
    print(reach("ours", rates[OURS], 0.25, unit="/s"))
    for peer in (PGQUEUER, PROCRASTINATE):
        print(
            reach(
                f"{peer.name} against ours", rates[peer] / max(rates[OURS], 1e-9), 1, at_least=True, unit="x"
            )
        )


async def _count(server: Server, arena: Arena) -> int:
    return int(await server.admin.fetchval(COUNT, arena.database))
