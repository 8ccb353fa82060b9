-- What is asked of a connection before it is trusted, and of a database before a node joins.

-- name: describe_session
-- The first question on every connection, sent as COPY: without a prepared statement it gets through every pooler.
-- A pooler shows by a process number that is not the one which the connection was told. Rows can only be written
-- where transactions are not read-only, which covers standbys and roles with that default.
SELECT pg_backend_pid(), current_setting('transaction_read_only') = 'on',
       coalesce(has_schema_privilege(to_regnamespace('ffmate')::oid, 'USAGE'::text), true);

-- name: prepare_session
-- Not as startup parameters: poolers refuse those.
-- Functions and operators are found in pg_catalog alone. A role that may create some in another schema of the search path,
-- which is everybody for "public" in clusters that come from PostgreSQL 14, could otherwise add one that fits the
-- arguments of ours better, and answer for the database.
-- A prepared plan lives as long as its connection and is often made while the tables are still empty: a sequential
-- scan, right for that moment, would stay for a million tasks. Its penalty must not start the JIT compiler.
-- By itself the server would plan a claim for its values, hundreds of times, whenever new statistics raise its cost:
-- planning costs as much as the claim. What is better planned for its values asks for that (plan_for_values).
-- The server notices within ten seconds that a client is gone, and frees its session lock; a frozen client must not
-- keep its rows locked.
SELECT set_config('search_path', 'pg_catalog', false),
       set_config('timezone', 'UTC', false),
       set_config('enable_seqscan', 'off', false),
       set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('jit', 'off', false),
       set_config('tcp_keepalives_idle', '3', false),
       set_config('tcp_keepalives_interval', '2', false),
       set_config('tcp_keepalives_count', '3', false),
       set_config('idle_in_transaction_session_timeout', '30s', false);

-- name: limit_statements
-- A statement that waits for a lock, or takes too long, is ended by the server, before the client gives up: a client that
-- only closes its connection leaves a backend in the wait, and connects again, until the server has none left. A
-- shorter limit of the role or the database stands.
SELECT set_config(own.name, own.value, false)
  FROM (VALUES ('lock_timeout', '10s'), ('statement_timeout', '25s')) AS own (name, value)
 WHERE current_setting(own.name)::interval NOT BETWEEN interval '1 ms' AND own.value::interval;

-- name: notice_gone_clients
-- In the middle of a statement, too. A server on a system that cannot do so (Windows) refuses the setting.
SELECT set_config('client_connection_check_interval', '2s', false) WHERE version() !~* 'windows|mingw|visual c';

-- name: limit_answer_time
-- Of the control connection: its beats have to be answered sooner than other statements.
SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false);

-- name: plan_for_values
-- A filter of which parts may be missing finds its index only so, and counts of 100,000 files take half the time.
SET plan_cache_mode = force_custom_plan;

-- name: plan_for_all
-- As prepare_session has it. A connection on which this is missed only plans more than it has to.
SET plan_cache_mode = force_generic_plan;

-- name: free_notification_queue
-- Not for its answer: to give it, the server removes from the queue what every listener has read, which otherwise only
-- those do who add to it. They cannot while it is full.
SELECT pg_notification_queue_usage();

-- name: try_lock
-- A session lock under a number that only this check knows.
SELECT pg_try_advisory_lock($1::bigint) AS taken;

-- name: notify
-- On a channel of its own: nodes and viewers are not woken.
SELECT pg_notify('ffmate_check', $1);

-- name: database_facts
-- closing: what lets in only roles that are named, when every role of the server may connect. A role that comes in only
-- for that reason, and does not own the database, is named first: it would lock itself out.
SELECT current_user AS role, current_database() AS database,
       (SELECT concat(
                   CASE WHEN NOT EXISTS (SELECT 1 FROM unnest(named.roles) AS role
                                          WHERE role <> 0 AND pg_has_role(session_user, role, 'USAGE'))
                        THEN format('GRANT CONNECT ON DATABASE %I TO %I; ', d.datname, session_user) END,
                   format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC;', d.datname))
          FROM pg_database d, LATERAL (
               SELECT array_agg(a.grantee) AS roles
                 FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
                WHERE a.privilege_type = 'CONNECT') AS named
         WHERE d.datname = current_database() AND 0 = ANY (named.roles)) AS closing,
       (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'ffmate') AS owner,
       coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'ffmate'),
                has_database_privilege(current_database(), 'CREATE')) AS may_migrate;

-- name: missing_rights
-- Tables that the current role cannot fully use, with the rights that it lacks; empty when all is well.
SELECT c.relname AS name, string_agg(needed, ', ' ORDER BY place) AS rights
  FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace,
       unnest(CASE WHEN c.relname IN ('meta', 'migrations') THEN ARRAY['SELECT']
                   ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] END) WITH ORDINALITY AS r (needed, place)
 WHERE s.nspname = 'ffmate' AND c.relkind IN ('r', 'p') AND NOT has_table_privilege(c.oid, needed)
 GROUP BY c.relname
 ORDER BY c.relname;

-- name: seconds_since
-- How far the database's clock is ahead of a moment that was read just now.
SELECT extract(epoch FROM clock_timestamp() - $1::timestamptz)::float8;
