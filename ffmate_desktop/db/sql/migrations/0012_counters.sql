-- Numbers that only grow. One at the end of its range, set by hand, would make statements fail that count those of other
-- rows too: the sweep of dead nodes, the search for the next folder to scan. Expand-only.
ALTER TABLE ffmate.nodes
    ADD CONSTRAINT nodes_version CHECK (version BETWEEN 0 AND 4611686018427387904) NOT VALID;
ALTER TABLE ffmate.watchfolders
    ADD CONSTRAINT watchfolders_counters CHECK (version BETWEEN 0 AND 4611686018427387904
                                                AND epoch BETWEEN 0 AND 4611686018427387904) NOT VALID;
