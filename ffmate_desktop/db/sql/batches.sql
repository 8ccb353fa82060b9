-- Batches as a whole. A batch is finished when its last task has ended. That is recorded exactly once, whichever node
-- or user ended that task.

-- name: lock_batches
-- First step of finishing: lock open batches whose tasks have all ended. $1: tasks that have just ended; NULL: any
-- batch.
-- 1. All callers lock in the same order, so two of them wait for each other instead of deadlocking.
-- 2. A caller that waited finds what the other one did.
SELECT b.uuid FROM ffmate.batches b
 WHERE b.finished_at IS NULL
   AND ($1::uuid[] IS NULL OR b.uuid IN (SELECT t.batch FROM ffmate.tasks t WHERE t.uuid = ANY ($1)))
   AND NOT EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.batch = b.uuid
                      AND t.status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING'))
 ORDER BY b.uuid LIMIT 500 FOR UPDATE;

-- name: finish_batches
-- Second step, in the same transaction. A trigger notifies all listeners.
-- 1. It is a statement of its own because its snapshot must be younger than the lock: it sees every end and every
--    restart that was committed before.
-- 2. When the last two tasks end on two nodes, both nodes come here. The row lock lets one write, and the other finds
--    finished_at set.
UPDATE ffmate.batches b SET finished_at = clock_timestamp()
 WHERE b.uuid = ANY ($1::uuid[]) AND b.finished_at IS NULL
   AND EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.batch = b.uuid)
   AND NOT EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.batch = b.uuid
                      AND t.status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING'))
RETURNING b.uuid;

-- name: delete_empty
-- All tasks of these batches were deleted: there is nothing to finish.
DELETE FROM ffmate.batches b
 WHERE b.uuid = ANY ($1::uuid[]) AND NOT EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.batch = b.uuid);

-- name: lock_batches_of
-- Lock the batches of tasks that are about to be restarted, so that finishing them waits until the restart is
-- committed.
SELECT b.uuid FROM ffmate.batches b
 WHERE b.uuid IN (SELECT t.batch FROM ffmate.tasks t WHERE t.uuid = ANY ($1::uuid[]))
 ORDER BY b.uuid FOR UPDATE;

-- name: reopen_batches
-- After these tasks were restarted, under that lock: their batches can be finished again.
UPDATE ffmate.batches b SET finished_at = NULL
 WHERE b.finished_at IS NOT NULL AND b.uuid IN (SELECT t.batch FROM ffmate.tasks t WHERE t.uuid = ANY ($1::uuid[]));

-- name: tasks_of_batch
SELECT uuid FROM ffmate.tasks WHERE batch = $1 ORDER BY id;

-- name: get_batch
SELECT uuid, created_at, finished_at FROM ffmate.batches WHERE uuid = $1;

-- name: batches_between
SELECT uuid FROM ffmate.batches WHERE uuid BETWEEN $1 AND $2 ORDER BY uuid LIMIT 2;

-- name: work_left
-- What a batch still has to do, in seconds of one slot, and how many slots the cluster has. Each queued task counts
-- with the average time of the batch's successful tasks; without one, `queued` is NULL.
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
