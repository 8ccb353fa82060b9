"""Time from submitting a task until a worker has it: four idle workers, one task at a time."""

import asyncio
import random
import statistics
import time
from collections import defaultdict

from tests.benchmarks.contest import OURS_DEFAULT, PGQUEUER, PROCRASTINATE, WARM_UP, Arena, Contestant
from tests.benchmarks.figures import load, percentile, reach
from tests.benchmarks.server import Server

ROUNDS = 5
TASKS = 80
WORKERS = 4
CONTESTANTS = (OURS_DEFAULT, PGQUEUER, PROCRASTINATE)


async def run(server: Server) -> None:
    """Rounds are interleaved; gaps are random so that no poll synchronizes with them."""
    samples: dict[Contestant, list[list[float]]] = defaultdict(list)
    for _ in range(ROUNDS):
        for contestant in CONTESTANTS:
            async with Arena.open(server, contestant, WORKERS) as arena:
                submitted_at: dict[int, float] = {}
                for number in range(100_000, 100_000 + TASKS):
                    await asyncio.sleep(random.uniform(0.08, 0.16))
                    submitted_at[number] = time.perf_counter()
                    await arena.submit(number, number + 1)
                await arena.all_done(TASKS + WARM_UP * WORKERS)
                started = await arena.stop()
            samples[contestant].append([started[number] - submitted_at[number] for number in submitted_at])
    print(f"{WORKERS} idle worker processes, {ROUNDS} interleaved rounds of {TASKS}, {load()}:")
    for contestant in CONTESTANTS:
        every = [value * 1e3 for values in samples[contestant] for value in values]
        print(
            f"  {contestant.name:<17} p50 {percentile(every, 0.5):.2f} ms, p99 {percentile(every, 0.99):.1f} ms, "
            f"longest {max(every):.1f} ms  [{contestant.settings}]"
        )
    ours = [value * 1e3 for values in samples[OURS_DEFAULT] for value in values]
    print(reach("p50", percentile(ours, 0.5), 5, unit=" ms"))
    print(reach("p99", percentile(ours, 0.99), 50, unit=" ms"))
    for peer in CONTESTANTS[1:]:
        ratios = [
            percentile(theirs, 0.5) / percentile(our, 0.5)
            for our, theirs in zip(samples[OURS_DEFAULT], samples[peer], strict=True)
        ]
        print(reach(f"{peer.name}'s p50 against ours", statistics.median(ratios), 1, at_least=True, unit="x"))
