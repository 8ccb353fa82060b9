"""Claim and finish of tasks that do nothing: how many a second, against pgqueuer and procrastinate."""

import statistics
from collections import defaultdict

from tests.benchmarks.contest import (
    OURS,
    OURS_SINGLE,
    PGQUEUER,
    PGQUEUER_20,
    PROCRASTINATE,
    WARM_UP,
    Arena,
    Contestant,
)
from tests.benchmarks.figures import load, reach, spread
from tests.benchmarks.server import Server

ROUNDS = 5
JOBS = {OURS: 6000, OURS_SINGLE: 1500, PGQUEUER: 6000, PGQUEUER_20: 6000, PROCRASTINATE: 1500}


async def run(server: Server) -> None:
    """Workers wait, all jobs are queued by one call, the clock runs from that commit to the last finish."""
    for workers in (1, 4):
        rates: dict[Contestant, list[float]] = defaultdict(list)
        server_cpu: dict[Contestant, list[float]] = defaultdict(list)
        worker_cpu: dict[Contestant, list[float]] = defaultdict(list)
        for _ in range(ROUNDS):
            for contestant, jobs in JOBS.items():
                async with Arena.open(server, contestant, workers) as arena:
                    await arena.submit(100_000, 100_000 + jobs)
                    before = arena.cpu_seconds()
                    begin = await server.now()
                    end = await arena.all_done(jobs + WARM_UP * workers)
                    after = arena.cpu_seconds()
                rates[contestant].append(jobs / (end - begin))
                server_cpu[contestant].append((after[0] - before[0]) / jobs * 1e6)
                worker_cpu[contestant].append((after[1] - before[1]) / jobs * 1e6)
        print(f"{workers} worker processes, median of {ROUNDS} interleaved rounds, {load()}:")
        for contestant in JOBS:
            print(
                f"  {contestant.name:<17} {spread(rates[contestant]):<28} jobs/s; CPU a job: "
                f"server {statistics.median(server_cpu[contestant]):.0f} µs, "
                f"workers {statistics.median(worker_cpu[contestant]):.0f} µs  [{contestant.settings}]"
            )
        _compare(rates, OURS, PGQUEUER, 2.0 if workers == 4 else 1.0)
        _compare(rates, OURS, PGQUEUER_20, 1.0)
        _compare(rates, OURS, PROCRASTINATE, 1.0)
        _compare(rates, OURS_SINGLE, PROCRASTINATE, 1.0)


def _compare(rates: dict[Contestant, list[float]], ours: Contestant, peer: Contestant, goal: float) -> None:
    ratios = [our / other for our, other in zip(rates[ours], rates[peer], strict=True)]
    print(reach(f"{ours.name} against {peer.name}", statistics.median(ratios), goal, at_least=True, unit="x"))
