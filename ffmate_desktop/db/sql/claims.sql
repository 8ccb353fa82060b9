-- Claims: who works on a task. Every write after the claim names (id, epoch, node) and matches nothing when the
-- claim was lost; the caller then kills its ffmpeg and publishes nothing.

-- name: finish_and_claim
-- What a node ended and what it wants next, in one statement and one commit; either may be nothing.
-- Ends ($4 to $9: row k of the arrays ends task k) are fenced. Those that came to pass are returned with what is wanted
-- of the task; the claims of all others were lost, or the task was to end as cancelled and nobody wants that:
-- neither a command nor a submitter who skips existing outputs. Safe to repeat when the reply was lost: what this incarnation ended
-- under this epoch is returned again. Of everything that was wanted only 'delete' outlives the end: delete_claimed
-- follows.
-- Claims: ARRAY(subselect) is an InitPlan: it runs once in every plan, so LIMIT and SKIP LOCKED mean what they say.
-- Two nodes never get one task: the row lock is taken before the update, and locked rows are skipped.
-- Only a node whose lease is good is given anything, by the database's clock, and none that is paused.
-- A long queue fills all free slots ($2) at once; of a short one every live node takes its share, so that three files
-- do not crowd one computer while another idles. Looked up are as many tasks as all live nodes have slots, and would take
-- ahead if they are like us, so that what others are just locking always leaves ours; for each set of labels that fits,
-- which is a walk down the index.
-- What this node has refused is for others, as long as there are any that have not (refuse_task).
-- Tasks ahead of a free slot ($3) are given only of what is more than all live nodes have slots for.
-- Parameters inside (SELECT ...) are unknown to the planner: a plan made for their values would look cheaper, and be made
-- anew for each execution, which costs more than the execution itself (1 ms).
-- Ends and claims see one snapshot, in which a task is held or waits: no row is written twice.
-- What holds a task is said by what does not (NOT IN): so nobody takes the index on the node, which keeps an entry of all
-- that this node has ended since the last vacuum, instead of the ids.
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
-- Fenced and HOT. Entering 'publish' is the permission to move the output into place: it also needs a good lease,
-- and a task that somebody wants cancelled is not published any more. What is published ($6) is written down with the
-- permission: a successor finishes it, so that a node that dies between the move and its last write makes no second
-- output. So are the files ($7 to $9: path keys, microseconds, bytes), before they have their names: no scan of a
-- watchfolder can find one that is not known to be ours.
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
-- Fenced. The final output path was found on the node (a wildcard that only the node knows, a name that was taken
-- meanwhile); the unique index tasks_output raises when another active task has it.
UPDATE ffmate.tasks
   SET output_key = $4, version = version + 1, updated_at = clock_timestamp()
 WHERE id = $1 AND epoch = $2 AND node_id = $3 AND status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
RETURNING id;

-- name: adopt_tasks
-- A node that was taken for dead, or whose claim a failover forgot, takes back what it still encodes, under a new epoch.
-- QUEUED under the row lock means that nobody runs it. An epoch more than one above the node's own ($3) means that
-- it was ended or restarted since, which starts clean. The loss that was counted was none. What still stands under the
-- node's dead incarnation ($4), because nobody has swept yet, is taken over as it is. The uuid ($5) is compared because
-- ids begin again in a database that was emptied.
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
-- Fenced: a node that leaves in order puts its tasks back at their old place in the queue. The epoch grows, so that
-- nothing the node still does for them counts. A task that was to be cancelled ends so. Named by ids ($2) and epochs
-- ($3), so that one that comes late, or twice because its reply was lost, never meets a newer claim of the same node;
-- without them: all that this incarnation has, which is for its last moment.
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
-- Fenced: this node cannot run the task ($4 says why), which goes back into the queue for those that have not tried,
-- with a higher epoch. At most $5 nodes try. Nobody else there, or a claim that is lost: given is false, and the caller
-- ends the task, which the fence decides. Asked again when the reply was lost, it answers as it did: the refusal stands
-- under an epoch that is not ours any more.
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
-- What somebody deleted while it ran, after its claim was given back or swept: in the same transaction, with its log.
WITH gone AS (
    DELETE FROM ffmate.tasks
     WHERE id = ANY ($1::bigint[]) AND desired = 'delete'
       AND status NOT IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
    RETURNING id)
DELETE FROM ffmate.task_logs l USING gone WHERE l.task_id = gone.id;

-- name: delete_claimed
-- Fenced: the owner of a task that somebody deleted while it ran has killed it and now removes it with its log.
WITH gone AS (
    DELETE FROM ffmate.tasks
     WHERE id = $1 AND epoch = $2 AND node_id = $3 AND desired = 'delete'
    RETURNING id), logs AS (
    DELETE FROM ffmate.task_logs l USING gone WHERE l.task_id = gone.id)
SELECT id FROM gone;

-- name: append_log
-- Fenced: lines of a lost claim are refused. The epoch is part of the key, so even a late reply cannot mix attempts.
INSERT INTO ffmate.task_logs (task_id, epoch, seq, lines)
SELECT t.id, t.epoch, $4, $5
  FROM ffmate.tasks t
 WHERE t.id = $1 AND t.epoch = $2 AND t.node_id = $3
ON CONFLICT DO NOTHING
RETURNING seq;

-- name: send_progress
-- No row is written: a transaction that only notifies costs 14 µs where a row update costs 4 ms and 245 bytes of WAL.
SELECT pg_notify('ffmate', $1);
