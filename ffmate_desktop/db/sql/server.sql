-- Bookkeeping of migrations.

-- name: schema_exists
SELECT to_regclass('ffmate.migrations') IS NOT NULL AS found;

-- name: lock_migrations
-- All programs that start on one database queue here. The lock ends with the transaction. The number is "ffmate" in
-- ASCII.
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

-- name: missing_parts
-- Of the tables ($1), functions ($2) and triggers ($3, on the tables $4) that the migrations create: which ones are
-- missing. A disabled trigger, as after a data-only restore, counts as missing.
SELECT 'table' AS kind, name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL
UNION ALL
SELECT 'function', name FROM unnest($2::text[]) AS name WHERE to_regproc(name) IS NULL
UNION ALL
SELECT 'trigger', t.name FROM unnest($3::text[], $4::text[]) AS t (name, place)
 WHERE NOT EXISTS (SELECT 1 FROM pg_trigger g
                    WHERE g.tgrelid = to_regclass(t.place) AND g.tgname = t.name AND g.tgenabled <> 'D')
 ORDER BY 1, 2;

-- name: applied_migrations
SELECT number, name, checksum FROM ffmate.migrations ORDER BY number;

-- name: record_migration
INSERT INTO ffmate.migrations (number, name, checksum) VALUES ($1, $2, $3);

-- name: min_program_schema
SELECT min_program_schema FROM ffmate.meta;

-- name: allow_long_migrations
-- For this transaction: wait for locks up to $1, and let a statement rewrite millions of rows.
SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', '0', true);
