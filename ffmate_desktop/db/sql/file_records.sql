-- File records. Every transaction that writes them begins with `step`, which holds the row of the folder until
-- the commit: nobody can claim the folder in between, and a scanner whose claim is lost writes nothing.

-- name: step
-- Fenced. The number of this step; renews the claim, too.
UPDATE ffmate.watchfolders SET ledger = ledger + 1, scan_until = clock_timestamp() + $4::interval
 WHERE id = $1 AND epoch = $2 AND scanner = $3 AND scan_until IS NOT NULL
RETURNING ledger;

-- name: read_since
-- What was written after a step; everything after -1. Read in pieces with a cursor.
SELECT id, path, size, mtime, inode, view, state, reason, gone_at IS NOT NULL AS gone
  FROM ffmate.watched_files WHERE folder = $1 AND ledger > $2;

-- fragment: record
SELECT f.id, f.path, f.size, f.mtime, f.inode, f.view, f.state, f.reason, f.checks, f.task, f.attempts,
       f.gone_at IS NOT NULL AS gone, f.quiet,
       extract(epoch FROM clock_timestamp() - f.checked_at)::float8 AS unchecked,
       extract(epoch FROM clock_timestamp() - f.since)::float8 AS unchanged
  FROM ffmate.watched_files f

-- name: records_by_path
{record} JOIN unnest($2::text[]) AS w (path) ON f.key = md5(w.path)::uuid WHERE f.folder = $1;

-- name: records_by_id
{record} WHERE f.folder = $1 AND f.id = ANY ($2::bigint[]);

-- name: all_records
-- For a dry run.
{record} JOIN ffmate.watchfolders w ON w.id = f.folder WHERE w.uuid = $1;

-- fragment: other_version
(excluded.size, excluded.mtime) <> (f.size, f.mtime)
         OR excluded.view = f.view AND f.view <= -3 AND excluded.inode <> f.inode

-- name: write_files
-- New rows, and those that changed. Another version of a file, or one that was skipped before, starts afresh; the clock
-- of its checks moves when one counted. Attempts are kept until there is another task: they tell that it had one.
-- Another inode is another version only where inodes last (domain/watch_version.py).
-- A file that grew within two minutes, by its own time, must then be quiet for half as long again: a recorder may write
-- with pauses that are longer than the checks.
INSERT INTO ffmate.watched_files AS f
       (folder, path, size, mtime, inode, view, state, reason, checks, task, attempts, ledger)
SELECT $1, r.path, r.size, r.mtime, r.inode, r.view, r.state, r.reason, r.checks, r.task, r.attempts, $3
  FROM jsonb_to_recordset($2::jsonb) AS r (path text, size bigint, mtime bigint, inode bigint, view bigint, state text,
       reason text, checks smallint, task uuid, attempts smallint)
 ORDER BY r.path
ON CONFLICT (folder, key) DO UPDATE
   SET size = excluded.size, mtime = excluded.mtime, inode = excluded.inode, view = excluded.view,
       state = excluded.state, reason = excluded.reason, checks = excluded.checks, task = excluded.task,
       attempts = CASE WHEN excluded.task IS NULL THEN f.attempts ELSE excluded.attempts END,
       ledger = excluded.ledger, gone_at = NULL, disposal = NULL,
       checked_at = CASE WHEN excluded.checks <> f.checks OR f.state = 'skipped' OR {other_version}
                         THEN clock_timestamp() ELSE f.checked_at END,
       since = CASE WHEN {other_version} THEN clock_timestamp() ELSE f.since END,
       quiet = CASE WHEN excluded.size > f.size AND excluded.inode = f.inode AND f.inode <> 0
                     AND excluded.mtime - f.mtime BETWEEN 0 AND 120000000
                    THEN greatest(f.quiet, (excluded.mtime - f.mtime) * 1.5 / 1e6)
                    WHEN {other_version} THEN 0 ELSE f.quiet END
RETURNING f.id, f.path;

-- name: tasks_of_versions
-- The statuses of these tasks, and the version of the input that each of them read, if it said so.
SELECT t.uuid, t.status, ffmate.bigint_of(t.result -> 'source' -> 'size') AS size,
       ffmate.bigint_of(t.result -> 'source' -> 'mtime') AS mtime
  FROM ffmate.tasks t WHERE t.uuid = ANY ($1::uuid[]);

-- name: records_of_versions
-- Rows with a task whose files had one of these times and sizes ($2 and $3), of files that may have been moved. Where
-- inodes last ($5 is such a view) with the same one ($4), of rows of this view; of others all, as numbers may be used again.
SELECT v.position, t.status, e.*
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) WITH ORDINALITY AS v (mtime, size, inode, position)
 CROSS JOIN LATERAL ({record} WHERE f.folder = $1 AND f.mtime = v.mtime AND f.size = v.size AND f.task IS NOT NULL
                                AND f.inode <> 0 AND (f.view <> $5 OR f.view > -3 OR f.inode = v.inode)) AS e
  LEFT JOIN ffmate.tasks t ON t.uuid = e.task
 ORDER BY v.position, e.gone, e.id;

