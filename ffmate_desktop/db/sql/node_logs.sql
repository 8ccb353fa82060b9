-- Log lines of the nodes.

-- name: add_lines
-- One statement per batch, so one notification. WITH ORDINALITY keeps the order of the lines.
INSERT INTO ffmate.node_logs (node, incarnation, at, level, namespace, message)
SELECT $1, $2, l.at, l.level, l.namespace, l.message
  FROM unnest($3::timestamptz[], $4::smallint[], $5::text[], $6::text[])
       WITH ORDINALITY AS l (at, level, namespace, message, position)
 ORDER BY l.position;

-- name: page
-- Newest lines first, before an id. NULL means "any".
SELECT id, node, at, level, namespace, message FROM ffmate.node_logs
 WHERE id < $1::bigint AND id > $2::bigint AND level >= $3::smallint
   AND ($4::text[] IS NULL OR node = ANY ($4))
   AND ($5::text[] IS NULL OR namespace = ANY ($5))
   AND ($6::text IS NULL OR message ILIKE $6)
 ORDER BY id DESC LIMIT $7;

-- name: sources
SELECT DISTINCT node, namespace FROM ffmate.node_logs;

-- name: forget_lines
-- One node at a time does this: a node that does not get the lock leaves the work to the other. Ids grow with time, so
-- the walk starts at the oldest line and stops after $3 lines.
WITH mine AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(1717988705, 4) AS taken),
old AS (
    SELECT l.id FROM ffmate.node_logs l
     WHERE (SELECT taken FROM mine)
       AND (l.stored_at < clock_timestamp() - $1::interval
            OR l.id <= (SELECT max(id) FROM ffmate.node_logs) - $2::bigint)
       AND l.id < (SELECT min(id) FROM ffmate.node_logs) + $3::bigint)
DELETE FROM ffmate.node_logs l USING old WHERE l.id = old.id RETURNING l.id;
