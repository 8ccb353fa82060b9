-- What is to be done with an original is done also when its task is deleted before a scan has seen its end. Expand-only.

CREATE OR REPLACE FUNCTION ffmate.keep_outcomes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ffmate.watched_files f
       SET state = CASE d.status WHEN 'DONE_SUCCESSFUL' THEN 'done' WHEN 'DONE_ERROR' THEN 'failed' ELSE 'skipped' END,
           reason = CASE d.status WHEN 'DONE_SUCCESSFUL' THEN '' WHEN 'DONE_ERROR' THEN split_part(coalesce(d.error, ''), E'\n', 1)
                                  ELSE 'Its task was deleted.' END,
           -- As a scan writes it (node/originals.py); the folder is a whole path, or below the watchfolder.
           disposal = CASE WHEN f.gone_at IS NULL AND o.original ->> 'action' IN ('move', 'trash') THEN
               jsonb_build_object('action', o.original -> 'action', 'is_done', d.status = 'DONE_SUCCESSFUL',
                   'output', coalesce(d.result -> 'first' ->> 'path', d.result ->> 'output'),
                   'size', coalesce(d.result -> 'first' ->> 'size', d.result ->> 'size')::bigint)
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
