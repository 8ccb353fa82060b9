-- Changes to waiting tasks. A claim takes the row lock first. So each statement finds a task either still waiting, and
-- the claim will see the change, or already claimed, and then it changes nothing.

-- name: lock_order
-- Moves of tasks run one after the other, so that "to the top" means what it says. Submits and claims don't wait for
-- this.
SELECT pg_advisory_xact_lock(1717988705, 3);

-- name: waiting_priorities
-- Locks the rows, in the order of the queue.
SELECT uuid, priority FROM ffmate.tasks
 WHERE uuid = ANY ($1::uuid[]) AND status = 'QUEUED' ORDER BY -priority, id FOR UPDATE;

-- name: highest_of_others
SELECT priority FROM ffmate.tasks
 WHERE status = 'QUEUED' AND NOT uuid = ANY ($1::uuid[]) ORDER BY -priority, id LIMIT 1;

-- name: lowest_of_others
-- From the end of the queue, as many tasks as may have to make room.
SELECT uuid, priority FROM ffmate.tasks
 WHERE status = 'QUEUED' AND NOT uuid = ANY ($1::uuid[]) ORDER BY -priority DESC, id DESC LIMIT $2;

-- name: set_priorities
UPDATE ffmate.tasks t
   SET priority = n.priority, version = t.version + 1, updated_at = clock_timestamp()
  FROM unnest($1::uuid[], $2::integer[]) AS n (uuid, priority)
 WHERE t.uuid = n.uuid AND t.status = 'QUEUED' AND t.priority <> n.priority
RETURNING t.uuid;

-- name: waiting_labels
-- Locks the rows, so that the labels of a task cannot change after they were read.
SELECT t.requirement_set, r.labels FROM ffmate.tasks t JOIN ffmate.requirement_sets r ON r.id = t.requirement_set
 WHERE t.uuid = ANY ($1::uuid[]) AND t.status = 'QUEUED' ORDER BY t.id FOR UPDATE OF t;

-- name: set_order
-- Under these locks: set priority and name (NULL: unchanged), and replace each requirement set in $3 by the one in $4.
-- The epoch stays, because a node that lost the task still encodes the right thing.
UPDATE ffmate.tasks t
   SET priority = coalesce($2::integer, t.priority), name = coalesce($5::text, t.name), requirement_set = m.after,
       version = t.version + 1, updated_at = clock_timestamp()
  FROM unnest($3::integer[], $4::integer[]) AS m (before, after)
 WHERE t.uuid = ANY ($1::uuid[]) AND t.status = 'QUEUED' AND t.requirement_set = m.before
RETURNING t.uuid;

-- name: stored_tasks
-- What tasks were made from, for copying and editing.
SELECT t.uuid, t.version, t.status, t.name, t.priority, r.labels, t.preset, t.preset_name, t.output_key, t.spec,
       t.node_name
  FROM ffmate.tasks t JOIN ffmate.requirement_sets r ON r.id = t.requirement_set
 WHERE t.uuid = ANY ($1::uuid[])
 ORDER BY t.id;

-- name: edit_task
-- Only while the task waits and is as the editor saw it. The epoch grows: a node that was declared dead may still
-- encode the old version, and must not adopt the task as the new one.
UPDATE ffmate.tasks
   SET name = $3, priority = $4, requirement_set = $5, preset = $6, preset_name = $7, output_key = $8, spec = $9::jsonb,
       epoch = epoch + 1, publishing = NULL, result = NULL, version = version + 1, updated_at = clock_timestamp()
 WHERE uuid = $1 AND version = $2 AND status = 'QUEUED'
RETURNING uuid;
