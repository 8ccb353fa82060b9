-- Scripts before and after an encode. They change things outside the database, so each needs permission first.

-- name: enter_stage
-- Fenced, and the permission to run the script of a stage, or to encode after it ($4, $5: status and phase):
--  1. Like the permission to publish, it needs the claim, a valid lease, and a task that isn't to be cancelled or deleted.
--  2. $6 is merged into the result, $7 into the publishing record. From the first stage after publishing on, the record
--     says that the outputs are in place: a successor runs the script again, but doesn't encode, and doesn't look for
--     files that a script may have moved.
--  3. $8 are the path keys of the sidecar. It counts as an output before it exists, so that no watchfolder picks it up.
--     Its recorded size is one that no file has, since a script may rewrite it.
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
