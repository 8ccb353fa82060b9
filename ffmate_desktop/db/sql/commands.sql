-- What people change about tasks that wait. A claim takes the row lock first, so each of these finds a task either still
-- waiting, and the claim gets what was written, or claimed, and then changes nothing.

-- name: lock_order
-- Two who move tasks at one moment do so one after the other, so that "to the top" is what it says. Submits and claims
-- do not wait for it.
SELECT pg_advisory_xact_lock(1717988705, 3);

-- name: waiting_priorities
-- Locked, in the order of the queue.
SELECT uuid, priority FROM ffmate.tasks
 WHERE uuid = ANY ($1::uuid[]) AND status = 'QUEUED' ORDER BY -priority, id FOR UPDATE;

-- name: highest_of_others
SELECT priority FROM ffmate.tasks
 WHERE status = 'QUEUED' AND NOT uuid = ANY ($1::uuid[]) ORDER BY -priority, id LIMIT 1;

-- name: lowest_of_others
-- From the end of the queue, as many as may have to make room.
SELECT uuid, priority FROM ffmate.tasks
 WHERE status = 'QUEUED' AND NOT uuid = ANY ($1::uuid[]) ORDER BY -priority DESC, id DESC LIMIT $2;

-- name: set_priorities
UPDATE ffmate.tasks t
   SET priority = n.priority, version = t.version + 1, updated_at = clock_timestamp()
  FROM unnest($1::uuid[], $2::integer[]) AS n (uuid, priority)
 WHERE t.uuid = n.uuid AND t.status = 'QUEUED' AND t.priority <> n.priority
RETURNING t.uuid;

-- name: waiting_labels
-- Locked: what a task requires is what it required when it was read.
SELECT t.requirement_set, r.labels FROM ffmate.tasks t JOIN ffmate.requirement_sets r ON r.id = t.requirement_set
 WHERE t.uuid = ANY ($1::uuid[]) AND t.status = 'QUEUED' ORDER BY t.id FOR UPDATE OF t;

-- name: set_order
-- Under these locks: another priority and name (NULL: as it is), and for each set of labels ($3) another one ($4). A
-- node that lost the task still encodes what the task is, so the epoch stays.
UPDATE ffmate.tasks t
   SET priority = coalesce($2::integer, t.priority), name = coalesce($5::text, t.name), requirement_set = m.after,
       version = t.version + 1, updated_at = clock_timestamp()
  FROM unnest($3::integer[], $4::integer[]) AS m (before, after)
 WHERE t.uuid = ANY ($1::uuid[]) AND t.status = 'QUEUED' AND t.requirement_set = m.before
RETURNING t.uuid;

-- name: stored_tasks
-- What tasks were made from, for copies and changes.
SELECT t.uuid, t.version, t.status, t.name, t.priority, r.labels, t.preset, t.preset_name, t.output_key, t.spec,
       t.node_name
  FROM ffmate.tasks t JOIN ffmate.requirement_sets r ON r.id = t.requirement_set
 WHERE t.uuid = ANY ($1::uuid[])
 ORDER BY t.id;

-- name: edit_task
-- Only while it waits and is as the editor saw it. The epoch grows: a node that was taken for dead may still encode what
-- the task was before, and must not take it back as what it is now.
UPDATE ffmate.tasks
   SET name = $3, priority = $4, requirement_set = $5, preset = $6, preset_name = $7, output_key = $8, spec = $9::jsonb,
       epoch = epoch + 1, publishing = NULL, result = NULL, version = version + 1, updated_at = clock_timestamp()
 WHERE uuid = $1 AND version = $2 AND status = 'QUEUED'
RETURNING uuid;
