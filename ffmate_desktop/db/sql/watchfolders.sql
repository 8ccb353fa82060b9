-- Watchfolders and their files as people set and see them. scans.sql has the claims, file_records.sql what scans write.

-- fragment: folder
SELECT w.uuid, w.version, w.name, w.suspended, w.spec, w.error, w.scanned_by, w.result,
       (SELECT o.identifier FROM ffmate.nodes o WHERE o.id = w.scanner AND o.state IN ('online', 'draining')
           AND w.scan_until > clock_timestamp()) AS scanning_by,
       CASE WHEN isfinite(w.error_at) THEN (extract(epoch FROM w.error_at) * 1000)::bigint END AS error_at,
       CASE WHEN isfinite(w.due_at) THEN extract(epoch FROM clock_timestamp() - w.due_at) ELSE 0 END::float8 AS overdue,
       CASE WHEN isfinite(w.scanned_at) THEN (extract(epoch FROM w.scanned_at) * 1000)::bigint END AS scanned_at,
       CASE WHEN isfinite(w.due_at) THEN (extract(epoch FROM w.due_at) * 1000)::bigint END AS due_at,
       CASE WHEN isfinite(w.created_at) THEN (extract(epoch FROM w.created_at) * 1000)::bigint ELSE 0 END AS created_at,
       CASE WHEN isfinite(w.updated_at) THEN (extract(epoch FROM w.updated_at) * 1000)::bigint ELSE 0 END AS updated_at
  FROM ffmate.watchfolders w

-- name: list_watchfolders
{folder} ORDER BY lower(w.name), w.id;

-- name: get_watchfolder
{folder} WHERE w.uuid = $1;

-- name: insert_watchfolder
-- Due at once; a trigger notifies every node.
INSERT INTO ffmate.watchfolders (uuid, name, suspended, seconds, labels, spec) VALUES ($1, $2, $3, $4, $5, $6::jsonb)
RETURNING uuid;

-- name: update_watchfolder
-- 1. Only if the version is still $7, or any (NULL): of two editors, the second gets an error.
-- 2. A scan in progress loses its claim, because it uses the old settings; each of its steps was complete.
-- 3. The folder is due at once, for every node.
-- 4. Fields of a newer release stay: only the fields that this release knows ($8) are replaced.
UPDATE ffmate.watchfolders
   SET name = $2, suspended = $3, seconds = $4, labels = $5, spec = (ffmate.object_of(spec) - $8::text[]) || $6::jsonb, version = version + 1,
       epoch = epoch + 1, scan_until = NULL, due_at = clock_timestamp(), unreachable = '{}', error = NULL,
       ledger = ledger + 1, ledger_from = ledger + 1, updated_at = clock_timestamp()
 WHERE uuid = $1 AND ($7::bigint IS NULL OR version = $7)
RETURNING uuid;

-- name: suspend_watchfolder
-- Suspends ($2) or resumes. A scan in progress loses its claim. Resuming accepts the folder as it is then, even if it
-- is empty, so the stored roots are dropped.
UPDATE ffmate.watchfolders
   SET suspended = $2, version = version + 1, epoch = epoch + 1, scan_until = NULL, due_at = clock_timestamp(),
       spec = CASE jsonb_typeof(spec) WHEN 'object' THEN jsonb_set(spec, '{suspended}', to_jsonb($2::boolean)) ELSE spec END, unreachable = '{}', error = NULL,
       roots = CASE WHEN $2 THEN roots ELSE '{"*": true}' END, updated_at = clock_timestamp()
 WHERE uuid = $1
RETURNING uuid;

-- name: count_pending_originals
-- How many originals are still to be moved, now or when their tasks end.
SELECT count(*) AS files FROM ffmate.watched_files f JOIN ffmate.watchfolders w ON w.id = f.folder
 WHERE w.uuid = $1 AND (f.disposal IS NOT NULL OR f.state = 'queued') AND f.gone_at IS NULL;

-- name: delete_watchfolder
-- Deletes its file records too; tasks stay. A scan in progress loses its claim.
DELETE FROM ffmate.watchfolders WHERE uuid = $1 RETURNING uuid;

-- name: ask_for_scan
-- Due at once, also for nodes that couldn't reach it. Repeating it changes nothing.
UPDATE ffmate.watchfolders
   SET asked_at = clock_timestamp(), due_at = least(due_at, clock_timestamp()), unreachable = '{}'
 WHERE uuid = $1 AND NOT suspended
RETURNING uuid;

-- name: queue_again
-- Lets the next scan queue files ($2) again whose tasks failed or were cancelled, and then deleted.
-- 1. They look complete and without a task, except that attempts shows that their lock file is ours.
-- 2. It is a step, like those of scans, so that every node reads the change; it waits for a step in progress.
-- 3. Repeating it changes nothing.
WITH folder AS (
    UPDATE ffmate.watchfolders
       SET ledger = ledger + 1, asked_at = clock_timestamp(), due_at = least(due_at, clock_timestamp()), unreachable = '{}'
     WHERE uuid = $1 RETURNING id, ledger)
