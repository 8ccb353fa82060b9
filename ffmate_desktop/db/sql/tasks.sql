-- Tasks as their submitters and viewers see them. The statements of working nodes are in claims.sql.

-- name: insert_requirement_set
-- If two submitters use the same new labels, one inserts and the other one's insert waits and then does nothing. The
-- SELECT that follows is a new statement with a new snapshot, so it finds the row.
INSERT INTO ffmate.requirement_sets (labels) VALUES ($1::text[]) ON CONFLICT (labels) DO NOTHING RETURNING id;

-- name: find_requirement_set
SELECT id FROM ffmate.requirement_sets WHERE labels = $1::text[];

-- name: taken_outputs
-- Which of these output paths belong to an active task. Only a hint: at insert the unique index tasks_output decides.
SELECT output_key FROM ffmate.tasks
 WHERE output_key = ANY ($1::text[]) AND status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING');

-- name: insert_batch
INSERT INTO ffmate.batches (uuid, source, tasks) VALUES ($1, $2, $3) RETURNING uuid;

-- name: insert_tasks
-- 1. Several of these in one transaction cause one notification, because their payloads are equal.
-- 2. WITH ORDINALITY keeps the submitter's order in the queue.
INSERT INTO ffmate.tasks (uuid, name, batch, priority, requirement_set, preset, preset_name, source, output_key, spec)
SELECT n.uuid, n.name, $2, n.priority, n.requirement_set, n.preset, n.preset_name, $3, n.output_key, n.spec
  FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (
       uuid uuid, name text, priority integer, requirement_set integer, preset uuid, preset_name text,
       output_key text, spec jsonb)) WITH ORDINALITY AS n
       (uuid, name, priority, requirement_set, preset, preset_name, output_key, spec, position)
 ORDER BY n.position
RETURNING id, uuid;

-- fragment: chosen
($1::uuid IS NULL OR t.batch = $1)
   AND ($2::text[] IS NULL OR t.status = ANY ($2))
   AND ($3::timestamptz IS NULL OR coalesce(t.finished_at, t.created_at) < $3)
   AND ($4::text[] IS NULL OR t.preset::text = ANY ($4) OR lower(t.preset_name) = ANY ($4))
   AND ($5::text[] IS NULL OR t.node_name = ANY ($5))
   AND ($6::text[] IS NULL OR t.requirement_set = ANY (ARRAY(
        SELECT s.id FROM ffmate.requirement_sets s WHERE s.labels @> $6)))
   AND ($7::text[] IS NULL OR t.name ILIKE ANY ($7))

-- name: moment_ago
-- The database's clock decides how old a task is, not this computer's.
SELECT clock_timestamp() - $1::interval AS moment;

-- name: count_chosen
-- How many tasks meet the conditions. NULL means "any".
SELECT t.status, count(*) AS tasks, max(t.id) AS newest FROM ffmate.tasks t WHERE {chosen} GROUP BY t.status;

-- name: chosen_page
-- The next of these tasks in the order of the queue, up to the newest one that was counted ($9).
SELECT t.id, t.uuid FROM ffmate.tasks t
 WHERE {chosen} AND t.id > $8::bigint AND t.id <= $9::bigint
 ORDER BY t.id LIMIT $10;

-- name: list_tasks
-- Newest first, page by page. NULL means "any"; LIMIT NULL means all. The node's row has the live progress of its last
-- heartbeat.
SELECT t.*, r.labels, n.progress AS live, n.session AS node_session, n.os AS node_os, n.arch AS node_arch,
       n.program AS node_program, n.ffmpeg AS node_ffmpeg, n.beat_at AS node_beat_at
  FROM ffmate.tasks t
  JOIN ffmate.requirement_sets r ON r.id = t.requirement_set
  LEFT JOIN ffmate.nodes n ON n.id = t.node_id
 WHERE {chosen} AND ($8::bigint IS NULL OR t.id < $8)
 ORDER BY t.id DESC
 LIMIT $9;

-- name: get_tasks
SELECT t.*, r.labels, n.progress AS live, n.session AS node_session, n.os AS node_os, n.arch AS node_arch,
       n.program AS node_program, n.ffmpeg AS node_ffmpeg, n.beat_at AS node_beat_at
  FROM ffmate.tasks t
  JOIN ffmate.requirement_sets r ON r.id = t.requirement_set
  LEFT JOIN ffmate.nodes n ON n.id = t.node_id
 WHERE t.uuid = ANY ($1::uuid[])
 ORDER BY t.id;

-- name: uuids_between
-- The beginning of a uuid is a range of uuids. Two rows are enough to know that it is ambiguous.
SELECT uuid FROM ffmate.tasks WHERE uuid BETWEEN $1 AND $2 ORDER BY uuid LIMIT 2;

-- name: count_by_status
SELECT status, count(*) AS tasks FROM ffmate.tasks GROUP BY status;

-- fragment: waits
(t.status = 'QUEUED' OR t.status <> ALL (ARRAY['QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING', 'DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED'])
       AND t.status NOT LIKE 'DONE%' AND NOT EXISTS (
           SELECT 1 FROM ffmate.nodes n WHERE n.id = t.node_id AND n.state IN ('online', 'draining')))

