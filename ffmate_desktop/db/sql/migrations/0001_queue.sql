-- The queue, the nodes that work on it, and what they tell each other.
-- Expand-only, safe before or after the program is updated; advice and figures behind it: docs/architecture.md.

CREATE TABLE ffmate.meta (
    singleton          boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    cluster            uuid NOT NULL DEFAULT gen_random_uuid(),
    -- A program whose own newest migration is below this must not join (raised by a contracting migration).
    min_program_schema integer NOT NULL DEFAULT 1
);
INSERT INTO ffmate.meta DEFAULT VALUES;

-- Distinct sets of labels that tasks require. Rows are never deleted, so tasks name them without a foreign key:
-- its share lock on one hot row would be paid by every submit.
CREATE TABLE ffmate.requirement_sets (
    id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    labels text[] NOT NULL UNIQUE
);

CREATE TABLE ffmate.batches (
    uuid       uuid PRIMARY KEY,
    source     text NOT NULL,
    tasks      integer NOT NULL CHECK (tasks > 0),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE ffmate.presets (
    uuid            uuid PRIMARY KEY,
    version         bigint NOT NULL DEFAULT 1,
    name            text NOT NULL,
    description     text NOT NULL DEFAULT '',
    command         text NOT NULL,
    command_tokens  jsonb NOT NULL,
    output_file     text NOT NULL DEFAULT '',
    priority        integer NOT NULL DEFAULT 0 CHECK (priority >= 0),
    labels          text[] NOT NULL DEFAULT '{}',
    extra           jsonb NOT NULL DEFAULT '{}',  -- FFmate's preProcessing, postProcessing, webhooks
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX presets_name ON ffmate.presets (lower(name));

-- The words of a task. Domains instead of CHECKs: a CHECK is parsed again by every statement that writes the table,
-- which was a tenth of the cost of a claim.
CREATE DOMAIN ffmate.task_status AS text CHECK (VALUE IN (
    'QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING', 'DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED'));
CREATE DOMAIN ffmate.task_phase AS text CHECK (VALUE IN ('', 'encode', 'verify', 'publish'));
CREATE DOMAIN ffmate.task_desired AS text CHECK (VALUE IN ('run', 'pause', 'cancel', 'delete'));
CREATE DOMAIN ffmate.task_priority AS integer CHECK (VALUE >= 0);

-- A task is copied within its page when it is claimed, and again when it ends: half of each page is left for that, and
-- more of each page of the indexes that get both copies beside the first one. Full pages would be split, or searched for
-- dead entries, again and again: a fifth of what the server spends on a task.
CREATE TABLE ffmate.tasks (
    id              bigint GENERATED ALWAYS AS IDENTITY  -- first come, first served
                    PRIMARY KEY WITH (fillfactor = 40),
    uuid            uuid NOT NULL UNIQUE,
    version         bigint NOT NULL DEFAULT 1,  -- grows with every change; older news is dropped by whoever shows it
    status          ffmate.task_status NOT NULL DEFAULT 'QUEUED',
    phase           ffmate.task_phase NOT NULL DEFAULT '',  -- a step inside RUNNING; in no index: changing it is HOT
    desired         ffmate.task_desired NOT NULL DEFAULT 'run',
    priority        ffmate.task_priority NOT NULL DEFAULT 0,
    requirement_set integer NOT NULL,
    epoch           integer NOT NULL DEFAULT 0,  -- grows with every claim and whenever a claim is taken away
    node_id         bigint,                      -- the incarnation that holds, or ended, the claim
    node_name       text,
    attempts        smallint NOT NULL DEFAULT 0,
    losses          smallint NOT NULL DEFAULT 0, -- nodes that died with this task
    not_before      timestamptz,
    batch           uuid,
    name            text NOT NULL,
    preset          uuid,
    preset_name     text,
    source          text NOT NULL,
    progress        real NOT NULL DEFAULT 0,     -- percent, as of the last status change; live values are in nodes.progress
    output_key      text,                        -- normalised output path, for "two active tasks, one output"
    error           text,
    spec            jsonb NOT NULL,              -- what was asked for; never rewritten after submit
    result          jsonb,                       -- what became of it: resolved command and paths, facts
    refused         jsonb NOT NULL DEFAULT '{}', -- who could not run it: incarnation → [name, sentence]
    publishing      jsonb,                       -- what a node may move into place: its successor finishes that
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at      timestamptz,
    finished_at     timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- The claim walks this in order, once for each set of labels that the node provides, and stops after the free slots.
-- The set comes first, so that any number of tasks that this node cannot run costs nothing (0.4 ms; 4 ms when it
-- came last and 100,000 of them were in front).
CREATE INDEX tasks_claim ON ffmate.tasks (requirement_set, priority DESC, id)
    WHERE status = 'QUEUED' AND desired = 'run';
CREATE INDEX tasks_active ON ffmate.tasks (node_id)
    WHERE status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING');
CREATE INDEX tasks_status ON ffmate.tasks (status, id);
CREATE INDEX tasks_batch ON ffmate.tasks (batch, id) WITH (fillfactor = 40) WHERE batch IS NOT NULL;
CREATE UNIQUE INDEX tasks_output ON ffmate.tasks (output_key)
    WHERE output_key IS NOT NULL AND status IN ('QUEUED', 'PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING');
-- Never index version or updated_at: HOT updates fell from 100 % to 0 % when it was measured.

-- One row per chunk of lines; the epoch is in the key, so a zombie's lines cannot mix with its successor's.
CREATE TABLE ffmate.task_logs (
    task_id bigint NOT NULL,
    epoch   integer NOT NULL,
    seq     integer NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    lines   text NOT NULL,
    PRIMARY KEY (task_id, epoch, seq)
);

-- Where an attempt that was taken from its node may have left temporary files; kept until they are gone.
CREATE TABLE ffmate.leftovers (
    task    uuid NOT NULL,
    epoch   integer NOT NULL,
    machine text,            -- where the node ran; its files may be on a disk that only this computer reaches
    folders jsonb NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (task, epoch)
);

-- One row per incarnation: id is 53 random bits made by the node itself, because after failover to an asynchronous
-- standby a sequence, like an epoch, can hand out the same number twice.
CREATE TABLE ffmate.nodes (
    id             bigint PRIMARY KEY,
    session        uuid NOT NULL UNIQUE,
    version        bigint NOT NULL DEFAULT 1,
    identifier     text NOT NULL,
    state          text NOT NULL DEFAULT 'online' CHECK (state IN ('online', 'draining', 'left', 'dead')),
    heartbeat      interval NOT NULL,
    lease_until    timestamptz NOT NULL,
    beat_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    joined_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at       timestamptz,
    machine        text NOT NULL,  -- tells two computers with one host name apart
    pid            integer NOT NULL,
    host           text NOT NULL,
    os             text NOT NULL,
    arch           text NOT NULL,
    program        text NOT NULL,  -- version of FFmate Desktop
    program_schema integer NOT NULL,
    ffmpeg         text NOT NULL,  -- path
    ffmpeg_version text NOT NULL,
    cores          integer NOT NULL,
    slots          integer NOT NULL CHECK (slots >= 0),
    labels         text[] NOT NULL DEFAULT '{}',
    progress       jsonb NOT NULL DEFAULT '[]'
) WITH (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.02);
CREATE UNIQUE INDEX nodes_identifier ON ffmate.nodes (identifier) WHERE state IN ('online', 'draining');

-- A net under every statement, also those typed by hand: a changed row always has a higher version.
CREATE FUNCTION ffmate.raise_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER tasks_version BEFORE UPDATE ON ffmate.tasks FOR EACH ROW
    WHEN (NEW.version <= OLD.version) EXECUTE FUNCTION ffmate.raise_version();
CREATE TRIGGER presets_version BEFORE UPDATE ON ffmate.presets FOR EACH ROW
    WHEN (NEW.version <= OLD.version) EXECUTE FUNCTION ffmate.raise_version();

-- A notification wakes every listening connection of the database, and commits that notify wait for each other: that
-- was a quarter of the cost of a claim. So changed tasks are told only while somebody looks. A viewer holds lock 2 as
-- long as its connection lives. A writer that sees none keeps lock 1 until its commit, and a viewer that arrives waits
-- for lock 1 before its first read, which then finds what was not told. Writers never wait for viewers; those wait a
-- second at most for a transaction that hangs. 1717988705 is "ffma" in ASCII.
CREATE FUNCTION ffmate.look() RETURNS void LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
BEGIN
    PERFORM pg_advisory_lock_shared(1717988705, 2);
    BEGIN
        PERFORM pg_advisory_xact_lock(1717988705, 1);
    EXCEPTION WHEN lock_not_available THEN
        NULL;
    END;
END $$;

-- One notification a statement: {kind, rows: [[id, version, status, phase, desired, node_id, epoch, priority]...]}.
-- Over 64 rows, or near PostgreSQL's limit of 8,000 bytes, only "bulk": whoever shows tasks asks again.
CREATE FUNCTION ffmate.notify_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    n       integer;
    queued  boolean;
    payload text;
BEGIN
    -- False when somebody arrives, or is here. One expression, so that no cancel comes between taking and giving back;
    -- two who ask at one moment may both tell, which does no harm.
    IF pg_try_advisory_xact_lock_shared(1717988705, 1)
       AND pg_try_advisory_lock(1717988705, 2) AND pg_advisory_unlock(1717988705, 2) THEN
        RETURN NULL;
    END IF;
    SELECT count(*), bool_or(status = 'QUEUED') INTO n, queued FROM changed;
    IF n = 0 THEN
        RETURN NULL;
    END IF;
    IF n <= 64 THEN
        SELECT json_build_object('kind', 'task', 'op', lower(TG_OP), 'rows', json_agg(json_build_array(
                   id, version, status, phase, desired, node_id, epoch, priority)))::text
          INTO payload FROM changed;
    END IF;
    IF payload IS NULL OR octet_length(payload) > 7900 THEN
        payload := json_build_object('kind', 'task', 'op', lower(TG_OP), 'bulk', true, 'queued', queued)::text;
    END IF;
    PERFORM pg_notify('ffmate', payload);
    RETURN NULL;
END $$;
CREATE TRIGGER tasks_inserted AFTER INSERT ON ffmate.tasks REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION ffmate.notify_tasks();
CREATE TRIGGER tasks_updated AFTER UPDATE ON ffmate.tasks REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION ffmate.notify_tasks();
CREATE TRIGGER tasks_deleted AFTER DELETE ON ffmate.tasks REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION ffmate.notify_tasks();

-- Nodes listen to a channel of their own, which carries only what one of them may have to act on: work that waits, and
-- orders to whoever runs a task. Claims, ends and progress of all others would cost every node a third of its time.
CREATE FUNCTION ffmate.notify_work() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('ffmate_node', '{"kind":"task","op":"update","bulk":true,"queued":true}');
    RETURN NULL;
END $$;
CREATE TRIGGER tasks_waiting AFTER INSERT ON ffmate.tasks
    FOR EACH STATEMENT EXECUTE FUNCTION ffmate.notify_work();
-- What makes a task wait again says from when: these statements, and no claim or end, write that column.
CREATE TRIGGER tasks_waiting_again AFTER UPDATE OF not_before ON ffmate.tasks
    FOR EACH STATEMENT EXECUTE FUNCTION ffmate.notify_work();
CREATE FUNCTION ffmate.notify_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IN ('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING') THEN
        PERFORM pg_notify('ffmate_node', json_build_object('kind', 'task', 'op', 'update', 'rows', json_build_array(
            json_build_array(NEW.id, NEW.version, NEW.status, NEW.phase, NEW.desired, NEW.node_id, NEW.epoch,
                             NEW.priority)))::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tasks_ordered AFTER UPDATE OF desired ON ffmate.tasks FOR EACH ROW
    WHEN (NEW.desired <> OLD.desired) EXECUTE FUNCTION ffmate.notify_order();

-- Row-level, because only these columns are news: a heartbeat touches none of them and stays silent.
CREATE FUNCTION ffmate.notify_node() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    payload text := json_build_object('kind', 'node', 'op', lower(TG_OP), 'rows', json_build_array(
        json_build_array(NEW.id, NEW.version, NEW.state, NEW.identifier)))::text;
BEGIN
    PERFORM pg_notify('ffmate', payload), pg_notify('ffmate_node', payload);
    RETURN NULL;
END $$;
CREATE TRIGGER nodes_joined AFTER INSERT ON ffmate.nodes
    FOR EACH ROW EXECUTE FUNCTION ffmate.notify_node();
CREATE TRIGGER nodes_changed AFTER UPDATE OF state, slots, labels, heartbeat ON ffmate.nodes
    FOR EACH ROW EXECUTE FUNCTION ffmate.notify_node();

CREATE FUNCTION ffmate.notify_presets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('ffmate', json_build_object('kind', 'preset', 'op', lower(TG_OP), 'bulk', true)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER presets_written AFTER INSERT OR UPDATE OR DELETE ON ffmate.presets
    FOR EACH STATEMENT EXECUTE FUNCTION ffmate.notify_presets();
