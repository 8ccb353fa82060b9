-- Claims: which node works on a task. Every write after the claim names (id, epoch, node) and matches no row once the
-- claim is lost. The caller then kills its ffmpeg and publishes nothing.

-- name: finish_and_claim
-- Ends tasks and claims new ones in one statement and one commit; either part may be empty.
-- Ending ($4 to $9: row k of the arrays ends task k):
--  1. Fenced. Each ended task is returned with its desired state; a task that isn't returned is lost to this node.
--  2. A task ends as cancelled only if a command or the submitter (skip existing outputs) still wants that.
--  3. Safe to repeat after a lost reply: what this incarnation ended under this epoch is returned again.
--  4. Of the desired states only 'delete' survives the end: delete_claimed follows.
-- Claiming:
--  5. ARRAY(subselect) is an InitPlan, which runs once in every plan, so LIMIT and SKIP LOCKED mean what they say.
--  6. Two nodes never get the same task: it is locked before the update, and locked rows are skipped.
--  7. A node gets tasks only with a valid lease, by the database's clock, and not while it is paused.
--  8. A long queue fills all free slots ($2) at once. Of a short one each live node takes its share, so that three files
--     don't crowd one computer while another idles.
--  9. The candidates are as many tasks as all live nodes have slots, plus what they would take ahead if they were like
--     this node, so that enough is left of what others lock at the same time. Each label set is a walk down the index.
-- 10. Tasks that this node refused go to other nodes, while there are any that haven't refused them (refuse_task).
-- 11. Tasks ahead of a free slot ($3) come only from what exceeds the slots of all live nodes.
-- Planning:
-- 12. The planner doesn't know parameters inside (SELECT ...). A plan made for their values would look cheaper and be
--     made again for each execution, which costs more (1 ms) than the execution.
-- 13. Ends and claims see one snapshot, in which a task is either held or waiting: no row is written twice.
-- 14. NOT IN excludes the statuses that aren't held, so that the planner uses the ids and not the index on the node, which
--     keeps an entry for every task that this node has ended since the last vacuum.
WITH f AS MATERIALIZED (
    SELECT * FROM unnest((SELECT $4::bigint[]), (SELECT $5::integer[]), (SELECT $6::text[]), (SELECT $7::text[]),
                         (SELECT $8::real[]), (SELECT $9::jsonb[])) AS f (id, epoch, status, error, progress, result)),
ended AS (
    UPDATE ffmate.tasks t
       SET status = f.status, phase = '',
           error = CASE f.status WHEN 'DONE_CANCELED' THEN coalesce(f.error, t.error) ELSE f.error END,
           desired = CASE t.desired WHEN 'delete' THEN t.desired ELSE 'run' END, progress = f.progress,
           result = ffmate.object_of(t.result) || f.result, publishing = NULL,
           version = t.version + 1, finished_at = clock_timestamp(), updated_at = clock_timestamp()
      FROM f
     WHERE t.id = f.id AND t.epoch = f.epoch AND t.node_id = $1
       AND t.status NOT IN ('QUEUED', 'DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED')
       AND (f.status <> 'DONE_CANCELED' OR t.desired IN ('cancel', 'delete')
            OR f.result ? 'skipped' AND (t.spec ? 'skipExisting' OR t.spec ->> 'ifExists' = 'skip'))
    RETURNING t.id, t.desired),
live AS MATERIALIZED (
    SELECT greatest(sum(slots), $2, 1) AS slots, count(*) * $3 AS ahead FROM ffmate.nodes
     WHERE state = 'online' AND lease_until > clock_timestamp() AND NOT paused),
