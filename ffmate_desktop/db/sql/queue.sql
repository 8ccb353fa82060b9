-- The queue as a list of any length. Read only.
-- 1. Pages are read by key, never by OFFSET, so that the last row costs as much as the first one.
-- 2. A key is (number, word, id). number is -priority, or the end in microseconds since 1970; word is the name. `down`
--    reads towards smaller keys, `up` towards larger ones. A page before a key is read in the opposite direction.
-- 3. The ids of a page come from ARRAY(subselect), which runs once in every plan.
-- 4. Filters that are NULL match everything. Statuses are walked one by one in tasks_status, so that a plan made
--    without knowing them is right for all of them. 'UNKNOWN' stands for every status that this release does not know.
-- 5. "At least s.status, and less than (s.status, key)" replaces "equal": with equality the planner might walk the
--    primary key and look for the status there, which reads a million tasks to find two that run.

-- fragment: row
SELECT t.id, t.uuid, t.version, t.epoch, t.name, t.preset_name, t.status, t.phase, t.desired, t.priority,
       t.node_name, t.attempts, t.batch, t.created_at, t.started_at, t.finished_at, t.progress, r.labels,
       split_part(coalesce(t.error, CASE WHEN t.status = 'QUEUED' THEN
           (SELECT string_agg(r.who ->> 0 || ': ' || (r.who ->> 1), ' · ') FROM jsonb_each(ffmate.object_of(t.refused)) AS r (node, who)) END),
           E'\n', 1) AS error, coalesce(t.result -> 'imported' ->> 'input', t.spec ->> 'input', '') AS input,
       coalesce(t.result ->> 'output', t.spec ->> 'output') AS output, ffmate.bigint_of(t.result -> 'size') AS size,
       (SELECT p.live FROM jsonb_array_elements(ffmate.list_of(n.progress)) AS p (live)
         WHERE p.live ->> 0 = t.id::text AND p.live ->> 1 = t.epoch::text LIMIT 1) AS live,
       CASE WHEN isfinite(t.finished_at) THEN least(extract(epoch FROM t.finished_at) * 1000000, 9000000000000000000)::bigint END AS finished_number, lower(t.name) AS word
  FROM ffmate.tasks t
  JOIN ffmate.requirement_sets r ON r.id = t.requirement_set
  LEFT JOIN ffmate.nodes n ON n.id = t.node_id AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')

-- fragment: statuses
$1::text[] || (SELECT CASE WHEN 'UNKNOWN' = ANY ($1::text[]) THEN ffmate.statuses_but(ARRAY['QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING', 'DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED']) ELSE '{}' END)

-- fragment: fits
($2::text IS NULL OR t.node_name = $2)
           AND ($3::text IS NULL OR t.name ILIKE $3 OR t.spec ->> 'input' ILIKE $3 OR t.preset_name ILIKE $3)

-- fragment: pool
SELECT t.id, CASE $5::text WHEN 'priority' THEN -t.priority
                           WHEN 'finished' THEN coalesce(CASE WHEN isfinite(t.finished_at) THEN least(extract(epoch FROM t.finished_at) * 1000000, 9000000000000000000)::bigint END,
                                                         9223372036854775807)
                           ELSE 0 END AS number,
           CASE $5 WHEN 'name' THEN lower(t.name) ELSE '' END AS word, t.status, t.progress
      FROM (SELECT a.* FROM ffmate.tasks a WHERE $4::uuid IS NULL
             UNION ALL
            SELECT b.* FROM ffmate.tasks b WHERE b.batch = $4
             UNION ALL
            SELECT c.* FROM ffmate.tasks c WHERE c.batch IS NULL AND $4 = '00000000-0000-0000-0000-000000000000') AS t
     WHERE t.status = ANY ({statuses}) AND {fits}

-- name: created_down
SELECT page.* FROM ({row}) AS page WHERE page.id = ANY (ARRAY(
    SELECT w.id FROM unnest({statuses}) AS s (status) CROSS JOIN LATERAL (
        SELECT t.id FROM ffmate.tasks t
         WHERE (t.status, t.id) < (s.status, $4::bigint) AND t.status >= s.status AND {fits}
         ORDER BY t.status DESC, t.id DESC LIMIT $5) AS w
     ORDER BY w.id DESC LIMIT $5))
 ORDER BY page.id DESC;

