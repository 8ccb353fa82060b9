"""The work of one cluster node, one duty a file."""
