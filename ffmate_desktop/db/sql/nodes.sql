-- Nodes as people see them.

-- name: list_nodes
-- One row an identifier: the live incarnation, else the newest. Ages by the database's clock.
SELECT * FROM (
    SELECT DISTINCT ON (n.identifier) n.*,
           extract(epoch FROM clock_timestamp() - n.beat_at)::float8 AS beat_age,
           extract(epoch FROM n.lease_until - clock_timestamp())::float8 AS lease_left,
           extract(epoch FROM n.heartbeat)::float8 AS heartbeat_seconds,
           (SELECT count(*) FROM ffmate.tasks t WHERE t.node_id = n.id
               AND t.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')) AS running,
           (SELECT cluster FROM ffmate.meta) AS cluster
      FROM ffmate.nodes n
     ORDER BY n.identifier, (n.state IN ('online', 'draining')) DESC, n.joined_at DESC) AS newest
 ORDER BY (state IN ('online', 'draining')) DESC, identifier;

-- name: drain_node
-- The node hears it by NOTIFY, at the latest with its next beat; a claim needs state 'online', so it gets no more.
UPDATE ffmate.nodes SET state = 'draining', version = version + 1
 WHERE identifier = $1 AND state IN ('online', 'draining')
RETURNING id;