-- name: cancel_replaced
-- In the transaction of a step: tasks ($1) of files that were replaced or moved, with the reasons ($2). As cancel_tasks,
-- but that people read why. A running task may finish before its node reads the order.
UPDATE ffmate.tasks t
   SET status = CASE t.status WHEN 'QUEUED' THEN 'DONE_CANCELED' ELSE t.status END,
       epoch = CASE t.status WHEN 'QUEUED' THEN t.epoch + 1 ELSE t.epoch END,
       finished_at = CASE t.status WHEN 'QUEUED' THEN clock_timestamp() END,
       desired = CASE WHEN t.status = 'QUEUED' THEN 'run' WHEN t.desired = 'delete' THEN t.desired ELSE 'cancel' END,
       error = c.reason, version = t.version + 1, updated_at = clock_timestamp()
  FROM unnest($1::uuid[], $2::text[]) AS c (uuid, reason)
 WHERE t.uuid = c.uuid AND t.status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')
RETURNING t.uuid;

-- name: drop_files
-- In the transaction of a step. A node that remembers such a row finds out when it misses the file.
DELETE FROM ffmate.watched_files WHERE folder = $1 AND id = ANY ($2::bigint[]) RETURNING id;

-- name: leave_paths
-- In the transaction of a step, before take_paths: no file has a path that ends with a slash, so none is taken.
UPDATE ffmate.watched_files SET path = path || '/' || id || '/' WHERE folder = $1 AND id = ANY ($2::bigint[]) RETURNING id;

-- name: take_paths
-- In the transaction of a step. $2: [{id, path, size, mtime, inode, view, gone}]. Every node reads the rows again.
UPDATE ffmate.watched_files f
   SET path = r.path, size = r.size, mtime = r.mtime, inode = r.inode, view = r.view, ledger = $3,
       gone_at = CASE WHEN r.gone THEN coalesce(f.gone_at, clock_timestamp()) END
  FROM jsonb_to_recordset($2::jsonb) AS r (id bigint, path text, size bigint, mtime bigint, inode bigint, view bigint, gone boolean)
 WHERE f.id = r.id AND f.folder = $1
RETURNING f.id;

-- name: mark_reappeared
-- Files that were gone and are there as they were; what became of them stands.
UPDATE ffmate.watched_files SET gone_at = NULL, ledger = $3 WHERE folder = $1 AND id = ANY ($2::bigint[]);

-- name: mark_gone
-- A file that had no task is forgotten later; one that comes back as it was is not taken twice.
UPDATE ffmate.watched_files SET gone_at = clock_timestamp(), ledger = $3
 WHERE folder = $1 AND id = ANY ($2::bigint[]) AND gone_at IS NULL;

-- name: delete_gone
-- Once there are many: those without a task after an hour, the others after $2. What a node knows of them it reads anew.
WITH old AS (
    SELECT f.id FROM ffmate.watched_files f
     WHERE f.folder = $1 AND f.disposal IS NULL
       AND f.gone_at < clock_timestamp() - CASE WHEN f.task IS NULL THEN interval '1 hour' ELSE $2::interval END),
gone AS (
    DELETE FROM ffmate.watched_files f USING old
     WHERE f.id = old.id AND (SELECT count(*) FROM old) >= $3 RETURNING f.id)
UPDATE ffmate.watchfolders SET ledger_from = ledger WHERE id = $1 AND EXISTS (SELECT 1 FROM gone) RETURNING id;

