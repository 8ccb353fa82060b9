-- Questions about the server itself, and the bookkeeping of migrations.

-- name: server_facts
SELECT current_setting('server_version_num')::integer AS version, current_setting('server_version') AS version_text,
       pg_is_in_recovery() AS standby, current_user AS role, current_database() AS database,
       pg_backend_pid() AS pid, has_database_privilege(current_database(), 'CREATE') AS may_create,
       coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted;

-- name: schema_exists
SELECT to_regclass('ffmate.migrations') IS NOT NULL AS found;

-- name: table_rights
-- Tables that the current role cannot fully use; empty when all is well.
SELECT c.relname AS name
  FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
 WHERE s.nspname = 'ffmate' AND c.relkind = 'r' AND c.relname NOT IN ('migrations', 'meta')
   AND EXISTS (SELECT 1 FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS needed
                WHERE NOT has_table_privilege(c.oid, needed))
 ORDER BY 1;

-- name: lock_migrations
-- Everybody who starts on one database queues here; it ends with the transaction. The number is "ffmate" in ASCII.
SELECT pg_advisory_xact_lock(112533513827429);

-- name: create_bookkeeping
CREATE SCHEMA IF NOT EXISTS ffmate;

-- name: create_migrations_table
CREATE TABLE IF NOT EXISTS ffmate.migrations (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- name: applied_migrations
SELECT number, name, checksum FROM ffmate.migrations ORDER BY number;

-- name: record_migration
INSERT INTO ffmate.migrations (number, name, checksum) VALUES ($1, $2, $3);

-- name: min_program_schema
SELECT min_program_schema FROM ffmate.meta;

-- name: wait_for_lock_at_most
SELECT set_config('lock_timeout', $1, true);

-- name: seconds_since
-- How far the database's clock is ahead of a moment that was read just now.
SELECT extract(epoch FROM clock_timestamp() - $1::timestamptz)::float8;

-- name: notify
SELECT pg_notify('ffmate', $1);
