-- Viewers: sessions that want to be notified of every change.

-- name: start_viewing
-- Runs after LISTEN and before the first read. From here on, changes are notified. Earlier changes that were not
-- notified are committed, so the read finds them. It ends with the connection.
SELECT ffmate.look();

-- name: check_tables
-- Reads no row, but takes the locks: while one of these tables is locked there is nothing to show.
SELECT FROM ffmate.tasks, ffmate.task_logs, ffmate.nodes, ffmate.node_logs, ffmate.presets, ffmate.batches,
            ffmate.watchfolders, ffmate.watched_files
 WHERE false;

-- name: ping
-- Checks that the server still answers. A connection that was cut silently looks like one on which nothing happens.
SELECT 1;
