-- How important a node's encodes are beside other programs of its computer: 'low', 'normal', or a word of a newer
-- release. NULL is a node of an older release, which says nothing. Expand-only.
ALTER TABLE ffmate.nodes ADD COLUMN encode_priority text;
