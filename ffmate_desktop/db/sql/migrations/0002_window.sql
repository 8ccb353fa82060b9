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
