-- Reads a database of FFmate 2, and stores what has no other place in this one.

-- name: list_tables
SELECT table_name FROM information_schema.tables WHERE table_schema = $1;

-- name: list_webhooks
SELECT event, url FROM ffmate.webhooks ORDER BY event, url;

-- name: store_webhook
-- Storing the same one again changes nothing.
INSERT INTO ffmate.webhooks (uuid, event, url) VALUES ($1, $2, $3) ON CONFLICT (event, url) DO NOTHING RETURNING uuid;
