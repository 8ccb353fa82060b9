-- File records: one row per file of a watchfolder. They are written in numbered steps.
-- 1. Every transaction that writes records starts with `step`, which locks the watchfolder's row until the commit.
-- 2. So no node can claim the folder in between, and a node that has lost its claim writes nothing.

-- name: step
-- Fenced. Returns the number of this step, and renews the claim.
UPDATE ffmate.watchfolders SET ledger = ledger + 1, scan_until = clock_timestamp() + $4::interval
 WHERE id = $1 AND epoch = $2 AND scanner = $3 AND scan_until IS NOT NULL
RETURNING ledger;

-- name: read_since
-- The records written after step $2; all of them after -1. Read in pieces with a cursor.
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
-- Inserts new records and updates changed ones.
-- 1. Another version of a file, or one that was skipped before, starts its checks from the beginning. Otherwise
--    checked_at moves only when a check counted.
-- 2. attempts stays until there is another task: it shows that the file has had one.
-- 3. Another inode means another version only where inodes last (domain/watch_version.py).
-- 4. A file that grew after a pause of up to two minutes, by its own time, must then stay unchanged for 1.5 times that
--    long: a recorder may pause for longer than the checks take.
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
-- The statuses of these tasks, and the version of the input that each one read, if known.
SELECT t.uuid, t.status, ffmate.bigint_of(t.result -> 'source' -> 'size') AS size,
       ffmate.bigint_of(t.result -> 'source' -> 'mtime') AS mtime
  FROM ffmate.tasks t WHERE t.uuid = ANY ($1::uuid[]);

-- name: records_of_versions
-- Records with a task whose files may have been moved: same time and size ($2, $3). Records of the view $5, if inodes
-- last there, must also have the inode $4; elsewhere any inode will do, because numbers may be used again.
SELECT v.position, t.status, e.*
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) WITH ORDINALITY AS v (mtime, size, inode, position)
 CROSS JOIN LATERAL ({record} WHERE f.folder = $1 AND f.mtime = v.mtime AND f.size = v.size AND f.task IS NOT NULL
                                AND f.inode <> 0 AND (f.view <> $5 OR f.view > -3 OR f.inode = v.inode)) AS e
  LEFT JOIN ffmate.tasks t ON t.uuid = e.task
 ORDER BY v.position, e.gone, e.id;

-- name: cancel_replaced
-- In the transaction of a step: cancels tasks ($1) of files that were replaced or moved, and stores the reasons ($2).
-- Like cancel_tasks otherwise. A running task may finish before its node reads the request.
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
-- In the transaction of a step. Nodes that have cached such a record notice when the file is missing.
DELETE FROM ffmate.watched_files WHERE folder = $1 AND id = ANY ($2::bigint[]) RETURNING id;

-- name: clear_paths
-- In the transaction of a step, before set_paths, to free the paths: no file has a path that ends with a slash.
UPDATE ffmate.watched_files SET path = path || '/' || id || '/' WHERE folder = $1 AND id = ANY ($2::bigint[]) RETURNING id;

-- name: set_paths
-- In the transaction of a step. $2: [{id, path, size, mtime, inode, view, gone}]. Every node reads these records again.
UPDATE ffmate.watched_files f
   SET path = r.path, size = r.size, mtime = r.mtime, inode = r.inode, view = r.view, ledger = $3,
       gone_at = CASE WHEN r.gone THEN coalesce(f.gone_at, clock_timestamp()) END
  FROM jsonb_to_recordset($2::jsonb) AS r (id bigint, path text, size bigint, mtime bigint, inode bigint, view bigint, gone boolean)
 WHERE f.id = r.id AND f.folder = $1
RETURNING f.id;

-- name: mark_reappeared
-- Files that were gone and are back unchanged; their states stand.
UPDATE ffmate.watched_files SET gone_at = NULL, ledger = $3 WHERE folder = $1 AND id = ANY ($2::bigint[]);

