-- Viewers: whoever wants to hear of every change.

-- name: look
-- After LISTEN, before the first read. From here on changes are told; what was changed unheard before is committed,
-- so that the read finds it. It ends with the connection.
SELECT ffmate.look();

-- name: ping
-- Is anybody there? A wire that was cut without a word looks like one on which nothing happens.
SELECT 1;