-- name: created_up
SELECT page.* FROM ({row}) AS page WHERE page.id = ANY (ARRAY(
    SELECT w.id FROM unnest({statuses}) AS s (status) CROSS JOIN LATERAL (
        SELECT t.id FROM ffmate.tasks t
         WHERE (t.status, t.id) > (s.status, $4::bigint) AND t.status <= s.status AND {fits}
         ORDER BY t.status, t.id LIMIT $5) AS w
     ORDER BY w.id LIMIT $5))
 ORDER BY page.id;

-- name: queued_down
-- From the last task in the queue to the next one, by index tasks_order.
SELECT page.* FROM ({row}) AS page WHERE page.id = ANY (ARRAY(
    SELECT t.id FROM ffmate.tasks t
     WHERE t.status = 'QUEUED' AND t.status = ANY ($1::text[]) AND (-t.priority, t.id) < ($4::bigint, $5::bigint)
           AND {fits}
     ORDER BY -t.priority DESC, t.id DESC LIMIT $6))
 ORDER BY -page.priority DESC, page.id DESC;

-- name: queued_up
-- From the next task in the queue to the last one, by index tasks_order.
SELECT page.* FROM ({row}) AS page WHERE page.id = ANY (ARRAY(
    SELECT t.id FROM ffmate.tasks t
     WHERE t.status = 'QUEUED' AND t.status = ANY ($1::text[]) AND (-t.priority, t.id) > ($4::bigint, $5::bigint)
           AND {fits}
     ORDER BY -t.priority, t.id LIMIT $6))
 ORDER BY -page.priority, page.id;

-- name: finished_down
-- Unfinished tasks first, by id. Then finished ones, newest first, by index tasks_finished.
SELECT page.* FROM ({row}) AS page WHERE page.id = ANY (ARRAY(
    SELECT both_kinds.id FROM (
        SELECT w.id, w.finished_at
          FROM unnest({statuses}) AS s (status) CROSS JOIN LATERAL (
              SELECT t.id, t.finished_at FROM ffmate.tasks t
               WHERE t.status = s.status AND t.finished_at IS NOT NULL AND {fits}
                 AND (t.finished_at, t.id) < (timestamptz 'epoch' + greatest(least($4, 4102444800000000), 0) * interval '1 us', $5)
               ORDER BY t.finished_at DESC, t.id DESC LIMIT $6) AS w
         WHERE s.status LIKE 'DONE%'
         UNION ALL
        SELECT w.id, 'infinity'
          FROM unnest({statuses}) AS s (status) CROSS JOIN LATERAL (
              SELECT t.id FROM ffmate.tasks t
               WHERE (t.status, t.id) < (s.status, $5) AND t.status >= s.status AND $4 = 9223372036854775807
                 AND {fits}
               ORDER BY t.status DESC, t.id DESC LIMIT $6) AS w
         WHERE s.status NOT LIKE 'DONE%') AS both_kinds
     ORDER BY both_kinds.finished_at DESC, both_kinds.id DESC LIMIT $6))
 ORDER BY coalesce(page.finished_at, 'infinity') DESC, page.id DESC;

-- name: finished_up
SELECT page.* FROM ({row}) AS page WHERE page.id = ANY (ARRAY(
    SELECT both_kinds.id FROM (
        SELECT w.id, w.finished_at
          FROM unnest({statuses}) AS s (status) CROSS JOIN LATERAL (
              SELECT t.id, t.finished_at FROM ffmate.tasks t
               WHERE t.status = s.status AND t.finished_at IS NOT NULL AND {fits}
                 AND (t.finished_at, t.id) > (timestamptz 'epoch' + greatest(least($4, 4102444800000000), 0) * interval '1 us', $5)
               ORDER BY t.finished_at, t.id LIMIT $6) AS w
         WHERE s.status LIKE 'DONE%'
         UNION ALL
        SELECT w.id, 'infinity'
          FROM unnest({statuses}) AS s (status) CROSS JOIN LATERAL (
              SELECT t.id FROM ffmate.tasks t
               WHERE (t.status, t.id) > (s.status, CASE $4 WHEN 9223372036854775807 THEN $5 ELSE 0 END)
                 AND t.status <= s.status AND {fits}
               ORDER BY t.status, t.id LIMIT $6) AS w
         WHERE s.status NOT LIKE 'DONE%') AS both_kinds
     ORDER BY both_kinds.finished_at, both_kinds.id LIMIT $6))
 ORDER BY coalesce(page.finished_at, 'infinity'), page.id;

