-- Scripts before and after an encode. They act on the world outside the database, so each is asked for first.

-- name: enter_stage
-- Fenced, and the permission to run the script of that stage, or to encode after it ($4, $5: status and phase): like the
-- permission to publish it needs the claim, a good lease, and nobody who wants the task cancelled. $6 is added to the
-- result; $7 to what a successor needs to know. With the first step after publishing the successor learns that the
-- output is in its place: it runs the script again, and neither encodes nor looks for files that a script has moved.
-- $8 are the path keys of the sidecar, which counts as an output before it exists, so that no watchfolder takes it; its
-- size is none that a file has, for a script may write it anew.
WITH allowed AS (
UPDATE ffmate.tasks t
   SET status = $4::text, phase = $5::text, version = version + 1, updated_at = clock_timestamp(),
       result = ffmate.object_of(t.result) || $6::jsonb,
       publishing = CASE WHEN $7::jsonb IS NULL THEN t.publishing
                         ELSE ffmate.object_of(t.publishing) || $7::jsonb END
 WHERE t.id = $1 AND t.epoch = $2 AND t.node_id = $3
   AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING') AND t.desired NOT IN ('cancel', 'delete')
   AND EXISTS (SELECT 1 FROM ffmate.nodes n
                WHERE n.id = $3 AND n.state IN ('online', 'draining') AND n.lease_until > clock_timestamp())
RETURNING t.desired, t.uuid),
written AS (
    INSERT INTO ffmate.outputs (key, mtime, size, task)
    SELECT DISTINCT ON (md5(w.key)) md5(w.key)::uuid, 0, -1, a.uuid FROM allowed a, unnest($8::text[]) AS w (key)
    ON CONFLICT (key) DO UPDATE SET mtime = excluded.mtime, size = excluded.size, task = excluded.task,
        written_at = excluded.written_at)
SELECT desired FROM allowed;
