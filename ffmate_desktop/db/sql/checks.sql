-- Checks of a connection before it is used, and of a database before a node joins.

-- name: describe_session
-- The first query on every connection.
-- 1. It is sent as COPY: without a prepared statement it passes every pooler.
-- 2. A pooler shows because the process number differs from the one that the connection was given.
-- 3. transaction_read_only covers standbys, and roles that are read-only by default.
SELECT pg_backend_pid(), current_setting('transaction_read_only') = 'on',
       coalesce(has_schema_privilege(to_regnamespace('ffmate')::oid, 'USAGE'::text), true);

-- name: prepare_session
-- The settings of every session. Each has a reason:
-- 1. They are not startup parameters, because poolers refuse those.
-- 2. search_path: functions and operators come from pg_catalog alone. A role that may create functions in another
--    schema of the path (every role may in "public" of clusters that date from PostgreSQL 14) could add one that
--    matches our arguments better, and so answer for the database.
-- 3. enable_seqscan: a prepared plan lives as long as its connection, and is often made while the tables are still
--    empty. A sequential scan would be right then, and would still be used for a million tasks.
-- 4. jit: the penalty for sequential scans must not start the JIT compiler.
-- 5. plan_cache_mode: otherwise the server would plan a claim for its values hundreds of times, whenever new statistics
--    raise its cost, and planning costs as much as the claim. Statements that need a plan for their values use
--    plan_for_values.
-- 6. tcp_keepalives: the server notices within ten seconds that a client is gone, and frees its session lock.
-- 7. idle_in_transaction_session_timeout: a frozen client must not keep its rows locked.
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
-- The server cancels a statement that waits for a lock, or runs for too long, before the client gives up.
-- 1. A client that only closes its connection would leave a backend in the wait and connect again, until the server has
--    no connections left.
-- 2. A shorter limit of the role or the database is kept.
SELECT set_config(own.name, own.value, false)
  FROM (VALUES ('lock_timeout', '10s'), ('statement_timeout', '25s')) AS own (name, value)
 WHERE current_setting(own.name)::interval NOT BETWEEN interval '1 ms' AND own.value::interval;

-- name: notice_gone_clients
-- The server notices a client that is gone even in the middle of a statement. Where the system cannot do that
-- (Windows), the server refuses the setting.
SELECT set_config('client_connection_check_interval', '2s', false) WHERE version() !~* 'windows|mingw|visual c';

-- name: limit_answer_time
-- For the control connection: its beats must be answered sooner than other statements.
SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false);

-- name: plan_for_values
-- A filter with optional parts finds its index only with a plan for its values. Counting 100,000 files takes half the
-- time.
SET plan_cache_mode = force_custom_plan;

-- name: plan_for_all
-- Back to the setting of prepare_session. A connection that misses this only plans more than necessary.
SET plan_cache_mode = force_generic_plan;

-- name: free_notification_queue
-- Its result doesn't matter: to answer, the server removes from the queue what every listener has read. Otherwise only
-- sessions that add to the queue do that, and they can't while it is full.
SELECT pg_notification_queue_usage();

-- name: try_lock
-- A session lock under a number that only this check knows.
SELECT pg_try_advisory_lock($1::bigint) AS taken;

-- name: notify
-- On a channel of its own, so that no node and no viewer wakes up.
SELECT pg_notify('ffmate_check', $1);

-- name: database_facts
-- closing: SQL that lets only named roles connect, if every role of the server may connect now. A role that may connect
-- only for that reason, and does not own the database, is granted CONNECT first, or it would lock itself out.
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
-- Tables that the current role cannot fully use, with the rights that it lacks. Empty if nothing is missing.
SELECT c.relname AS name, string_agg(needed, ', ' ORDER BY place) AS rights
  FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace,
       unnest(CASE WHEN c.relname IN ('meta', 'migrations') THEN ARRAY['SELECT']
                   ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] END) WITH ORDINALITY AS r (needed, place)
 WHERE s.nspname = 'ffmate' AND c.relkind IN ('r', 'p') AND NOT has_table_privilege(c.oid, needed)
 GROUP BY c.relname
 ORDER BY c.relname;

-- name: seconds_since
-- How far the database's clock is ahead of a time that was read just now.
SELECT extract(epoch FROM clock_timestamp() - $1::timestamptz)::float8;