-- name: sorted_down
-- Without an index: for a batch, or for a sort order of a list that is not too long.
WITH pool AS ({pool}),
wanted AS (
    SELECT id, number, word FROM pool WHERE (number, word, id) < ($6::bigint, $7::text, $8::bigint)
     ORDER BY number DESC, word DESC, id DESC LIMIT $9)
SELECT page.* FROM ({row}) AS page JOIN wanted USING (id)
 WHERE page.id = ANY (ARRAY(SELECT id FROM wanted))
 ORDER BY wanted.number DESC, wanted.word DESC, page.id DESC;

-- name: sorted_up
WITH pool AS ({pool}),
wanted AS (
    SELECT id, number, word FROM pool WHERE (number, word, id) > ($6::bigint, $7::text, $8::bigint)
     ORDER BY number, word, id LIMIT $9)
SELECT page.* FROM ({row}) AS page JOIN wanted USING (id)
 WHERE page.id = ANY (ARRAY(SELECT id FROM wanted))
 ORDER BY wanted.number, wanted.word, page.id;

-- name: rows
-- Changed tasks, read again.
SELECT page.* FROM ({row}) AS page WHERE page.id = ANY ($1::bigint[]);

-- name: anchors_of_all
-- The key of every $1-th task by id, read from the primary key alone. Reading a page between two of them is a seek.
SELECT id, 0::bigint AS number, '' AS word FROM (
    SELECT id, row_number() OVER (ORDER BY id DESC) AS position FROM ffmate.tasks) AS numbered
 WHERE (CASE WHEN $2::boolean THEN position - 1 ELSE (SELECT count(*) FROM ffmate.tasks) - position END) % $1 = 0
 ORDER BY CASE WHEN $2 THEN position ELSE -position END;

-- name: anchors
-- The same for any view. $7: whether keys decrease from row to row.
WITH pool AS ({pool}),
numbered AS (
    SELECT id, number, word, row_number() OVER (ORDER BY number, word, id) AS position, count(*) OVER () AS total
      FROM pool)
SELECT id, number, word FROM numbered
 WHERE (CASE WHEN $7::boolean THEN total - position ELSE position - 1 END) % $6::bigint = 0
 ORDER BY CASE WHEN $7 THEN -position ELSE position END;

-- name: position_in_all
-- How many tasks come before this id, newest first ($2) or oldest first.
SELECT count(*) FROM ffmate.tasks WHERE CASE WHEN $2::boolean THEN id > $1::bigint ELSE id < $1 END;

-- name: position
WITH pool AS ({pool})
SELECT count(*) FROM pool
 WHERE CASE WHEN $9::boolean THEN (number, word, id) > ($6::bigint, $7::text, $8::bigint)
            ELSE (number, word, id) < ($6, $7, $8) END;

-- name: count_fitting
WITH pool AS ({pool})
SELECT status, count(*) AS tasks FROM pool GROUP BY status;

-- name: batches
-- The progress of batches. Finished tasks count as 100 %, running ones as of their node's last heartbeat.
SELECT t.batch, t.status, count(*) AS tasks,
       sum(CASE WHEN t.status LIKE 'DONE%' THEN 100
                ELSE coalesce((SELECT ffmate.float_of(p.live -> 2) FROM jsonb_array_elements(ffmate.list_of(n.progress)) AS p (live)
                                WHERE p.live ->> 0 = t.id::text AND p.live ->> 1 = t.epoch::text LIMIT 1), 0) END)
           AS percent,
       extract(epoch FROM clock_timestamp() - min(t.started_at) FILTER (WHERE isfinite(t.started_at)))::float8 AS elapsed
  FROM (SELECT a.* FROM ffmate.tasks a WHERE a.batch = ANY ($1::uuid[])
         UNION ALL
        SELECT b.* FROM ffmate.tasks b
         WHERE b.batch IS NULL AND '00000000-0000-0000-0000-000000000000' = ANY ($1)) AS t
  LEFT JOIN ffmate.nodes n ON n.id = t.node_id AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
 GROUP BY t.batch, t.status;

