"""Thousands of tasks in the database, made by one statement."""

import asyncpg

BATCH = "11111111-1111-4111-8111-111111111111"

_FILL = """
WITH needs AS (INSERT INTO ffmate.requirement_sets (labels) VALUES ('{nobody}') RETURNING id),
batch AS (INSERT INTO ffmate.batches (uuid, source, tasks) VALUES ($2, 'cli', $1) RETURNING uuid)
INSERT INTO ffmate.tasks (uuid, batch, status, requirement_set, name, source, error, finished_at, spec)
SELECT gen_random_uuid(), batch.uuid,
       CASE n % 4 WHEN 0 THEN 'DONE_ERROR' WHEN 1 THEN 'DONE_SUCCESSFUL' ELSE 'QUEUED' END,
       needs.id, 'a film of some length ' || n || '.mov', 'cli', CASE n % 4 WHEN 0 THEN 'It failed.' END,
       CASE WHEN n % 4 < 2 THEN now() END, jsonb_build_object('command', '-i ${INPUT_FILE} ${OUTPUT_FILE}',
       'tokens', '[]'::jsonb, 'input', '/media/a film of some length ' || n || '.mov', 'outputPattern', '',
       'ifExists', 'rename', 'clockNs', 1, 'utcOffset', 0, 'source', 'cli')
  FROM generate_series(1, $1::integer) AS n, needs, batch
"""


async def fill(uri: str, tasks: int) -> None:
    """One batch of tasks that no node can run: half of them wait, a quarter failed, a quarter succeeded."""
    connection = await asyncpg.connect(uri)
    await connection.execute(_FILL.replace("$1", str(tasks)).replace("$2", f"'{BATCH}'"))
    await connection.execute("ANALYZE ffmate.tasks")
    await connection.close()