waiting AS MATERIALIZED (
    SELECT w.id
      FROM ffmate.nodes p JOIN ffmate.requirement_sets r ON r.labels <@ p.labels
     CROSS JOIN LATERAL (  -- once a set, not once a task that was refused here
           SELECT ARRAY(SELECT o.id::text FROM ffmate.nodes o
                         WHERE o.state = 'online' AND o.lease_until > clock_timestamp() AND o.slots > 0
                           AND r.labels <@ o.labels) AS nodes
           OFFSET 0) AS able
     CROSS JOIN LATERAL (
           SELECT q.id, q.priority FROM ffmate.tasks q
            WHERE q.status = 'QUEUED' AND q.desired = 'run' AND q.requirement_set = r.id
              AND (q.not_before IS NULL OR q.not_before <= clock_timestamp())
              AND (NOT q.refused ? $1::bigint::text OR q.refused ?& able.nodes)
            ORDER BY q.priority DESC, q.id
            LIMIT (SELECT slots + ahead FROM live)) AS w
     WHERE p.id = $1 AND p.state = 'online' AND p.lease_until > clock_timestamp() AND NOT p.paused
       AND (SELECT $2 + $3) > 0
     ORDER BY w.priority DESC, w.id
     LIMIT (SELECT slots + ahead FROM live)),
claimed AS (
    UPDATE ffmate.tasks t
       SET status = 'RUNNING', phase = 'encode', node_id = $1, node_name = n.identifier, epoch = least(t.epoch, 2147483646) + 1,
           attempts = least(t.attempts + 1, 32767), version = t.version + 1, progress = 0, error = NULL, result = NULL,
           started_at = clock_timestamp(), updated_at = clock_timestamp(), finished_at = NULL
      FROM ffmate.nodes n
     WHERE n.id = $1
       AND t.id = ANY (ARRAY(
           SELECT q.id FROM ffmate.tasks q
            WHERE q.id = ANY (ARRAY(SELECT id FROM waiting)) AND q.status = 'QUEUED' AND q.desired = 'run'
            ORDER BY q.priority DESC, q.id
            LIMIT (SELECT least($2, ceil(least(w.found, live.slots) * greatest(p.slots, $2) / live.slots::float8))
                          + least($3, greatest(w.found - live.slots, 0))
                     FROM live, (SELECT count(*) AS found FROM waiting) AS w, ffmate.nodes p WHERE p.id = $1)
              FOR UPDATE OF q SKIP LOCKED))
    RETURNING t.id, t.uuid, t.epoch, t.priority, t.spec, t.name, t.attempts, t.publishing)
SELECT id, desired, NULL::uuid AS uuid, NULL::integer AS epoch, NULL::integer AS priority, NULL::jsonb AS spec,
       NULL::text AS name, NULL::smallint AS attempts, NULL::jsonb AS publishing
  FROM ended
UNION ALL
SELECT t.id, t.desired, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM ffmate.tasks t JOIN f ON t.id = f.id AND t.epoch = f.epoch AND t.status = f.status
 WHERE t.node_id = $1 AND (SELECT count(*) FROM ended) < (SELECT cardinality($4::bigint[]))
UNION ALL
SELECT id, NULL, uuid, epoch, priority, spec, name, attempts, publishing FROM claimed;

-- name: set_phase
-- Fenced and HOT. Entering 'publish' is the permission to move the outputs into place:
--  1. It also needs a valid lease, and a task that is to be cancelled or deleted is no longer published.
--  2. The publishing record ($6) is written with the permission: if the node dies between the move and its last write, a
--     successor finishes the move, and no second output is made.
--  3. So are the files ($7 to $9: path keys, microseconds, bytes), before they get their names: no scan of a watchfolder
--     can find an output that the cluster doesn't know as its own.
WITH allowed AS (
UPDATE ffmate.tasks t
   SET phase = $4::text, version = version + 1, updated_at = clock_timestamp(),
       result = ffmate.object_of(t.result) || $5::jsonb, publishing = coalesce($6::jsonb, t.publishing)
 WHERE t.id = $1 AND t.epoch = $2 AND t.node_id = $3
   AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
   AND ($4::text <> 'publish' OR (t.desired NOT IN ('cancel', 'delete') AND EXISTS (
       SELECT 1 FROM ffmate.nodes n
        WHERE n.id = $3 AND n.state IN ('online', 'draining') AND n.lease_until > clock_timestamp())))
RETURNING t.desired, t.uuid),
written AS (
    INSERT INTO ffmate.outputs (key, mtime, size, task)
    SELECT DISTINCT ON (md5(w.key)) md5(w.key)::uuid, w.mtime, w.size, a.uuid
      FROM allowed a, unnest($7::text[], $8::bigint[], $9::bigint[]) AS w (key, mtime, size)
    ON CONFLICT (key) DO UPDATE SET mtime = excluded.mtime, size = excluded.size, task = excluded.task,
        written_at = excluded.written_at)
