-- Who scans a watchfolder, and when. A claim is (id, epoch, incarnation), like that of a task: what a scanner writes
-- matches no row once somebody else has claimed the folder, or people have changed it. All by the database's clock.

-- name: next_scan
-- Seconds until some folder that this node may scan is due, or its scanner has been silent for too long; NULL: none.
-- A node that reads this does not write; most find that another was faster. A folder that this node could not reach is
-- left to the others for an interval only: they may be gone before they try.
SELECT min(extract(epoch FROM greatest(w.due_at + CASE WHEN w.unreachable ? $1::bigint::text THEN w.seconds ELSE 0 END
                                                  * interval '1 second',
                                       CASE WHEN o.id IS NOT NULL THEN w.scan_until ELSE w.due_at END)
                              - clock_timestamp()))::float8 AS seconds
  FROM ffmate.watchfolders w
  JOIN ffmate.nodes n ON n.id = $1 AND n.state = 'online' AND w.labels <@ n.labels
  LEFT JOIN ffmate.nodes o ON o.id = w.scanner AND o.state IN ('online', 'draining')
 WHERE NOT w.suspended;

-- name: claim_scan
-- The folder that has waited longest, or one in which something is known to have happened ($2). The row lock is taken
-- before the update and locked rows are skipped, so that of any number of nodes one gets it. The next scan is due an
-- interval from now, whatever becomes of this one: a scanner that dies costs one interval. Nodes that could not reach
-- a folder lately ($3) leave it to the others for a second, and those that could not since its last scan for an interval.
-- A claim that nobody renews ends by itself; that of a dead node ends with it.
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
-- Fenced; while a scan goes on.
UPDATE ffmate.watchfolders SET scan_until = clock_timestamp() + $4::interval
 WHERE id = $1 AND epoch = $2 AND scanner = $3 AND scan_until IS NOT NULL
RETURNING id;

-- name: end_scan
-- Fenced. Files were seen in this folder from here ($7: machine, root and mounts in it). The next one is due as it was, or sooner when
-- a file wants a look ($8), but not before a slow scan has rested ($9). Repeating it changes nothing.
UPDATE ffmate.watchfolders
   SET scan_until = NULL, scanned_at = clock_timestamp(), scanned_by = $4, result = $5::jsonb, error = $6,
       error_at = CASE WHEN error IS NULL THEN clock_timestamp() ELSE coalesce(error_at, clock_timestamp()) END,
       roots = CASE WHEN $7::jsonb IS NULL THEN roots ELSE ffmate.object_of(roots) - '*' || $7 END, unreachable = '{}',
       due_at = greatest(least(due_at, clock_timestamp() + $8::interval), clock_timestamp() + $9::interval),
       settled_at = coalesce($10, settled_at)
 WHERE id = $1 AND epoch = $2 AND scanner = $3 AND scan_until IS NOT NULL
RETURNING id;

-- name: leave_scan
-- Fenced: this node cannot reach the folder ($4 says why). As long as there are live nodes with its labels that have not
-- tried since the last scan, it is due for them at once. When nobody is left, or nobody came until this node tried a second
-- time, that is what people see, instead of what the last scan found, and at the next interval everybody tries again.
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

-- name: watch_list
-- What nodes listen to on local disks.
SELECT id, spec ->> 'path' AS path FROM ffmate.watchfolders w
 WHERE NOT suspended AND EXISTS (SELECT 1 FROM ffmate.nodes n WHERE n.id = $1 AND w.labels <@ n.labels);
