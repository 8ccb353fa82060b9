-- What the cluster wrote is not remembered for ever. Expand-only: an older node's rows get their time by default.

-- For all that is known by now the time begins anew. In no index: it is looked at once a day.
ALTER TABLE ffmate.outputs ADD COLUMN written_at timestamptz NOT NULL DEFAULT now();
