-- Batches that end, and webhooks that wait for whoever delivers them. Expand-only.

-- Set once, when the last task of the batch has ended; a restart of one of them takes it back.
ALTER TABLE ffmate.batches ADD COLUMN finished_at timestamptz;
-- Few: whoever looks for batches that may be done reads no others.
CREATE INDEX batches_open ON ffmate.batches (created_at) WHERE finished_at IS NULL;
-- Whether a batch has tasks that are not done is four probes of this, however large it is.
CREATE INDEX tasks_batch_status ON ffmate.tasks (batch, status) WHERE batch IS NOT NULL;

CREATE FUNCTION ffmate.notify_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('ffmate', json_build_object('kind', 'batch', 'op', 'finished', 'uuid', NEW.uuid)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER batches_finished AFTER UPDATE OF finished_at ON ffmate.batches FOR EACH ROW
    WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL) EXECUTE FUNCTION ffmate.notify_batch();

-- FFmate's fields. Nothing delivers them yet: `import-ffmate` keeps them here, so that nobody has to type them again.
CREATE TABLE ffmate.webhooks (
    uuid       uuid PRIMARY KEY,
    event      text NOT NULL,
    url        text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (event, url)
);
