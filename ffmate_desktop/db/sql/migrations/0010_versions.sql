-- Watched files that were moved, and files that grow with pauses. Expand-only: older nodes never read either.

-- Finds the row of a file that has another path now. Rows without a task are not followed.
CREATE INDEX watched_files_version ON ffmate.watched_files (folder, mtime, size) WHERE task IS NOT NULL;

-- Seconds that the file must not change, as it was seen to grow after pauses.
ALTER TABLE ffmate.watched_files ADD COLUMN quiet real NOT NULL DEFAULT 0;
