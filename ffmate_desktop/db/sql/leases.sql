-- Leases: which nodes are alive. Only the database's clock counts. It is read with clock_timestamp(), because now()
-- stands still within a transaction, and a node's own clock may be hours off.

-- name: take_session_lock
-- Held as long as the control connection lives. A free lock suggests that the process is gone; the lease decides.
SELECT pg_try_advisory_lock($1) AS taken;

-- name: lock_identifier
-- Starts under the same identifier are checked one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('ffmate identifier ' || $1, 0));

-- name: holder_of_identifier
-- The live row of this identifier, and whether its session lock is free. The try-lock ends with this transaction.
SELECT n.id, n.host, n.machine, n.pid,
       extract(epoch FROM n.lease_until - clock_timestamp())::float8 AS lease_left,
       extract(epoch FROM clock_timestamp() - n.beat_at)::float8 AS beat_age,
       extract(epoch FROM n.heartbeat)::float8 AS heartbeat,
       pg_try_advisory_xact_lock(n.id) AS lock_free
  FROM ffmate.nodes n
 WHERE n.identifier = $1 AND n.state IN ('online', 'draining')
   FOR UPDATE;

-- name: join_node
INSERT INTO ffmate.nodes (id, session, identifier, heartbeat, lease_until, machine, pid, host, os, arch, program,
                          program_schema, ffmpeg, ffmpeg_version, cores, slots, labels, paused, encode_priority)
VALUES ($1, $2, $3, $4::interval, clock_timestamp() + $5::interval, $6, $7, $8, $9, $10, $11,
        $12, $13, $14, $15, $16, $17, $18, $19)
RETURNING (SELECT cluster FROM ffmate.meta);

-- name: beat
-- One round trip, twelve times a minute. No trigger fires for these columns, so it notifies no one.
-- 1. It renews the lease and stores the progress for viewers that connect later.
-- 2. It returns what the database says: which tasks belong to this node (`mine`), their desired state, and whether work
--    waits that it could do. That makes up for any lost notification, and makes polling unnecessary.
-- 3. state is NULL when this incarnation was declared dead: the node then owns nothing.
-- 4. due: seconds until a busy node, the next one in the ring of ids, may be dead, first because it missed a beat and
--    later because its lease expired. A node that beats again at that moment finds out without delay. As every node
--    watches one other, that costs at most one extra beat for each beat of the other, and nothing while no task runs.
-- 5. gap: seconds since the previous beat, which this statement's snapshot still has. A gap longer than planned means
--    that the node or the server slept, or that the server's clock was changed. Then the leases of all other nodes look
--    expired, too.
-- 6. shortest: the heartbeat of the node that would be declared dead soonest.
WITH me AS (
    UPDATE ffmate.nodes
       SET beat_at = clock_timestamp(), lease_until = clock_timestamp() + $2::interval, progress = $3::jsonb,
           cpu = coalesce($4, cpu), memory = coalesce($5, memory)
     WHERE id = $1 AND state IN ('online', 'draining')
    RETURNING state, labels, slots, paused, beat_at)
SELECT (SELECT state FROM me) AS state, (SELECT beat_at FROM me) AS at,
       (SELECT extract(epoch FROM me.beat_at - n.beat_at)::float8 FROM ffmate.nodes n, me WHERE n.id = $1) AS gap,
       (SELECT extract(epoch FROM min(n.heartbeat))::float8 FROM ffmate.nodes n
         WHERE n.state IN ('online', 'draining')) AS shortest,
       (SELECT slots FROM me) AS slots, (SELECT paused FROM me) AS paused,
       EXISTS (SELECT 1 FROM ffmate.tasks q WHERE q.status = 'QUEUED' AND q.desired = 'run'
                  AND (q.not_before IS NULL OR q.not_before <= clock_timestamp())
                  AND q.requirement_set = ANY (ARRAY(
                      SELECT r.id FROM ffmate.requirement_sets r, me WHERE r.labels <@ me.labels))) AS work,
       coalesce((SELECT jsonb_agg(jsonb_build_array(t.id, t.epoch, t.desired)) FROM ffmate.tasks t
                  WHERE t.node_id = $1 AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')),
                '[]'::jsonb) AS mine,
       EXISTS (SELECT 1 FROM ffmate.nodes n WHERE n.id <> $1 AND n.state IN ('online', 'draining')
                  AND n.beat_at + n.heartbeat * 1.2 < clock_timestamp()) AS late,
       EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
                  AND NOT EXISTS (SELECT 1 FROM ffmate.nodes n
                                   WHERE n.id = t.node_id AND n.state IN ('online', 'draining'))) AS stray,
       EXISTS (SELECT 1 FROM ffmate.leftovers) AS leftovers,
       (SELECT extract(epoch FROM CASE WHEN n.beat_at + n.heartbeat * 1.2 > clock_timestamp()
                                       THEN n.beat_at + n.heartbeat * 1.2 ELSE n.lease_until END
                                  - clock_timestamp())::float8
          FROM ffmate.nodes n
         WHERE n.id <> $1 AND n.state IN ('online', 'draining')
           AND EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.node_id = n.id
                          AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING'))
         ORDER BY n.id < $1, n.id LIMIT 1) AS due;

-- name: declare_late_nodes_dead
-- Any live node may run this on behalf of its newest beat ($2).
-- 1. That beat must be recent, as recent as the other node's beats must be. A node that slept sees expired leases
--    everywhere, and so does a node whose server slept.
-- 2. Everything is compared with the same point in time, so a node never finds itself late.
-- 3. A node is dead when its lease expired, or when it missed a beat and its session lock is free.
-- 4. The try-lock is held until commit, so that the node cannot take the lock back in the meantime.
-- 5. Rows locked by another sweeper are skipped: it does the same work.
WITH me AS MATERIALIZED (
    SELECT beat_at, clock_timestamp() AS now FROM ffmate.nodes
     WHERE id = $1 AND state IN ('online', 'draining') AND beat_at = $2),