UPDATE ffmate.watched_files f
   SET state = 'waiting', reason = 'Waiting to be queued again.', task = NULL, disposal = NULL, ledger = folder.ledger
  FROM folder
 WHERE f.folder = folder.id AND f.id = ANY ($2::bigint[]) AND f.state IN ('failed', 'skipped') AND f.gone_at IS NULL
   AND f.task IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.uuid = f.task)
RETURNING f.id;

-- fragment: state
CASE WHEN t.status IS NULL THEN f.state
     WHEN t.status = 'QUEUED' THEN 'queued'
     WHEN t.status = 'DONE_SUCCESSFUL' THEN 'done'
     WHEN t.status = 'DONE_ERROR' THEN 'failed'
     WHEN t.status = 'DONE_CANCELED' THEN 'skipped'
     WHEN t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING') THEN 'running'
     ELSE t.status END

-- fragment: file
SELECT f.id, f.path, f.size, f.mtime / 1000 AS modified_at, f.attempts, f.task, f.gone_at IS NOT NULL AS gone,
       CASE WHEN isfinite(f.first_seen_at) THEN (extract(epoch FROM f.first_seen_at) * 1000)::bigint ELSE 0 END AS first_seen_at, t.progress, t.id AS task_id,
       {state} AS state,
       CASE WHEN f.reason <> '' THEN f.reason
            WHEN t.status = 'DONE_ERROR' THEN split_part(coalesce(t.error, ''), E'\n', 1)
            WHEN t.status = 'DONE_CANCELED' THEN 'Its task was cancelled.'
            ELSE '' END AS reason
  FROM ffmate.watched_files f LEFT JOIN ffmate.tasks t ON t.uuid = f.task

-- fragment: is_listed
(f.gone_at IS NULL OR (f.task IS NOT NULL AND (f.view, f.inode) <> (0, 0)))

-- name: list_files
-- Most recently found first, a page at a time by id. NULL means "any"; $4 is a part of the path.
-- 1. The task's status overrides the record's state, also after a restart of the task.
-- 2. Files that are gone are listed if they had a task, but not at the path where originals were moved; all with $5.
SELECT * FROM ({file}
         WHERE f.folder = (SELECT id FROM ffmate.watchfolders WHERE uuid = $1)
           AND f.id < coalesce($3::bigint, 9223372036854775807) AND ($4::text IS NULL OR f.path ILIKE $4)
           AND ($5::boolean OR {is_listed})) AS file
 WHERE $2::text[] IS NULL OR file.state = ANY ($2)
 ORDER BY file.id DESC LIMIT $6;

-- name: file_anchors
-- The id of every $5-th file of the same list, so that reading the page between two of them is a seek.
WITH numbered AS (
    SELECT f.id, row_number() OVER (ORDER BY f.id DESC) AS position
      FROM ffmate.watched_files f LEFT JOIN ffmate.tasks t ON t.uuid = f.task
     WHERE f.folder = (SELECT id FROM ffmate.watchfolders WHERE uuid = $1)
       AND ($3::text IS NULL OR f.path ILIKE $3) AND ($4::boolean OR {is_listed})
       AND ($2::text[] IS NULL OR ({state}) = ANY ($2)))
SELECT id FROM numbered WHERE (position - 1) % $5::bigint = 0 ORDER BY position;

-- name: count_files
-- How many files are in each state, of one folder ($1) or of each (NULL), as list_files lists them. $2: part of the path.
-- Counts records by state, without joining their tasks; then corrects the counts by tasks that aren't finished or have
-- ended since the last scan: only these can differ from their records.
WITH deviating_tasks AS (
    SELECT t.uuid, t.status FROM ffmate.tasks t
     WHERE t.source = 'watchfolder' AND t.status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
    UNION ALL
    SELECT t.uuid, t.status FROM ffmate.tasks t
     WHERE t.source = 'watchfolder' AND t.status IN ('DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED')
       AND t.finished_at > (
           SELECT min(w.settled_at) - interval '1 minute' FROM ffmate.watchfolders w
            WHERE ($1::uuid IS NULL OR w.uuid = $1)
              AND EXISTS (SELECT 1 FROM ffmate.watched_files f WHERE f.folder = w.id))),
deviating AS (
    SELECT f.folder, f.state AS recorded, {state} AS state, count(*) AS files
      FROM deviating_tasks t JOIN ffmate.watched_files f ON f.task = t.uuid
     WHERE ($1::uuid IS NULL OR f.folder = (SELECT id FROM ffmate.watchfolders WHERE uuid = $1))
       AND {is_listed} AND ($2::text IS NULL OR f.path ILIKE $2) AND f.state <> {state}
     GROUP BY 1, 2, 3),
counted AS (
    SELECT f.folder, f.state::text, count(*) AS files FROM ffmate.watched_files f
     WHERE ($1::uuid IS NULL OR f.folder = (SELECT id FROM ffmate.watchfolders WHERE uuid = $1))
       AND {is_listed} AND ($2::text IS NULL OR f.path ILIKE $2)
     GROUP BY 1, 2
    UNION ALL SELECT folder, state, files FROM deviating
    UNION ALL SELECT folder, recorded, -files FROM deviating)
SELECT w.uuid, c.state, sum(c.files)::bigint AS files
  FROM counted c JOIN ffmate.watchfolders w ON w.id = c.folder
 GROUP BY 1, 2 HAVING sum(c.files) > 0;
