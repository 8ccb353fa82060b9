-- One stored value of another shape fails a whole statement, and every row that it reads. These read what fits and pass
-- over the rest. The planner puts their bodies in place, so that they cost what a CASE costs. Expand-only.

CREATE FUNCTION ffmate.list_of(jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof($1) = 'array' THEN $1 ELSE '[]' END $$;
CREATE FUNCTION ffmate.object_of(jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof($1) = 'object' THEN $1 ELSE '{}' END $$;
CREATE FUNCTION ffmate.bigint_of(jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof($1) = 'number' AND abs($1::numeric) < 9223372036854775807 THEN $1::numeric::bigint END $$;
CREATE FUNCTION ffmate.float_of(jsonb) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof($1) = 'number' AND abs($1::numeric) < 9223372036854775807 THEN $1::numeric::float8 END $$;

-- Which words for the status of a task occur besides the known ones: one probe of tasks_status for each that occurs.
CREATE FUNCTION ffmate.statuses_but(known text[]) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH RECURSIVE words (word) AS (
        SELECT (SELECT t.status::text FROM ffmate.tasks t ORDER BY t.status LIMIT 1)
        UNION ALL
        SELECT (SELECT t.status::text FROM ffmate.tasks t WHERE t.status > words.word ORDER BY t.status LIMIT 1)
          FROM words WHERE words.word IS NOT NULL)
    SELECT coalesce(array_agg(word), '{}') FROM words WHERE word <> ALL (known) $$;

-- As in 0005, with a size that need not be a number.
CREATE OR REPLACE FUNCTION ffmate.keep_outcomes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ffmate.watched_files f
       SET state = CASE d.status WHEN 'DONE_SUCCESSFUL' THEN 'done' WHEN 'DONE_ERROR' THEN 'failed' ELSE 'skipped' END,
           reason = CASE d.status WHEN 'DONE_SUCCESSFUL' THEN '' WHEN 'DONE_ERROR' THEN split_part(coalesce(d.error, ''), E'\n', 1)
                                  ELSE 'Its task was deleted.' END,
           disposal = CASE WHEN f.gone_at IS NULL AND o.original ->> 'action' IN ('move', 'trash') THEN
               jsonb_build_object('action', o.original -> 'action', 'is_done', d.status = 'DONE_SUCCESSFUL',
                   'output', coalesce(d.result -> 'first' ->> 'path', d.result ->> 'output'),
                   'size', coalesce(ffmate.bigint_of(d.result -> 'first' -> 'size'), ffmate.bigint_of(d.result -> 'size')))
               || CASE WHEN o.original ->> 'action' = 'trash' THEN '{}'
                       WHEN o.original ->> 'folder' ~ '^([/\\]|[A-Za-z]:)' THEN jsonb_build_object('folder', o.original ->> 'folder')
                       ELSE jsonb_build_object('folder', (w.spec ->> 'path') || '/' || (o.original ->> 'folder')) END END
      FROM deleted d
      JOIN ffmate.watched_files g ON g.task = d.uuid
      JOIN ffmate.watchfolders w ON w.id = g.folder
      CROSS JOIN LATERAL (SELECT CASE d.status WHEN 'DONE_SUCCESSFUL' THEN w.spec -> 'onSuccess'
                                               WHEN 'DONE_ERROR' THEN w.spec -> 'onFailure' END AS original) o
     WHERE f.id = g.id AND d.source = 'watchfolder' AND f.state = 'queued';
    RETURN NULL;
END $$;
