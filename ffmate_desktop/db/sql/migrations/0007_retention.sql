-- Every node learns which tasks are gone, so that it can remove their log files. Expand-only: the trigger also works
-- for deletions by older nodes.

-- xact makes a safe cursor: a transaction that commits late still has an id that the last reader has not passed.
CREATE TABLE ffmate.deleted_tasks (
    task uuid PRIMARY KEY,
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX deleted_tasks_xact ON ffmate.deleted_tasks (xact);

-- A task that no node ever claimed has no log file.
CREATE FUNCTION ffmate.remember_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ffmate.deleted_tasks (task)
    SELECT d.uuid FROM deleted d WHERE d.epoch > 0
    ON CONFLICT (task) DO UPDATE SET xact = excluded.xact, at = excluded.at;
    RETURN NULL;
END $$;
CREATE TRIGGER tasks_deleted_remembered AFTER DELETE ON ffmate.tasks REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION ffmate.remember_deleted();
