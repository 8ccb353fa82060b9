-- What the window shows and commands: orders of the queue, facts about nodes, the log of the cluster. Expand-only.

-- The order in which the queue runs, as people see it, paused tasks too. A claimed or ended task is not in it, so it
-- costs nothing there; a submit pays one entry.
CREATE INDEX tasks_order ON ffmate.tasks ((-priority), id) WHERE status = 'QUEUED';
-- What was finished, newest last: one entry at the right edge for each end, for "today", "failed in 24 hours" and the
-- list sorted by its end, which would otherwise read every task there ever was.
CREATE INDEX tasks_finished ON ffmate.tasks (status, finished_at, id) WHERE finished_at IS NOT NULL;

-- A paused node claims nothing but goes on with what it runs, and stays. Percent of the whole computer, as of its
-- last heartbeat; both are in no index, so that heartbeats stay HOT updates.
ALTER TABLE ffmate.nodes ADD COLUMN paused boolean NOT NULL DEFAULT false, ADD COLUMN cpu real, ADD COLUMN memory real;

-- A task that was edited may now suit a node that it did not suit before.
CREATE TRIGGER tasks_edited AFTER UPDATE OF requirement_set ON ffmate.tasks FOR EACH ROW
    WHEN (NEW.status = 'QUEUED' AND NEW.desired = 'run' AND NEW.requirement_set <> OLD.requirement_set)
    EXECUTE FUNCTION ffmate.notify_work();

-- News of a node carry what is wanted of it, so that it obeys at once; a forgotten one is news as well.
CREATE OR REPLACE FUNCTION ffmate.notify_node() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told    ffmate.nodes;
    payload text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        told := OLD;
        told.state := 'gone';
    ELSE
        told := NEW;
    END IF;
    payload := json_build_object('kind', 'node', 'op', lower(TG_OP), 'rows', json_build_array(json_build_array(
        told.id, told.version, told.state, told.identifier, told.slots, told.paused)))::text;
    PERFORM pg_notify('ffmate', payload), pg_notify('ffmate_node', payload);
    RETURN NULL;
END $$;
DROP TRIGGER nodes_changed ON ffmate.nodes;
CREATE TRIGGER nodes_changed AFTER UPDATE OF state, slots, labels, heartbeat, paused ON ffmate.nodes
    FOR EACH ROW EXECUTE FUNCTION ffmate.notify_node();
CREATE TRIGGER nodes_forgotten AFTER DELETE ON ffmate.nodes
    FOR EACH ROW EXECUTE FUNCTION ffmate.notify_node();

-- What nodes log, for everybody to read. Cut by age and by number; in no order but that of the inserts.
CREATE TABLE ffmate.node_logs (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node        text NOT NULL,
    incarnation bigint NOT NULL,
    at          timestamptz NOT NULL,  -- by the node's own clock, so that its lines keep their order
    level       smallint NOT NULL,     -- 10 debug, 20 info, 30 warn, 40 error
    namespace   text NOT NULL,
    message     text NOT NULL,
    stored_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION ffmate.notify_logs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only while somebody looks, as for tasks: see the locks in 0001.
    IF NOT (pg_try_advisory_xact_lock_shared(1717988705, 1)
            AND pg_try_advisory_lock(1717988705, 2) AND pg_advisory_unlock(1717988705, 2)) THEN
        PERFORM pg_notify('ffmate', json_build_object('kind', 'log', 'first', min(id), 'last', max(id))::text)
           FROM added HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER node_logs_added AFTER INSERT ON ffmate.node_logs REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ffmate.notify_logs();

-- Attempts that ended without an end of the task, or before a restart: {number, node, started, ended, end, error}, oldest
-- first. Written only by those rare statements; the last attempt stands in the row itself, so claims and ends pay nothing.
ALTER TABLE ffmate.tasks ADD COLUMN history jsonb;
