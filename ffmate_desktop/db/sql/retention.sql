-- Removes old records, and tells nodes which log files to remove from their own disks.

-- name: deleted_since
-- The tasks that were deleted since the cursor ($1), and the next cursor.
-- 1. The cursor is the oldest transaction that could still commit, so a deletion that commits after a later one is read
--    next time. Some deletions are read twice.
-- 2. A dump that was restored on another server brings the old server's numbers. Numbers that this server has not
--    reached yet are left out, or every reading would find them again.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS cursor,
       ARRAY(SELECT d.task FROM ffmate.deleted_tasks d
              WHERE d.xact >= $1::bigint::text::xid8
                AND d.xact < pg_snapshot_xmax(pg_current_snapshot())) AS tasks,
       extract(epoch FROM clock_timestamp())::float8 AS now;

-- name: deleted_among
-- Which of these tasks were deleted. A task that this database never had is not one of them.
SELECT d.task FROM ffmate.deleted_tasks d WHERE d.task = ANY ($1::uuid[]);

-- name: forget_deleted
-- At most $2 at once. Two nodes may do this at the same time: each skips the rows that the other removes.
DELETE FROM ffmate.deleted_tasks
 WHERE task = ANY (ARRAY(SELECT task FROM ffmate.deleted_tasks WHERE at < clock_timestamp() - $1::interval
                          LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING true AS gone;

-- name: oldest_kept
-- The first finished task to remove, as (finished_at, id): the newest one that is older than $1, or that is beyond the
-- newest $2 (NULL: no limit). Each branch walks an index backwards and stops.
WITH ends AS (SELECT unnest(ARRAY['DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED']) AS status)
SELECT c.finished_at, c.id FROM (
    SELECT o.finished_at, o.id FROM ends CROSS JOIN LATERAL (
        SELECT t.finished_at, t.id FROM ffmate.tasks t
         WHERE t.status = ends.status AND t.finished_at < clock_timestamp() - $1::interval
         ORDER BY t.finished_at DESC, t.id DESC LIMIT 1) AS o
    UNION ALL
    (SELECT n.finished_at, n.id FROM ends CROSS JOIN LATERAL (
        SELECT t.finished_at, t.id FROM ffmate.tasks t
         WHERE t.status = ends.status AND t.finished_at IS NOT NULL AND $2::bigint IS NOT NULL
         ORDER BY t.finished_at DESC, t.id DESC LIMIT $2 + 1) AS n
      ORDER BY n.finished_at DESC, n.id DESC OFFSET $2 LIMIT CASE WHEN $2 IS NULL THEN 0 ELSE 1 END)) AS c
 ORDER BY c.finished_at DESC, c.id DESC LIMIT 1;

-- name: remove_finished
-- At most $3 finished tasks, up to the one that `oldest_kept` found ($1, $2).
-- 1. Tasks of an unfinished batch are kept, so that its counts stay right.
-- 2. The row lock and the second check of the status protect a task that a user restarts.
-- 3. Rows that another node removes are skipped.
WITH old AS (
    SELECT t.id FROM ffmate.tasks t
     WHERE t.status = ANY ('{DONE_SUCCESSFUL,DONE_ERROR,DONE_CANCELED}'::text[])
       AND t.finished_at IS NOT NULL AND (t.finished_at, t.id) <= ($1::timestamptz, $2::bigint)
       AND NOT EXISTS (SELECT 1 FROM ffmate.batches b WHERE b.uuid = t.batch AND b.finished_at IS NULL)
     LIMIT $3
       FOR UPDATE OF t SKIP LOCKED),
gone AS (
    DELETE FROM ffmate.tasks t USING old
     WHERE t.id = old.id AND t.status NOT IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
    RETURNING t.id),
logs AS (
    DELETE FROM ffmate.task_logs l USING gone WHERE l.task_id = gone.id)
SELECT id FROM gone;

-- name: remove_empty_batches
-- Batches whose tasks are all gone. A batch and its tasks are inserted in one transaction, so a batch without tasks has
-- lost them.
DELETE FROM ffmate.batches b WHERE NOT EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.batch = b.uuid);

-- name: sizes
SELECT (SELECT count(*) FROM ffmate.tasks WHERE finished_at IS NOT NULL
           AND status IN ('DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED')) AS finished,
       pg_database_size(current_database()) AS bytes;
