-- Presets that users made. The built-in ones come with the program and are in no table.

-- name: list_presets
SELECT uuid, name, description, command, output_file, priority, array_remove(labels, NULL) AS labels, extra, created_at, updated_at
  FROM ffmate.presets
 ORDER BY lower(name);

-- name: write_preset
-- Insert or update. If $9 is NULL, the stored scripts and webhooks are kept. The unique index presets_name raises if
-- another preset has the name. A trigger notifies all listeners.
INSERT INTO ffmate.presets (uuid, name, description, command, command_tokens, output_file, priority, labels, extra)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, coalesce($9::jsonb, '{}'))
ON CONFLICT (uuid) DO UPDATE
   SET name = excluded.name, description = excluded.description, command = excluded.command,
       command_tokens = excluded.command_tokens, output_file = excluded.output_file, priority = excluded.priority,
       labels = excluded.labels, extra = coalesce($9::jsonb, presets.extra), version = presets.version + 1, updated_at = clock_timestamp()
RETURNING uuid;

-- name: preset_exists
SELECT EXISTS (SELECT 1 FROM ffmate.presets WHERE uuid = $1) AS found;

-- name: delete_preset
-- Tasks keep what they were made from, and the preset's name.
DELETE FROM ffmate.presets WHERE uuid = $1 RETURNING uuid;
