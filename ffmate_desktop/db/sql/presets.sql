-- Presets that users made. The built-in ones come with the program and are in no table.

-- name: list_presets
SELECT uuid, name, description, command, output_file, priority, labels, created_at, updated_at
  FROM ffmate.presets
 ORDER BY lower(name);