-- name: tasks_of
-- All tasks of batches, in the order of submission. The nil uuid stands for tasks without a batch.
SELECT uuid FROM ffmate.tasks WHERE batch = ANY ($1::uuid[])
 UNION ALL
SELECT uuid FROM ffmate.tasks WHERE batch IS NULL AND '00000000-0000-0000-0000-000000000000' = ANY ($1);

-- name: newest_batches
-- Batches with the name of their first task, newest first, after ($2, $3). Batches without tasks are left out. The
-- table is small: one row per submission.
SELECT b.uuid, b.created_at, t.name
  FROM ffmate.batches b
 CROSS JOIN LATERAL (SELECT name FROM ffmate.tasks WHERE batch = b.uuid ORDER BY id LIMIT 1) AS t
 WHERE $2::timestamptz IS NULL OR (b.created_at, b.uuid) < ($2, $3::uuid)
 ORDER BY b.created_at DESC, b.uuid DESC
 LIMIT $1;

-- name: stats
-- $1 is the start of the viewer's day.
SELECT (SELECT count(*) FROM ffmate.tasks
         WHERE status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')) AS running,
       (SELECT count(DISTINCT node_id) FROM ffmate.tasks
         WHERE status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')) AS nodes_working,
       (SELECT coalesce(sum(slots), 0) FROM ffmate.nodes
         WHERE state = 'online' AND NOT paused AND lease_until > clock_timestamp()) AS slots,
       (SELECT coalesce(sum(ffmate.float_of(p.live -> 4)), 0)
          FROM ffmate.nodes n CROSS JOIN jsonb_array_elements(ffmate.list_of(n.progress)) AS p (live)
         WHERE n.state IN ('online', 'draining')) AS fps,
       today.tasks AS finished_today, today.seconds AS video_seconds_today,
       (SELECT count(*) FROM ffmate.tasks
         WHERE status = 'DONE_ERROR' AND finished_at IS NOT NULL
           AND finished_at >= clock_timestamp() - interval '24 hours') AS failed_24h
  FROM (SELECT count(*) AS tasks, coalesce(sum(ffmate.float_of(result #> '{facts,input,duration}')), 0) AS seconds
          FROM ffmate.tasks
         WHERE status = 'DONE_SUCCESSFUL' AND finished_at IS NOT NULL AND finished_at >= $1::timestamptz) AS today;

-- name: work_left
-- In seconds of one slot. Running tasks count with what their nodes report. Waiting ones count with the average of the
-- last 300 successful tasks, of the same preset if there are any. `queued` is NULL if tasks wait and none has finished
-- yet.
WITH recent AS MATERIALIZED (
    SELECT preset, extract(epoch FROM finished_at - started_at)::float8 AS seconds FROM ffmate.tasks
     WHERE status = 'DONE_SUCCESSFUL' AND finished_at IS NOT NULL AND isfinite(finished_at) AND isfinite(started_at)
     ORDER BY finished_at DESC LIMIT 300),
waiting AS (
    SELECT preset, count(*) AS tasks FROM ffmate.tasks WHERE status = 'QUEUED' AND desired = 'run' GROUP BY preset),
running AS (
    SELECT coalesce(sum(ffmate.float_of(p.live -> 3)), 0) AS seconds, coalesce(max(ffmate.float_of(p.live -> 3)), 0) AS longest
      FROM ffmate.nodes n CROSS JOIN jsonb_array_elements(ffmate.list_of(n.progress)) AS p (live)
     WHERE n.state IN ('online', 'draining'))
SELECT running.seconds AS running, running.longest,
       CASE WHEN EXISTS (SELECT 1 FROM waiting) THEN (
           SELECT sum(w.tasks * coalesce((SELECT avg(r.seconds) FROM recent r WHERE r.preset IS NOT DISTINCT FROM w.preset),
                                         (SELECT avg(r.seconds) FROM recent r))) FROM waiting w)
            ELSE 0 END AS queued
  FROM running;