late AS MATERIALIZED (
    SELECT n.id, n.lease_until, me.now FROM ffmate.nodes n, me
     WHERE n.state IN ('online', 'draining')
       AND (n.lease_until < me.now OR n.beat_at + n.heartbeat * 1.2 < me.now)
       AND me.beat_at + n.heartbeat * 1.2 > me.now
       FOR UPDATE OF n SKIP LOCKED)
UPDATE ffmate.nodes n
   SET state = 'dead', ended_at = clock_timestamp(), progress = '[]', version = n.version + 1
  FROM late
 WHERE n.id = late.id AND (late.lease_until < late.now OR pg_try_advisory_xact_lock(late.id))
RETURNING n.id, n.identifier;

-- name: declare_node_dead
-- The previous incarnation of a node that starts again under its identifier. Runs in the transaction that registers the
-- new one, after the session lock was found free.
UPDATE ffmate.nodes
   SET state = 'dead', ended_at = clock_timestamp(), progress = '[]', version = version + 1
 WHERE id = $1 AND state IN ('online', 'draining')
RETURNING id, identifier;

-- name: requeue_strays
-- Requeue tasks that no live node owns, with a higher epoch.
-- 1. "Without a live owner" instead of "of a node that was just declared dead": this also covers tasks of a node whose
--    row was deleted long ago.
-- 2. Tasks are found by the incarnation that held them in this snapshot ("node_id = ANY"). If another session has
--    requeued and re-claimed one in the meantime, the re-check after the row lock finds another incarnation and leaves
--    the task alone.
-- 3. The folders of its temporary files are recorded, in case no node runs the task again.
WITH owners AS MATERIALIZED (
    SELECT DISTINCT t.node_id AS id FROM ffmate.tasks t
     WHERE t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
       AND NOT EXISTS (SELECT 1 FROM ffmate.nodes n WHERE n.id = t.node_id AND n.state IN ('online', 'draining'))),
moved AS (
UPDATE ffmate.tasks t
   SET status = CASE WHEN t.desired IN ('cancel', 'delete') THEN 'DONE_CANCELED'
                     WHEN t.losses + 1 >= $1 THEN 'DONE_ERROR' ELSE 'QUEUED' END,
       error = CASE WHEN t.desired NOT IN ('cancel', 'delete') AND t.losses + 1 >= $1
                    THEN format('%s nodes were lost while they worked on this task; the last one was %s.',
                                t.losses + 1, t.node_name) END,
       desired = CASE WHEN t.desired = 'cancel' THEN 'run' ELSE t.desired END,
       finished_at = CASE WHEN t.desired IN ('cancel', 'delete') OR t.losses + 1 >= $1 THEN clock_timestamp() END,
       not_before = clock_timestamp() + t.losses * interval '5 seconds',
       history = ffmate.list_of(t.history) || jsonb_build_object('number', t.attempts, 'node', t.node_name,
           'started', CASE WHEN isfinite(t.started_at) THEN (extract(epoch FROM t.started_at) * 1000)::bigint END,
           'ended', (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
           'end', 'node_lost'),
       losses = least(t.losses + 1, 32767), epoch = least(t.epoch, 2147483646) + 1, phase = '', node_id = NULL, progress = 0,
       version = t.version + 1, updated_at = clock_timestamp()
 WHERE t.node_id = ANY (ARRAY(SELECT id FROM owners))
   AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
RETURNING t.id, t.uuid, t.status, t.node_name, t.desired, t.epoch, t.result, t.spec),
kept AS (
    INSERT INTO ffmate.leftovers (task, epoch, machine, folders)
    SELECT m.uuid, m.epoch - 1,
           (SELECT n.machine FROM ffmate.nodes n WHERE n.identifier = m.node_name ORDER BY n.joined_at DESC LIMIT 1),
           coalesce(m.result -> 'folders',
                    jsonb_build_array(CASE WHEN m.spec ->> 'output' ~ '^([A-Za-z]:)?[/\\][^/\\]*$'  -- the root keeps its slash
                        THEN regexp_replace(m.spec ->> 'output', '[^/\\]*$', '')
                        ELSE regexp_replace(m.spec ->> 'output', '[/\\][^/\\]*$', '') END))
      FROM moved m WHERE m.result ? 'folders' OR m.spec ->> 'output' IS NOT NULL
    ON CONFLICT DO NOTHING)
SELECT id, uuid, status, node_name, desired FROM moved;

-- name: leftovers_of_ended
-- Temporary files may be removed when their task is gone or done. Then no node can adopt it, publish for it, or run it.
SELECT l.task, l.epoch, l.machine, l.folders FROM ffmate.leftovers l
 WHERE NOT EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.uuid = l.task
                      AND t.status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING'));

-- name: forget_leftovers
-- Removed, or so old that the disk they were on will not come back. Repeating this changes nothing.
DELETE FROM ffmate.leftovers
 WHERE task = ANY ($1::uuid[]) OR at < clock_timestamp() - interval '30 days'
RETURNING task;

-- name: leave
-- A regular end: nothing runs on this node anymore.
UPDATE ffmate.nodes
   SET state = 'left', ended_at = clock_timestamp(), progress = '[]', lease_until = clock_timestamp(),
       version = version + 1
 WHERE id = $1 AND state IN ('online', 'draining')
RETURNING id;

-- name: forget_nodes
-- Nodes that ended are kept for the history of tasks, but not forever.
DELETE FROM ffmate.nodes WHERE state IN ('left', 'dead') AND ended_at < clock_timestamp() - $1::interval
RETURNING id;
