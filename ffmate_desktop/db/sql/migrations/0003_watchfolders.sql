-- Watchfolders, the ledger of their files, and what the cluster itself wrote. Expand-only.

-- Rows are few and their indexes never change, so that claims and ends of scans are HOT updates.
CREATE TABLE ffmate.watchfolders (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid          uuid NOT NULL UNIQUE,
    version       bigint NOT NULL DEFAULT 1,  -- grows with every change that people make
    name          text NOT NULL,
    suspended     boolean NOT NULL DEFAULT false,
    seconds       integer NOT NULL CHECK (seconds >= 1),  -- the interval
    labels        text[] NOT NULL DEFAULT '{}',
    spec          jsonb NOT NULL,             -- everything that people set, the above too
    -- Who scans, and when. A claim is good while it is renewed, and as long as its node is.
    asked_at      timestamptz NOT NULL DEFAULT clock_timestamp(),  -- writing it wakes every node
    due_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    epoch         bigint NOT NULL DEFAULT 0,  -- grows with every claim
    scanner       bigint,                     -- the incarnation that scans, or scanned last
    scan_until    timestamptz,                -- NULL when nobody scans
    unreachable   jsonb NOT NULL DEFAULT '{}',-- who could not reach it since it was last scanned: incarnation → sentence
    roots         jsonb NOT NULL DEFAULT '{}',-- machine → [device, inode] of the folder when files were last seen in it
    -- The ledger below grows by numbered steps; a node that knows step n reads only what came after.
    ledger        bigint NOT NULL DEFAULT 0,
    ledger_from   bigint NOT NULL DEFAULT 0,  -- rows were removed in this step: who knows less reads all
    settled_at    timestamptz NOT NULL DEFAULT '1970-01-01Z',  -- ends of tasks until then are in the ledger
    -- What people see of the last scan.
    scanned_at    timestamptz,
    scanned_by    text,
    result        jsonb,
    error         text,
    error_at      timestamptz,                -- since when there is trouble
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 30);

CREATE DOMAIN ffmate.file_state AS text CHECK (VALUE IN (
    'waiting', 'growing', 'queued', 'done', 'failed', 'skipped', 'output'));

-- One row a file. 'queued' covers the whole life of its task, whose row tells the rest; what it came to is written
-- here by the next scan, or when the task is deleted.
CREATE TABLE ffmate.watched_files (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    folder        bigint NOT NULL REFERENCES ffmate.watchfolders ON DELETE CASCADE,
    path          text NOT NULL,              -- relative, with /
    key           uuid GENERATED ALWAYS AS (md5(path)::uuid) STORED,  -- paths may be longer than an index entry
    size          bigint NOT NULL,
    mtime         bigint NOT NULL,            -- microseconds since 1970: what every system and share can tell alike
    inode         bigint NOT NULL,            -- 0: none
    view          bigint NOT NULL,            -- inode of the root: who sees another numbers inodes in another way
    state         ffmate.file_state NOT NULL,
    reason        text NOT NULL DEFAULT '',
    checks        smallint NOT NULL DEFAULT 0,-- so often it was found as it was before
    checked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    since         timestamptz NOT NULL DEFAULT clock_timestamp(),  -- this version of it was first seen
    first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    gone_at       timestamptz,
    task          uuid,
    attempts      smallint NOT NULL DEFAULT 0,
    disposal      jsonb,                      -- what is still to be done with the original, written before it is done
    ledger        bigint NOT NULL,
    UNIQUE (folder, key)
);
CREATE INDEX watched_files_step ON ffmate.watched_files (folder, ledger);
CREATE INDEX watched_files_found ON ffmate.watched_files (folder, id);  -- pages for people
CREATE INDEX watched_files_task ON ffmate.watched_files (task) WHERE task IS NOT NULL;
CREATE INDEX watched_files_disposal ON ffmate.watched_files (folder) WHERE disposal IS NOT NULL;

-- Files that the cluster published; they are never an input. Written with the permission to publish, before they have
-- their names. By path (hashed, as keys may be longer than an index entry) and, wherever they go, by time and size.
CREATE TABLE ffmate.outputs (
    key        uuid PRIMARY KEY,
    mtime      bigint NOT NULL,  -- microseconds since 1970
    size       bigint NOT NULL,
    task       uuid NOT NULL
);
CREATE INDEX outputs_file ON ffmate.outputs (mtime, size);

-- Nodes hear of what they may have to do, viewers of every change.
CREATE FUNCTION ffmate.notify_watchfolder() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    payload text := json_build_object('kind', 'watchfolder', 'op', lower(TG_OP),
        'uuid', CASE TG_OP WHEN 'DELETE' THEN OLD.uuid ELSE NEW.uuid END)::text;
BEGIN
    PERFORM pg_notify('ffmate', payload), pg_notify('ffmate_node', payload);
    RETURN NULL;
END $$;
CREATE TRIGGER watchfolders_written AFTER INSERT OR DELETE ON ffmate.watchfolders
    FOR EACH ROW EXECUTE FUNCTION ffmate.notify_watchfolder();
CREATE TRIGGER watchfolders_edited AFTER UPDATE OF version, asked_at ON ffmate.watchfolders FOR EACH ROW
    WHEN (NEW.version <> OLD.version OR NEW.asked_at <> OLD.asked_at) EXECUTE FUNCTION ffmate.notify_watchfolder();

CREATE FUNCTION ffmate.notify_scan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only while somebody looks, as for tasks: see the locks in 0001.
    IF NOT (pg_try_advisory_xact_lock_shared(1717988705, 1)
            AND pg_try_advisory_lock(1717988705, 2) AND pg_advisory_unlock(1717988705, 2)) THEN
        PERFORM pg_notify('ffmate', json_build_object('kind', 'watchfolder', 'op', 'scan', 'uuid', NEW.uuid)::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER watchfolders_scanned AFTER UPDATE OF epoch, ledger, scanned_at ON ffmate.watchfolders
    FOR EACH ROW EXECUTE FUNCTION ffmate.notify_scan();

-- What a task came to is kept when it is deleted; nothing is in the ledger for other tasks.
CREATE FUNCTION ffmate.keep_outcomes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ffmate.watched_files f
       SET state = CASE d.status WHEN 'DONE_SUCCESSFUL' THEN 'done' WHEN 'DONE_ERROR' THEN 'failed' ELSE 'skipped' END,
           reason = CASE d.status WHEN 'DONE_SUCCESSFUL' THEN '' WHEN 'DONE_ERROR' THEN split_part(coalesce(d.error, ''), E'\n', 1)
                                  ELSE 'Its task was deleted.' END
      FROM deleted d
     WHERE d.source = 'watchfolder' AND f.task = d.uuid AND f.state = 'queued';
    RETURN NULL;
END $$;
CREATE TRIGGER tasks_of_watchfolders_deleted AFTER DELETE ON ffmate.tasks REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION ffmate.keep_outcomes();
