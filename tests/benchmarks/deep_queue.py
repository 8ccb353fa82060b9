"""One claim with a million finished and 100,000 waiting tasks, also behind 100,000 that no worker here can run."""

import statistics
from collections import defaultdict
from contextlib import AsyncExitStack

import asyncpg

from ffmate_desktop.db.queries import query
from tests.benchmarks.contest import OURS_SINGLE, PGQUEUER, PROCRASTINATE, Contestant, run_role
from tests.benchmarks.figures import load, percentile, reach
from tests.benchmarks.server import Server

FINISHED, WAITING = 1_000_000, 100_000
ROUNDS = 5
CLAIMS = 100

_JOB = """jsonb_build_object('command', '-i ${INPUT_FILE} -c:v libx264 -crf 22 ${OUTPUT_FILE}', 'tokens',
    '[["-i", "${INPUT_FILE}", "-c:v", "libx264", "-crf", "22", "${OUTPUT_FILE}"]]'::jsonb, 'input',
    '/storage/films/a film of some length ' || n || '.mov', 'outputPattern', '${INPUT_FILE_BASENAME}.mp4', 'output',
    '/storage/films/a film of some length ' || n || '.mp4', 'ifExists', 'rename', 'clockNs', 1, 'utcOffset', 0,
    'source', 'benchmark', 'metadata', jsonb_build_object('number', n))"""

# The finished and the waiting of each contestant, then those that need another worker, with a higher priority.
_OURS = (
    "INSERT INTO ffmate.requirement_sets (labels) VALUES ('{cpu}'), ('{gpu}') ON CONFLICT DO NOTHING",
    f"""INSERT INTO ffmate.tasks (uuid, name, priority, requirement_set, source, output_key, spec, status, epoch,
                                  node_id, node_name, attempts, progress, result, started_at, finished_at)
        SELECT gen_random_uuid(), n::text, 0, 1, 'benchmark', '/storage/' || n, {_JOB}, 'DONE_SUCCESSFUL', 1, n % 7,
               'node', 1, 100, '{{"size": 123456}}', clock_timestamp(), clock_timestamp()
          FROM generate_series(1, {FINISHED}) AS n""",
    f"""INSERT INTO ffmate.tasks (uuid, name, priority, requirement_set, source, output_key, spec)
        SELECT gen_random_uuid(), n::text, 0, (SELECT id FROM ffmate.requirement_sets WHERE labels = '{{cpu}}'),
               'benchmark', '/storage/' || n, {_JOB}
          FROM generate_series({FINISHED + 1}, {FINISHED + WAITING}) AS n""",
)
_OURS_FOREIGN = f"""
    INSERT INTO ffmate.tasks (uuid, name, priority, requirement_set, source, output_key, spec)
    SELECT gen_random_uuid(), n::text, 1, (SELECT id FROM ffmate.requirement_sets WHERE labels = '{{gpu}}'),
           'benchmark', '/storage/' || n, {_JOB}
      FROM generate_series({FINISHED + WAITING + 1}, {FINISHED + 2 * WAITING}) AS n"""
_PGQUEUER = (
    f"""INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, aggregated)
        SELECT n, 'successful', 0, 'job', true FROM generate_series(1, {FINISHED}) AS n""",
    f"""INSERT INTO pgqueuer (priority, status, entrypoint, payload)
        SELECT 0, 'queued', 'job', convert_to({_JOB}::text, 'UTF8') FROM generate_series(1, {WAITING}) AS n""",
)
_PGQUEUER_FOREIGN = f"""
    INSERT INTO pgqueuer (priority, status, entrypoint, payload)
    SELECT 1, 'queued', 'other', convert_to({_JOB}::text, 'UTF8') FROM generate_series(1, {WAITING}) AS n"""
_PROCRASTINATE = (
    f"""INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)
        SELECT 'default', 'job', {_JOB}, 'succeeded' FROM generate_series(1, {FINISHED}) AS n""",
    f"""INSERT INTO procrastinate_jobs (queue_name, task_name, args)
        SELECT 'default', 'job', {_JOB} FROM generate_series(1, {WAITING}) AS n""",
)
_PROCRASTINATE_FOREIGN = f"""
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args)
    SELECT 'other', 'job', 1, {_JOB} FROM generate_series(1, {WAITING}) AS n"""

STOCK: dict[Contestant, tuple[tuple[str, ...], str]] = {
    OURS_SINGLE: (_OURS, _OURS_FOREIGN),
    PGQUEUER: (_PGQUEUER, _PGQUEUER_FOREIGN),
    PROCRASTINATE: (_PROCRASTINATE, _PROCRASTINATE_FOREIGN),
}


async def run(server: Server) -> None:
    """Uses the same databases for all rounds; peers get the equivalent in their terms: entrypoint, queue name."""
    async with AsyncExitStack() as stack:
        uris = {contestant: await stack.enter_async_context(server.database()) for contestant in STOCK}
        for contestant, uri in uris.items():
            await run_role(contestant, "set_up", uri)
            await _execute(uri, STOCK[contestant][0])
        await _measure(server, uris, f"{FINISHED:,} finished, {WAITING:,} waiting")
        for contestant, uri in uris.items():
            await _execute(uri, (STOCK[contestant][1],))
        await _measure(server, uris, f"the same behind {WAITING:,} more urgent ones that need another worker")
        print("  plan of our claim there:\n    " + "\n    ".join(await _plan(uris[OURS_SINGLE])))


async def _execute(uri: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(uri)
    await connection.execute("SET session_replication_role = replica")  # no notifications for the stock
    for statement in statements:
        await connection.execute(statement)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def _measure(server: Server, uris: dict[Contestant, str], what: str) -> None:
    await server.admin.execute("CHECKPOINT")
    medians: dict[Contestant, list[float]] = defaultdict(list)
    every: dict[Contestant, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for contestant, uri in uris.items():
            seconds = await run_role(contestant, "claim", uri, str(CLAIMS))
            milliseconds = [value * 1e3 for value in seconds[CLAIMS // 5 :]]  # the first ones fill the caches
            medians[contestant].append(statistics.median(milliseconds))
            every[contestant] += milliseconds
    print(f"{what}; claims of one, {ROUNDS} interleaved rounds of {CLAIMS}, {load()}:")
    for contestant in uris:
        values = every[contestant]
        print(
            f"  {contestant.name:<17} p50 {percentile(values, 0.5):.2f} ms, p99 {percentile(values, 0.99):.1f} ms"
        )
    print(reach("p50", percentile(every[OURS_SINGLE], 0.5), 1, unit=" ms"))
    for peer in uris:
        if peer is not OURS_SINGLE:
            ratios = [peers / own for own, peers in zip(medians[OURS_SINGLE], medians[peer], strict=True)]
            name = f"{peer.name}'s p50 against ours"
            print(reach(name, statistics.median(ratios), 1, at_least=True, unit="x"))


async def _plan(uri: str) -> list[str]:
    connection = await asyncpg.connect(uri)
    try:
        async with connection.transaction():
            node = await connection.fetchval("SELECT max(id) FROM ffmate.nodes")
            await connection.execute(
                "UPDATE ffmate.nodes SET state = 'online', lease_until = clock_timestamp() + interval '1 minute'"
                " WHERE id = $1",
                node,
            )
            explain = "EXPLAIN (ANALYZE, COSTS OFF, BUFFERS OFF) " + query("claims", "finish_and_claim")
            return [row[0] for row in await connection.fetch(explain, node, 1, 0, [], [], [], [], [], [])]
    finally:
        await connection.close()
