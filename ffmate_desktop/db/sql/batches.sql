-- Batches as a whole. A batch is finished once its last task has ended: said exactly once, whoever ended that task.

-- name: lock_batches
-- First of the two steps of finishing. $1: tasks that have just ended; NULL: any batch that is open. Locked in one order,
-- so that two who do this at once wait for each other instead of deadlocking; whoever waited finds what the other did.
SELECT b.uuid FROM ffmate.batches b
 WHERE b.finished_at IS NULL
   AND ($1::uuid[] IS NULL OR b.uuid IN (SELECT t.batch FROM ffmate.tasks t WHERE t.uuid = ANY ($1)))
   AND NOT EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.batch = b.uuid
                      AND t.status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING'))
 ORDER BY b.uuid LIMIT 500 FOR UPDATE;

-- name: finish_batches
-- The second step is a statement of its own, in the same transaction: its snapshot is younger than the lock, and sees
-- every end and every restart that was committed before. After the ends of the last two tasks, on two nodes, both come
-- here; the row lock lets one of them write, and the other finds finished_at set. A trigger tells everybody.
UPDATE ffmate.batches b SET finished_at = clock_timestamp()
 WHERE b.uuid = ANY ($1::uuid[]) AND b.finished_at IS NULL
   AND EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.batch = b.uuid)
   AND NOT EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.batch = b.uuid
                      AND t.status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING'))
RETURNING b.uuid;

-- name: delete_empty
-- All of its tasks were deleted: there is nothing to finish.
DELETE FROM ffmate.batches b
 WHERE b.uuid = ANY ($1::uuid[]) AND NOT EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.batch = b.uuid);

-- name: lock_batches_of
-- The batches of these tasks, before some of them are restarted: whoever finishes batches waits until that is committed.
SELECT b.uuid FROM ffmate.batches b
 WHERE b.uuid IN (SELECT t.batch FROM ffmate.tasks t WHERE t.uuid = ANY ($1::uuid[]))
 ORDER BY b.uuid FOR UPDATE;

-- name: reopen_batches
-- After these tasks were restarted, under that lock: their batches will be finished once more.
UPDATE ffmate.batches b SET finished_at = NULL
 WHERE b.finished_at IS NOT NULL AND b.uuid IN (SELECT t.batch FROM ffmate.tasks t WHERE t.uuid = ANY ($1::uuid[]));

-- name: tasks_of_batch
SELECT uuid FROM ffmate.tasks WHERE batch = $1 ORDER BY id;

-- name: get_batch
SELECT uuid, created_at, finished_at FROM ffmate.batches WHERE uuid = $1;

-- name: batches_between
SELECT uuid FROM ffmate.batches WHERE uuid BETWEEN $1 AND $2 ORDER BY uuid LIMIT 2;

-- name: work_left
-- What a batch still has to do, in seconds of one slot, and how many slots the cluster has for it. Queued tasks count as
-- what its ended ones took on average; without one of those nobody can say.
WITH mine AS MATERIALIZED (
    SELECT t.id, t.epoch, t.status, t.node_id, t.started_at, t.finished_at FROM ffmate.tasks t WHERE t.batch = $1),
live AS MATERIALIZED (
    SELECT m.id, ffmate.float_of(p.live -> 3) AS remaining
      FROM mine m JOIN ffmate.nodes n ON n.id = m.node_id
     CROSS JOIN LATERAL jsonb_array_elements(ffmate.list_of(n.progress)) AS p (live)
     WHERE m.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
       AND p.live ->> 0 = m.id::text AND p.live ->> 1 = m.epoch::text)
SELECT coalesce((SELECT sum(remaining) FROM live), 0)::float8 AS running,
       coalesce((SELECT max(remaining) FROM live), 0)::float8 AS longest,
       CASE WHEN NOT EXISTS (SELECT 1 FROM mine WHERE status = 'QUEUED') THEN 0
            ELSE (SELECT count(*) FROM mine WHERE status = 'QUEUED')
                 * (SELECT extract(epoch FROM avg(finished_at - started_at)) FROM mine
                     WHERE status = 'DONE_SUCCESSFUL' AND isfinite(finished_at) AND isfinite(started_at)) END::float8 AS queued,
       (SELECT coalesce(sum(n.slots), 0) FROM ffmate.nodes n
         WHERE n.state = 'online' AND n.lease_until > clock_timestamp() AND NOT n.paused) AS slots;
