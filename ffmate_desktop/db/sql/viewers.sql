-- Viewers: whoever wants to hear of every change.

-- name: start_viewing
-- After LISTEN, before the first read. From here on changes are told; what was changed unheard before is committed,
-- so that the read finds it. It ends with the connection.
SELECT ffmate.look();

-- name: check_tables
-- Nothing is read, but the locks are taken: while one of these tables is locked, there is nothing to be shown.
SELECT FROM ffmate.tasks, ffmate.task_logs, ffmate.nodes, ffmate.node_logs, ffmate.presets, ffmate.batches,
            ffmate.watchfolders, ffmate.watched_files
 WHERE false;

-- name: ping
-- Is anybody there? A wire that was cut without a word looks like one on which nothing happens.
SELECT 1;
