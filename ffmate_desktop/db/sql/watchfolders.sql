-- Watchfolders as people set them and see them. Who scans stands in scans.sql, what scans write in file_records.sql.

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
-- Due at once; the trigger wakes every node.
INSERT INTO ffmate.watchfolders (uuid, name, suspended, seconds, labels, spec) VALUES ($1, $2, $3, $4, $5, $6::jsonb)
RETURNING uuid;

-- name: update_watchfolder
-- By whoever saw version $7, or any (NULL): of two editors the second is told. A scan under way loses its claim by the
-- epoch, as it works with the old settings; it has written whole files only. It is due at once, for every node. What
-- a newer program added stays: only what this one knows ($8) is replaced.
UPDATE ffmate.watchfolders
   SET name = $2, suspended = $3, seconds = $4, labels = $5, spec = (ffmate.object_of(spec) - $8::text[]) || $6::jsonb, version = version + 1,
       epoch = epoch + 1, scan_until = NULL, due_at = clock_timestamp(), unreachable = '{}', error = NULL,
       ledger = ledger + 1, ledger_from = ledger + 1, updated_at = clock_timestamp()
 WHERE uuid = $1 AND ($7::bigint IS NULL OR version = $7)
RETURNING uuid;

-- name: suspend_watchfolder
-- Suspended ($2) or not. A scan under way loses its claim. Who resumes vouches for the folder: whatever is there then
-- is what is meant, also when it is empty, so that the remembered roots are forgotten.
UPDATE ffmate.watchfolders
   SET suspended = $2, version = version + 1, epoch = epoch + 1, scan_until = NULL, due_at = clock_timestamp(),
       spec = CASE jsonb_typeof(spec) WHEN 'object' THEN jsonb_set(spec, '{suspended}', to_jsonb($2::boolean)) ELSE spec END, unreachable = '{}', error = NULL,
       roots = CASE WHEN $2 THEN roots ELSE '{"*": true}' END, updated_at = clock_timestamp()
 WHERE uuid = $1
RETURNING uuid;

-- name: pending_originals
-- Files of a watchfolder whose original may still have to be moved: now, or when their task has ended.
SELECT count(*) AS files FROM ffmate.watched_files f JOIN ffmate.watchfolders w ON w.id = f.folder
 WHERE w.uuid = $1 AND (f.disposal IS NOT NULL OR f.state = 'queued') AND f.gone_at IS NULL;

-- name: delete_watchfolder
-- With its file records; tasks stay. A scan under way finds no claim any more.
DELETE FROM ffmate.watchfolders WHERE uuid = $1 RETURNING uuid;

-- name: ask_for_scan
-- Due at once, for whichever node is first; those who could not reach it try again. Repeating it changes nothing.
UPDATE ffmate.watchfolders
   SET asked_at = clock_timestamp(), due_at = least(due_at, clock_timestamp()), unreachable = '{}'
 WHERE uuid = $1 AND NOT suspended
RETURNING uuid;

-- name: queue_again
-- Files ($2) whose tasks ended without success and were deleted: as if they were complete and had none, but that their
-- attempts tell that a lock beside them is ours. A step of the file records, as a scan writes it, so that every node hears of
-- it; waits for one that is being written. Repeating it changes nothing.
WITH folder AS (
    UPDATE ffmate.watchfolders
       SET ledger = ledger + 1, asked_at = clock_timestamp(), due_at = least(due_at, clock_timestamp()), unreachable = '{}'
     WHERE uuid = $1 RETURNING id, ledger)
UPDATE ffmate.watched_files f
   SET state = 'waiting', reason = 'It is tried again.', task = NULL, disposal = NULL, ledger = folder.ledger
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

-- fragment: remembered
(f.gone_at IS NULL OR (f.task IS NOT NULL AND (f.view, f.inode) <> (0, 0)))

-- name: list_files
-- The latest found first, a page at a time by id; a task tells its own state, also after a restart. NULL means "any".
-- $4: part of the path. Files that are gone are shown when they had a task, but not under the name that they were moved
-- to; $5: all that are known.
SELECT * FROM ({file}
         WHERE f.folder = (SELECT id FROM ffmate.watchfolders WHERE uuid = $1)
           AND f.id < coalesce($3::bigint, 9223372036854775807) AND ($4::text IS NULL OR f.path ILIKE $4)
           AND ($5::boolean OR {remembered})) AS file
 WHERE $2::text[] IS NULL OR file.state = ANY ($2)
 ORDER BY file.id DESC LIMIT $6;

-- name: file_anchors
-- The id of every $5-th file of the same view, so that the page between two of them is a seek.
WITH numbered AS (
    SELECT f.id, row_number() OVER (ORDER BY f.id DESC) AS position
      FROM ffmate.watched_files f LEFT JOIN ffmate.tasks t ON t.uuid = f.task
     WHERE f.folder = (SELECT id FROM ffmate.watchfolders WHERE uuid = $1)
       AND ($3::text IS NULL OR f.path ILIKE $3) AND ($4::boolean OR {remembered})
       AND ($2::text[] IS NULL OR ({state}) = ANY ($2)))
SELECT id FROM numbered WHERE (position - 1) % $5::bigint = 0 ORDER BY position;

-- name: count_files
-- How many files are in each state, of one folder ($1) or of all (NULL), as they are listed. $2: part of the path. The
-- file records are counted without its tasks; only tasks that are not done, or ended since the last scan, say something else.
WITH told AS (
    SELECT t.uuid, t.status FROM ffmate.tasks t
     WHERE t.source = 'watchfolder' AND t.status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
    UNION ALL
    SELECT t.uuid, t.status FROM ffmate.tasks t
     WHERE t.source = 'watchfolder' AND t.status IN ('DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED')
       AND t.finished_at > (
           SELECT min(w.settled_at) - interval '1 minute' FROM ffmate.watchfolders w
            WHERE ($1::uuid IS NULL OR w.uuid = $1)
              AND EXISTS (SELECT 1 FROM ffmate.watched_files f WHERE f.folder = w.id))),
news AS (
    SELECT f.folder, f.state AS noted, {state} AS state, count(*) AS files
      FROM told t JOIN ffmate.watched_files f ON f.task = t.uuid
     WHERE ($1::uuid IS NULL OR f.folder = (SELECT id FROM ffmate.watchfolders WHERE uuid = $1))
       AND {remembered} AND ($2::text IS NULL OR f.path ILIKE $2) AND f.state <> {state}
     GROUP BY 1, 2, 3),
counted AS (
    SELECT f.folder, f.state::text, count(*) AS files FROM ffmate.watched_files f
     WHERE ($1::uuid IS NULL OR f.folder = (SELECT id FROM ffmate.watchfolders WHERE uuid = $1))
       AND {remembered} AND ($2::text IS NULL OR f.path ILIKE $2)
     GROUP BY 1, 2
    UNION ALL SELECT folder, state, files FROM news
    UNION ALL SELECT folder, noted, -files FROM news)
SELECT w.uuid, c.state, sum(c.files)::bigint AS files
  FROM counted c JOIN ffmate.watchfolders w ON w.id = c.folder
 GROUP BY 1, 2 HAVING sum(c.files) > 0;