SELECT desired FROM allowed;

-- name: set_output
-- Fenced. The final output path is known only on the node: it has a wildcard of the node, or its name was taken
-- meanwhile. The unique index tasks_output raises when another active task has that path.
UPDATE ffmate.tasks
   SET output_key = $4, version = version + 1, updated_at = clock_timestamp()
 WHERE id = $1 AND epoch = $2 AND node_id = $3 AND status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
RETURNING id;

-- name: adopt_tasks
-- A node that was declared lost, or whose claim a failover forgot, takes back what it still encodes, under a new epoch:
--  1. QUEUED under the row lock means that no other node runs the task.
--  2. An epoch more than one above the node's own ($3) means that the task was ended or restarted, and starts clean.
--  3. The loss that was counted is taken off again.
--  4. A task that still belongs to the node's dead incarnation ($4), because no sweep has run yet, is taken over as it is.
--  5. The uuid ($5) is compared because ids start again in a database that was emptied.
WITH held AS MATERIALIZED (
    SELECT * FROM unnest($2::bigint[], $3::integer[], $4::bigint[], $5::uuid[]) AS h (id, epoch, node_id, uuid)),
adopted AS (
    UPDATE ffmate.tasks t
       SET status = 'RUNNING', phase = 'encode', node_id = $1, node_name = n.identifier,
           epoch = greatest(t.epoch, h.epoch) + 1, losses = greatest(t.losses - (t.status = 'QUEUED')::integer, 0), not_before = NULL, error = NULL,
           history = CASE WHEN t.status = 'QUEUED' AND jsonb_typeof(t.history -> -1) = 'object'
                          THEN jsonb_set(t.history, '{-1,end}', '"taken_back"') ELSE t.history END,
           started_at = coalesce(t.started_at, clock_timestamp()), updated_at = clock_timestamp(),
           version = t.version + 1
      FROM held h, ffmate.nodes n
     WHERE t.id = h.id AND t.uuid = h.uuid AND t.desired NOT IN ('cancel', 'delete')
       AND (t.status = 'QUEUED' AND t.epoch <= h.epoch + 1
            OR t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING') AND t.epoch = h.epoch
               AND t.node_id = h.node_id AND NOT EXISTS (
                   SELECT 1 FROM ffmate.nodes o WHERE o.id = h.node_id AND o.state IN ('online', 'draining')))
       AND n.id = $1 AND n.state IN ('online', 'draining') AND n.lease_until > clock_timestamp()
    RETURNING t.id, t.uuid, t.epoch, t.desired),
kept AS (
    DELETE FROM ffmate.leftovers l USING adopted a WHERE l.task = a.uuid)
SELECT id, epoch, desired FROM adopted;

