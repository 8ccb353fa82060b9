"""Claims and finishes of empty tasks per second, compared with pgqueuer and procrastinate."""

import statistics
from collections import defaultdict
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from tests.benchmarks.contest import (
    OURS,
    OURS_40,
    OURS_SINGLE,
    PGQUEUER,
    PGQUEUER_20,
    PGQUEUER_40,
    PROCRASTINATE,
    WARM_UP,
    Arena,
    Contestant,
)
from tests.benchmarks.figures import load, reach, spread
from tests.benchmarks.server import Server

ROUNDS = 5
_SHORT = {
    OURS: 6000,
    OURS_40: 6000,
    OURS_SINGLE: 1500,
    PGQUEUER: 6000,
    PGQUEUER_20: 6000,
    PGQUEUER_40: 6000,
    PROCRASTINATE: 1500,
}
_LONG = dict.fromkeys((OURS, OURS_40, PGQUEUER, PGQUEUER_20, PGQUEUER_40), 20_000)


@dataclass(frozen=True, slots=True)
class _Case:
    """Number of worker processes and jobs, and whether the queue is vacuumed and analyzed during the run."""

    workers: int
    jobs: Mapping[Contestant, int]
    tidied: bool
    what: str


CASES = (
    _Case(1, _SHORT, False, "half a second of work"),
    _Case(4, _SHORT, False, "half a second of work"),
    _Case(4, _LONG, False, "a long queue, before autovacuum has come by"),
    _Case(4, _LONG, True, "a long queue, vacuumed and analyzed every second"),
)


async def run(server: Server) -> None:
    """Workers wait, one call queues all jobs, and the clock runs from its commit to the last finish."""
    for case in CASES:
        rates: dict[Contestant, list[float]] = defaultdict(list)
        server_cpu: dict[Contestant, list[float]] = defaultdict(list)
        worker_cpu: dict[Contestant, list[float]] = defaultdict(list)
        for _ in range(ROUNDS):
            for contestant, jobs in case.jobs.items():
                async with Arena.open(server, contestant, case.workers) as arena:
                    await arena.submit(100_000, 100_000 + jobs)
                    before = arena.cpu_seconds()
                    begin = await server.now()
                    async with arena.tidied() if case.tidied else nullcontext():
                        end = await arena.all_done(jobs + WARM_UP * case.workers)
                    after = arena.cpu_seconds()
                rates[contestant].append(jobs / (end - begin))
                server_cpu[contestant].append((after[0] - before[0]) / jobs * 1e6)
                worker_cpu[contestant].append((after[1] - before[1]) / jobs * 1e6)
        print(
            f"{case.workers} worker processes, {max(case.jobs.values()):,} jobs ({case.what}), "
            f"median of {ROUNDS} interleaved rounds, {load()}:"
        )
        for contestant in case.jobs:
            print(
                f"  {contestant.name:<17} {spread(rates[contestant]):<28} jobs/s; CPU a job: "
                f"server {statistics.median(server_cpu[contestant]):.0f} µs, "
                f"workers {statistics.median(worker_cpu[contestant]):.0f} µs  [{contestant.settings}]"
            )
        for ours in (OURS, OURS_40):
            _compare(rates, ours, PGQUEUER, 2.0 if case.workers == 4 else 1.0)
        _compare(rates, OURS, PGQUEUER_20, 1.0)
        _compare(rates, OURS_40, PGQUEUER_40, 1.0)
        for ours in (OURS, OURS_SINGLE):
            _compare(rates, ours, PROCRASTINATE, 1.0)


def _compare(rates: dict[Contestant, list[float]], ours: Contestant, peer: Contestant, goal: float) -> None:
    if not rates[ours] or not rates[peer]:
        return
    ratios = [our / other for our, other in zip(rates[ours], rates[peer], strict=True)]
    print(reach(f"{ours.name} against {peer.name}", statistics.median(ratios), goal, at_least=True, unit="x"))