-- name: cancel_tasks
-- What happens depends on the status:
-- 1. Queued: the task ends at once, with a new epoch.
-- 2. Running: its owner sees 'cancel' after a notification, at the latest with its next beat. If the owner is dead, the
--    sweep ends the task.
-- 3. Done: nothing to do; the task is not returned.
-- 4. In a status that only a newer release knows: like running while its node lives, which knows what to do, otherwise
--    like queued.
-- $2, here and below: the statuses for which the caller chose the task. If it has another status by now, it is left
-- alone. NULL means "any".
UPDATE ffmate.tasks t
   SET status = CASE WHEN {waits} THEN 'DONE_CANCELED' ELSE t.status END,
       epoch = CASE WHEN {waits} THEN t.epoch + 1 ELSE t.epoch END,
       finished_at = CASE WHEN {waits} THEN clock_timestamp() END,
       desired = CASE WHEN {waits} THEN 'run' WHEN t.desired = 'delete' THEN t.desired ELSE 'cancel' END,
       version = t.version + 1, updated_at = clock_timestamp()
 WHERE t.uuid = ANY ($1::uuid[]) AND t.status NOT LIKE 'DONE%'
   AND ($2::text[] IS NULL OR t.status = ANY ($2))
RETURNING t.uuid;

-- name: hold_tasks
-- Pause and resume ($3 is 'pause' or 'run'). A cancel that is under way is never revoked. A resumed task waits again,
-- but no longer than it had to: naming not_before makes the trigger notify the nodes.
UPDATE ffmate.tasks
   SET desired = $3::text, not_before = not_before, version = version + 1, updated_at = clock_timestamp()
 WHERE uuid = ANY ($1::uuid[]) AND status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
   AND desired NOT IN ('cancel', 'delete') AND ($2::text[] IS NULL OR status = ANY ($2))
RETURNING uuid;

-- name: restart_tasks
-- From every DONE status, and from no other.
-- 1. A restart is always clean: only the log remains of the last attempt.
-- 2. The epoch grows by two. One higher is what a lost node leaves, so a node whose last answer was lost would adopt
--    its old attempt.
UPDATE ffmate.tasks t
   SET history = CASE WHEN node_id IS NULL THEN history ELSE
           ffmate.list_of(history) || jsonb_build_object('number', attempts, 'node', node_name,
           'started', CASE WHEN isfinite(started_at) THEN (extract(epoch FROM started_at) * 1000)::bigint END,
           'ended', CASE WHEN isfinite(finished_at) THEN (extract(epoch FROM finished_at) * 1000)::bigint END,
           'end', CASE status WHEN 'DONE_SUCCESSFUL' THEN 'done' WHEN 'DONE_ERROR' THEN 'failed' ELSE 'cancelled' END,
           'error', split_part(error, E'\n', 1)) END,
       status = 'QUEUED', phase = '', desired = 'run', epoch = epoch + 2, node_id = NULL, node_name = NULL,
       attempts = 0, losses = 0, not_before = NULL, progress = 0, error = NULL, result = NULL, publishing = NULL,
       refused = '{}', started_at = NULL, finished_at = NULL, version = version + 1, updated_at = clock_timestamp()
 WHERE uuid = ANY ($1::uuid[]) AND status LIKE 'DONE%'
   AND ($2::text[] IS NULL OR status = ANY ($2))
RETURNING uuid;

-- name: delete_tasks
-- Waiting and done tasks are deleted at once, with their log. So is a task in a status of a newer release that no live
-- node works on.
WITH gone AS (
    DELETE FROM ffmate.tasks t
     WHERE t.uuid = ANY ($1::uuid[]) AND (t.status LIKE 'DONE%' OR {waits})
       AND ($2::text[] IS NULL OR t.status = ANY ($2))
    RETURNING t.id, t.uuid), logs AS (
    DELETE FROM ffmate.task_logs l USING gone WHERE l.task_id = gone.id)
SELECT uuid FROM gone;

-- name: delete_running_tasks
-- A running task is cancelled first: its owner kills it, then deletes the row (claims.sql, delete_claimed).
UPDATE ffmate.tasks t SET desired = 'delete', version = t.version + 1, updated_at = clock_timestamp()
 WHERE t.uuid = ANY ($1::uuid[]) AND t.status NOT LIKE 'DONE%' AND NOT {waits}
   AND ($2::text[] IS NULL OR t.status = ANY ($2))
RETURNING t.uuid;

-- name: read_log
-- All attempts, oldest first.
SELECT l.epoch, l.seq, l.at, l.lines
  FROM ffmate.task_logs l JOIN ffmate.tasks t ON t.id = l.task_id
 WHERE t.uuid = $1
 ORDER BY l.epoch, l.seq;

-- name: attempts
SELECT history, status, attempts, node_id, node_name, split_part(error, E'\n', 1) AS error,
       CASE WHEN isfinite(started_at) THEN (extract(epoch FROM started_at) * 1000)::bigint END AS started,
       CASE WHEN isfinite(finished_at) THEN (extract(epoch FROM finished_at) * 1000)::bigint END AS ended
  FROM ffmate.tasks WHERE uuid = $1;