-- name: mark_gone
-- The record stays for a while, so that a file that comes back unchanged isn't queued again.
UPDATE ffmate.watched_files SET gone_at = clock_timestamp(), ledger = $3
 WHERE folder = $1 AND id = ANY ($2::bigint[]) AND gone_at IS NULL;

-- name: delete_gone
-- Deletes records of files that are gone, without a task after an hour, otherwise after $2; only if there are at least
-- $3, because every node then reads all records again.
WITH old AS (
    SELECT f.id FROM ffmate.watched_files f
     WHERE f.folder = $1 AND f.disposal IS NULL
       AND f.gone_at < clock_timestamp() - CASE WHEN f.task IS NULL THEN interval '1 hour' ELSE $2::interval END),
gone AS (
    DELETE FROM ffmate.watched_files f USING old
     WHERE f.id = old.id AND (SELECT count(*) FROM old) >= $3 RETURNING f.id)
UPDATE ffmate.watchfolders SET ledger_from = ledger WHERE id = $1 AND EXISTS (SELECT 1 FROM gone) RETURNING id;

-- name: outputs_among
-- Which of these files ($1 path keys, $2 microseconds, $3 bytes) the cluster wrote, at this path or anywhere. Outputs are
-- recorded before they get their names, so a scan can't be too early.
SELECT c.position, o.task
  FROM unnest($1::text[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS c (key, mtime, size, position)
  JOIN ffmate.outputs o ON o.key = md5(c.key)::uuid
UNION
SELECT c.position, o.task
  FROM unnest($2, $3) WITH ORDINALITY AS c (mtime, size, position)
  JOIN ffmate.outputs o ON o.mtime = c.mtime AND o.size = c.size;

-- name: forget_outputs
-- Deletes at most $2 that were written longer ago than $1.
-- 1. They prevent loops in which an output becomes an input, and a loop takes days at most. An output of last year that
--    is put into a watchfolder is encoded once, and then its own output is known.
-- 2. Several nodes may delete at once: each skips rows that another one has locked.
DELETE FROM ffmate.outputs
 WHERE key = ANY (ARRAY(SELECT key FROM ffmate.outputs WHERE written_at < clock_timestamp() - $1::interval
                         LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING true AS gone;

-- name: ended_files
-- Files whose tasks have ended since a minute before $2 and whose records have another state, also after a restart of
-- the task. Uses the index of ends, so that a long queue costs nothing.
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
-- In the transaction of a step. $2: [{id, state, reason, attempts, disposal, gone}]. A file that is growing starts its
-- checks from the beginning and gets a new task; the old task keeps its result.
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
-- In the transaction of a step, after update_files. The folder for originals isn't scanned, but may be later, when the
-- setting changes: then these files aren't new.
-- 1. Without an inode: a move between disks changes it.
-- 2. They count as gone until a scan sees them.
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
-- Originals that are still to be moved, or were being moved when a node died; those that failed lately come last.
-- Actions of a newer release are left to its nodes.
SELECT f.id, f.path, f.size, f.mtime, f.inode, f.view, f.state, f.attempts, f.task, f.disposal
  FROM ffmate.watched_files f
 WHERE f.folder = $1 AND f.disposal IS NOT NULL AND f.disposal ->> 'action' IN ('move', 'trash')
 ORDER BY coalesce(ffmate.bigint_of(f.disposal -> 'tried'), 0), f.id LIMIT $2;

-- name: inputs_in_use
-- Which of these inputs an unfinished task still needs. A status of a newer release counts as unfinished.
SELECT DISTINCT t.spec ->> 'input' AS path FROM ffmate.tasks t
 WHERE t.status = ANY (ARRAY['QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING'] || (SELECT ffmate.statuses_but(
           ARRAY['QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING', 'DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED'])))
   AND t.status NOT LIKE 'DONE%' AND t.spec ->> 'input' = ANY ($1::text[]);