-- name: outputs_among
-- Which of these files ($1 path keys, $2 microseconds, $3 bytes) the cluster wrote: under this name, or anywhere. What is
-- published is written down before it has its name, so that no scan is too early.
SELECT c.position, o.task
  FROM unnest($1::text[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS c (key, mtime, size, position)
  JOIN ffmate.outputs o ON o.key = md5(c.key)::uuid
UNION
SELECT c.position, o.task
  FROM unnest($2, $3) WITH ORDINALITY AS c (mtime, size, position)
  JOIN ffmate.outputs o ON o.mtime = c.mtime AND o.size = c.size;

-- name: forget_outputs
-- At most $2 that were written longer ago than $1. A loop, of an output that becomes an input, goes round within days: an
-- output of last year that comes into a watchfolder is encoded once more, and then its own output is known. Several
-- nodes at once: each skips what another is just removing.
DELETE FROM ffmate.outputs
 WHERE key = ANY (ARRAY(SELECT key FROM ffmate.outputs WHERE written_at < clock_timestamp() - $1::interval
                         LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING true AS gone;

-- name: ended_files
-- Files whose tasks have ended since $2, and a minute before, and are not settled like that: also after a restart. By
-- the index of ends, so that a long queue costs nothing.
SELECT f.id, f.path, f.size, f.mtime, f.inode, f.view, f.attempts, f.task, t.status, f.gone_at IS NOT NULL AS gone,
       split_part(coalesce(t.error, ''), E'\n', 1) AS error,
       CASE t.status WHEN 'DONE_ERROR' THEN t.result -> 'changed' ->> 'how' END AS changed,
       t.spec ->> 'input' AS input,
       coalesce(t.result -> 'first' ->> 'path', t.result ->> 'output') AS output,
       coalesce(ffmate.bigint_of(t.result -> 'first' -> 'size'), ffmate.bigint_of(t.result -> 'size')) AS output_size
  FROM unnest(ARRAY['DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED'], ARRAY['done', 'failed', 'skipped'])
       AS ends (status, state)
  JOIN ffmate.tasks t ON t.status = ends.status AND t.finished_at IS NOT NULL
                     AND t.finished_at > $2::timestamptz - interval '1 minute'
  JOIN ffmate.watched_files f ON f.task = t.uuid AND f.folder = $1 AND f.state <> ends.state
 LIMIT $3;

-- name: update_files
-- In the transaction of a step. $2: [{id, state, reason, attempts, disposal}]. A file that grows is checked from the
-- beginning, and gets a new task: the old one says what it came to.
UPDATE ffmate.watched_files f
   SET state = r.state, reason = r.reason, attempts = r.attempts, disposal = r.disposal, ledger = $3,
       task = CASE r.state WHEN 'growing' THEN NULL ELSE f.task END,
       checks = CASE r.state WHEN 'growing' THEN 0 ELSE f.checks END,
       checked_at = CASE r.state WHEN 'growing' THEN clock_timestamp() ELSE f.checked_at END,
       since = CASE r.state WHEN 'growing' THEN clock_timestamp() ELSE f.since END,
       gone_at = CASE WHEN r.gone THEN coalesce(f.gone_at, clock_timestamp()) ELSE f.gone_at END
  FROM jsonb_to_recordset($2::jsonb) AS r (id bigint, state text, reason text, attempts smallint, disposal jsonb, gone boolean)
 WHERE f.id = r.id AND f.folder = $1;

-- name: insert_moved_originals
-- In the transaction of a step, after update_files. Where originals were moved to is not scanned, but may be one day,
-- when the folder for originals is another: then they are no new files, and what became of them stands. Without an
-- inode, as a move between disks changes it. They count as gone until a scan sees them.
INSERT INTO ffmate.watched_files AS f
       (folder, path, size, mtime, inode, view, state, reason, checks, task, attempts, ledger, gone_at)
SELECT DISTINCT ON (r.moved_to) o.folder, r.moved_to, o.size, o.mtime, 0, 0, o.state, 'An original that was moved here.',
       o.checks, o.task, o.attempts, $3, clock_timestamp()
  FROM jsonb_to_recordset($2::jsonb) AS r (id bigint, moved_to text)
  JOIN ffmate.watched_files o ON o.id = r.id AND o.folder = $1
 WHERE r.moved_to <> ''
 ORDER BY r.moved_to
ON CONFLICT (folder, key) DO UPDATE
   SET size = excluded.size, mtime = excluded.mtime, inode = 0, view = 0, state = excluded.state,
       reason = excluded.reason, checks = excluded.checks, task = excluded.task, attempts = excluded.attempts,
       ledger = excluded.ledger, gone_at = excluded.gone_at, disposal = NULL;

-- name: pending_originals
-- Originals that are still to be moved, or were being moved when a node died; last those that could not be, lately. What
-- only a newer release can do is left to its nodes.
SELECT f.id, f.path, f.size, f.mtime, f.inode, f.view, f.state, f.attempts, f.task, f.disposal
  FROM ffmate.watched_files f
 WHERE f.folder = $1 AND f.disposal IS NOT NULL AND f.disposal ->> 'action' IN ('move', 'trash')
 ORDER BY coalesce(ffmate.bigint_of(f.disposal -> 'tried'), 0), f.id LIMIT $2;

-- name: inputs_in_use
-- Which of these inputs a task that is not done still needs: of another watchfolder, or of a person. A status of a newer
-- release counts as not done.
SELECT DISTINCT t.spec ->> 'input' AS path FROM ffmate.tasks t
 WHERE t.status = ANY (ARRAY['QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING'] || (SELECT ffmate.statuses_but(
           ARRAY['QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING', 'DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED'])))
   AND t.status NOT LIKE 'DONE%' AND t.spec ->> 'input' = ANY ($1::text[]);
