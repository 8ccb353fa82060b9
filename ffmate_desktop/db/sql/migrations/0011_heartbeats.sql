-- Whether a node is alive is told from its heartbeat and its last beat, by every beat of every other node. A row from
-- which no moment can be calculated would make all of these fail. The program itself writes 0.5 s to an hour, and the
-- clock. Expand-only.
UPDATE ffmate.nodes SET heartbeat = '5 s' WHERE heartbeat NOT BETWEEN '1 ms' AND '7 days';
UPDATE ffmate.nodes SET beat_at = clock_timestamp() WHERE beat_at >= '10000-01-01 00:00Z' AND isfinite(beat_at);
ALTER TABLE ffmate.nodes
    ADD CONSTRAINT nodes_heartbeat CHECK (heartbeat BETWEEN interval '1 ms' AND interval '7 days'),
    ADD CONSTRAINT nodes_beat_at CHECK (beat_at < timestamptz '10000-01-01 00:00Z' OR beat_at = 'infinity');
