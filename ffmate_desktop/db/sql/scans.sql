-- Which node scans a watchfolder, and when, by the database's clock. A claim is (id, epoch, incarnation), like that of a
-- task: a write matches no row once another node has claimed the folder, or its settings were changed.

-- name: next_scan
-- Seconds until a folder that this node may scan is due, or the claim on it expires; NULL if there is none.
-- 1. Only reads: most nodes find that another one was faster.
-- 2. A folder that this node couldn't reach is left to the others for one interval only: they may be gone by then.
SELECT min(extract(epoch FROM greatest(w.due_at + CASE WHEN w.unreachable ? $1::bigint::text THEN w.seconds ELSE 0 END
                                                  * interval '1 second',
                                       CASE WHEN o.id IS NOT NULL THEN w.scan_until ELSE w.due_at END)
                              - clock_timestamp()))::float8 AS seconds
  FROM ffmate.watchfolders w
  JOIN ffmate.nodes n ON n.id = $1 AND n.state = 'online' AND w.labels <@ n.labels
  LEFT JOIN ffmate.nodes o ON o.id = w.scanner AND o.state IN ('online', 'draining')
 WHERE NOT w.suspended;

-- name: claim_scan
-- Claims the folder that is overdue longest, or one with file events ($2).
-- 1. The row lock is taken before the update, and locked rows are skipped: exactly one of many nodes gets the folder.
-- 2. The next scan is due an interval from now whatever happens to this one: a node that dies costs one interval.
-- 3. A node that lately couldn't reach a folder ($3) leaves it to the others for a second; one that couldn't since the
--    folder's last scan, for an interval.
-- 4. A claim expires unless renewed, and ends when its node dies.
UPDATE ffmate.watchfolders w
   SET epoch = w.epoch + 1, scanner = $1, due_at = clock_timestamp() + w.seconds * interval '1 second',
       scan_until = clock_timestamp() + $4::interval
  FROM ffmate.nodes me
 WHERE me.id = $1 AND w.id = ANY (ARRAY(
       SELECT q.id FROM ffmate.watchfolders q
         JOIN ffmate.nodes n ON n.id = $1 AND n.state = 'online' AND NOT n.paused AND n.lease_until > clock_timestamp()
                            AND q.labels <@ n.labels
        WHERE NOT q.suspended
          AND (NOT q.unreachable ? $1::bigint::text OR q.due_at <= clock_timestamp() - q.seconds * interval '1 second')
          AND (q.due_at <= clock_timestamp() OR q.id = ANY ($2::bigint[]))
          AND NOT (q.id = ANY ($3::bigint[]) AND q.due_at > clock_timestamp() - interval '1 second')
          AND (q.scan_until IS NULL OR q.scan_until < clock_timestamp() OR NOT EXISTS (
               SELECT 1 FROM ffmate.nodes o WHERE o.id = q.scanner AND o.state IN ('online', 'draining')))
        ORDER BY q.due_at, q.id LIMIT 1
          FOR UPDATE OF q SKIP LOCKED))
RETURNING w.id, w.uuid, w.epoch, w.version, w.name, w.spec, w.roots, w.ledger, w.ledger_from, w.settled_at,
          clock_timestamp() AS started_at, me.identifier, me.machine,
          ARRAY(SELECT o.identifier FROM ffmate.nodes o WHERE w.unreachable ? o.id::text) AS unreachable;

-- name: renew_scan
-- Fenced; during a scan.
UPDATE ffmate.watchfolders SET scan_until = clock_timestamp() + $4::interval
 WHERE id = $1 AND epoch = $2 AND scanner = $3 AND scan_until IS NOT NULL
RETURNING id;

-- name: end_scan
-- Fenced. Repeating it changes nothing.
-- 1. $7: the root and mounts that this machine saw, if files were seen in the folder.
-- 2. The next scan is due as before, or sooner if a file is worth another look ($8), but not before a pause as long as
--    this scan took ($9).
UPDATE ffmate.watchfolders
   SET scan_until = NULL, scanned_at = clock_timestamp(), scanned_by = $4, result = $5::jsonb, error = $6,
       error_at = CASE WHEN error IS NULL THEN clock_timestamp() ELSE coalesce(error_at, clock_timestamp()) END,
       roots = CASE WHEN $7::jsonb IS NULL THEN roots ELSE ffmate.object_of(roots) - '*' || $7 END, unreachable = '{}',
       due_at = greatest(least(due_at, clock_timestamp() + $8::interval), clock_timestamp() + $9::interval),
       settled_at = coalesce($10, settled_at)
 WHERE id = $1 AND epoch = $2 AND scanner = $3 AND scan_until IS NOT NULL
RETURNING id;

-- name: report_unreachable
-- Fenced: this node can't reach the folder ($4 says why).
-- 1. While live nodes with its labels haven't tried since the last scan, the folder is due for them at once.
-- 2. If there is none, or none came before this node tried a second time, people see the error instead of the last
--    scan's result, and all nodes try again at the next interval.
WITH others AS (
    SELECT NOT w.unreachable ? $3::bigint::text AND EXISTS (SELECT 1 FROM ffmate.nodes o
                    WHERE o.id <> $3 AND o.state = 'online' AND NOT o.paused AND o.lease_until > clock_timestamp()
                      AND w.labels <@ o.labels AND NOT w.unreachable ? o.id::text) AS left_over
      FROM ffmate.watchfolders w WHERE w.id = $1)
UPDATE ffmate.watchfolders w
   SET scan_until = NULL,
       unreachable = CASE WHEN left_over THEN ffmate.object_of(w.unreachable) || jsonb_build_object($3::bigint::text, $4::text) ELSE '{}' END,
       asked_at = CASE WHEN left_over THEN clock_timestamp() ELSE w.asked_at END,
       due_at = CASE WHEN left_over THEN clock_timestamp() ELSE w.due_at END,
       error = CASE WHEN left_over THEN w.error ELSE $4 END,
       error_at = CASE WHEN w.error IS NULL THEN clock_timestamp() ELSE coalesce(w.error_at, clock_timestamp()) END,
       result = CASE WHEN left_over THEN w.result END,
       scanned_at = CASE WHEN left_over THEN w.scanned_at ELSE clock_timestamp() END,
       scanned_by = CASE WHEN left_over THEN w.scanned_by ELSE $5 END
  FROM others
 WHERE w.id = $1 AND w.epoch = $2 AND w.scanner = $3 AND w.scan_until IS NOT NULL
RETURNING left_over;

-- name: observed_folders
-- The folders whose file events this node observes, if they are on local disks.
SELECT id, spec ->> 'path' AS path FROM ffmate.watchfolders w
 WHERE NOT suspended AND EXISTS (SELECT 1 FROM ffmate.nodes n WHERE n.id = $1 AND w.labels <@ n.labels);
