-- Nodes as people see them.

-- name: list_nodes
-- One row an identifier: the live incarnation, else the newest. Ages by the database's clock.
SELECT * FROM (
    SELECT DISTINCT ON (n.identifier) n.*,
           CASE WHEN isfinite(n.beat_at) THEN extract(epoch FROM clock_timestamp() - n.beat_at) ELSE 0 END::float8 AS beat_age,
           CASE WHEN isfinite(n.lease_until) THEN extract(epoch FROM n.lease_until - clock_timestamp()) ELSE 0 END::float8 AS lease_left,
           extract(epoch FROM n.heartbeat)::float8 AS heartbeat_seconds,
           (SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'uuid', t.uuid, 'name', t.name, 'epoch', t.epoch)
                                      ORDER BY t.started_at, t.id), '[]') FROM ffmate.tasks t
             WHERE t.node_id = n.id AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')) AS tasks,
           coalesce((SELECT cluster FROM ffmate.meta), '00000000-0000-0000-0000-000000000000') AS cluster  -- if emptied
      FROM ffmate.nodes n
     ORDER BY n.identifier, (n.state IN ('online', 'draining')) DESC, n.joined_at DESC) AS newest
 ORDER BY (state IN ('online', 'draining')) DESC, identifier;

-- name: drain_node
-- The node hears it by NOTIFY, at the latest with its next beat; a claim needs state 'online', so it gets no more.
UPDATE ffmate.nodes SET state = 'draining', version = version + 1
 WHERE identifier = $1 AND state IN ('online', 'draining')
RETURNING id;

-- name: resume_node
-- Draining is taken back and a pause ends. A node that has left in the meantime is not in these states any more.
UPDATE ffmate.nodes SET state = 'online', paused = false, version = version + 1
 WHERE identifier = $1 AND state IN ('online', 'draining')
RETURNING id;

-- name: pause_node
-- It claims nothing for now. The node itself keeps to it: a claim that is on its way at this moment may still come.
UPDATE ffmate.nodes SET paused = true, version = version + 1
 WHERE identifier = $1 AND state IN ('online', 'draining')
RETURNING id;

-- name: set_slots
UPDATE ffmate.nodes SET slots = $2, version = version + 1
 WHERE identifier = $1 AND state IN ('online', 'draining')
RETURNING id;

-- name: give_up_node
-- Only one that missed a beat. Safe even when it lives: its claims are stale from here on, and it joins anew.
UPDATE ffmate.nodes n
   SET state = 'dead', ended_at = clock_timestamp(), progress = '[]', version = n.version + 1
 WHERE n.identifier = $1 AND n.state IN ('online', 'draining') AND n.beat_at + n.heartbeat * 1.2 < clock_timestamp()
RETURNING n.id, n.identifier;

-- name: forget_node
-- Every incarnation of it that has ended; a living one stays.
DELETE FROM ffmate.nodes n
 WHERE n.identifier = $1 AND n.state IN ('left', 'dead')
RETURNING n.id;