-- name: give_back
-- Fenced: a node that leaves in order returns its tasks to their old place in the queue.
--  1. The epoch grows, so that nothing the node still does for them counts.
--  2. A task that was to be cancelled or deleted ends as cancelled.
--  3. Ids ($2) and epochs ($3) name the claims, so that a late or repeated call never meets a newer claim of this node.
--     Without them, all claims of this incarnation are given back, which is for its last moment.
UPDATE ffmate.tasks t
   SET status = CASE WHEN t.desired IN ('cancel', 'delete') THEN 'DONE_CANCELED' ELSE 'QUEUED' END,
       phase = '', epoch = least(t.epoch, 2147483646) + 1, node_id = NULL, progress = 0, started_at = NULL,
       desired = CASE WHEN t.desired = 'cancel' THEN 'run' ELSE t.desired END,
       finished_at = CASE WHEN t.desired IN ('cancel', 'delete') THEN clock_timestamp() END,
       not_before = $4::timestamptz,
       history = ffmate.list_of(t.history) || jsonb_build_object('number', t.attempts, 'node', t.node_name,
           'started', CASE WHEN isfinite(t.started_at) THEN (extract(epoch FROM t.started_at) * 1000)::bigint END,
           'ended', (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
           'end', CASE WHEN t.desired IN ('cancel', 'delete') THEN 'cancelled' ELSE 'given_back' END),
       version = t.version + 1, updated_at = clock_timestamp()
 WHERE t.node_id = $1
   AND ($2::bigint[] IS NULL OR (t.id, t.epoch) IN (SELECT * FROM unnest($2::bigint[], $3::integer[])))
   AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
RETURNING t.id, t.desired;

-- name: refuse_task
-- Fenced: this node can't run the task ($4 says why) and leaves it to nodes that haven't tried it:
--  1. The task goes back into the queue with a higher epoch. At most $5 nodes try it.
--  2. If no other node is left, or the claim is lost, given is false and the caller ends the task, which is fenced too.
--  3. A repeated call after a lost reply gets the same answer: the refusal is stored under a newer epoch.
WITH given AS (
    UPDATE ffmate.tasks t
       SET status = 'QUEUED', phase = '', epoch = least(t.epoch, 2147483646) + 1, node_id = NULL, progress = 0, started_at = NULL,
           not_before = NULL, refused = ffmate.object_of(t.refused) || jsonb_build_object($3::bigint::text, jsonb_build_array(t.node_name, $4::text)),
           history = ffmate.list_of(t.history) || jsonb_build_object('number', t.attempts, 'node', t.node_name,
               'started', CASE WHEN isfinite(t.started_at) THEN (extract(epoch FROM t.started_at) * 1000)::bigint END,
               'ended', (extract(epoch FROM clock_timestamp()) * 1000)::bigint, 'end', 'refused', 'error', $4::text),
           version = t.version + 1, updated_at = clock_timestamp()
     WHERE t.id = $1 AND t.epoch = $2 AND t.node_id = $3
       AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING') AND t.desired NOT IN ('cancel', 'delete')
       AND (SELECT count(*) FROM jsonb_object_keys(ffmate.object_of(t.refused) - $3::bigint::text)) + 1 < $5::integer
       AND EXISTS (
           SELECT 1 FROM ffmate.nodes o JOIN ffmate.requirement_sets r ON r.labels <@ o.labels
            WHERE r.id = t.requirement_set AND o.id <> $3 AND o.state = 'online' AND o.slots > 0
              AND o.lease_until > clock_timestamp() AND NOT t.refused ? o.id::text)
    RETURNING t.id)
SELECT EXISTS (SELECT 1 FROM given) OR (t.epoch > $2 AND t.refused ? $3::bigint::text) AS given, t.node_name, t.refused
  FROM ffmate.tasks t WHERE t.id = $1;

-- name: delete_ended
-- Tasks that were deleted while they ran, after their claims were given back or swept: in the same transaction, with
-- their logs.
WITH gone AS (
    DELETE FROM ffmate.tasks
     WHERE id = ANY ($1::bigint[]) AND desired = 'delete'
       AND status NOT IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
    RETURNING id)
DELETE FROM ffmate.task_logs l USING gone WHERE l.task_id = gone.id;

-- name: delete_claimed
-- Fenced: a node has killed a task that was deleted while it ran, and now removes it with its log.
WITH gone AS (
    DELETE FROM ffmate.tasks
     WHERE id = $1 AND epoch = $2 AND node_id = $3 AND desired = 'delete'
    RETURNING id), logs AS (
    DELETE FROM ffmate.task_logs l USING gone WHERE l.task_id = gone.id)
SELECT id FROM gone;

-- name: append_log
-- Fenced: lines of a lost claim are refused. The epoch is part of the key, so even a late reply can't mix attempts.
INSERT INTO ffmate.task_logs (task_id, epoch, seq, lines)
SELECT t.id, t.epoch, $4, $5
  FROM ffmate.tasks t
 WHERE t.id = $1 AND t.epoch = $2 AND t.node_id = $3
ON CONFLICT DO NOTHING
RETURNING seq;

-- name: send_progress
-- Writes no row: a transaction that only notifies costs 14 µs, a row update 4 ms and 245 bytes of WAL.
SELECT pg_notify('ffmate', $1);
