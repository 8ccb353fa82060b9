-- Nodes as users see them.

-- name: list_nodes
-- One row per identifier: the live incarnation, or the newest one. Ages are measured by the database's clock.
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
-- The node sees it after a notification, at the latest with its next beat. A claim requires the state 'online', so the
-- node gets no more tasks.
UPDATE ffmate.nodes SET state = 'draining', version = version + 1
 WHERE identifier = $1 AND state IN ('online', 'draining')
RETURNING id;

-- name: resume_node
-- Ends a drain and a pause. A node that has left in the meantime is not in these states anymore.
UPDATE ffmate.nodes SET state = 'online', paused = false, version = version + 1
 WHERE identifier = $1 AND state IN ('online', 'draining')
RETURNING id;

-- name: pause_node
-- The node claims nothing for now. It enforces this itself, so a claim that is under way may still come.
UPDATE ffmate.nodes SET paused = true, version = version + 1
 WHERE identifier = $1 AND state IN ('online', 'draining')
RETURNING id;

-- name: set_slots
UPDATE ffmate.nodes SET slots = $2, version = version + 1
 WHERE identifier = $1 AND state IN ('online', 'draining')
RETURNING id;

-- name: give_up_node
-- Only for a node that missed a beat. Safe even if it lives: its claims are stale from here on, and it rejoins.
UPDATE ffmate.nodes n
   SET state = 'dead', ended_at = clock_timestamp(), progress = '[]', version = n.version + 1
 WHERE n.identifier = $1 AND n.state IN ('online', 'draining') AND n.beat_at + n.heartbeat * 1.2 < clock_timestamp()
RETURNING n.id, n.identifier;

-- name: forget_node
-- Every incarnation that has ended; a live one stays.
DELETE FROM ffmate.nodes n
 WHERE n.identifier = $1 AND n.state IN ('left', 'dead')
RETURNING n.id;
