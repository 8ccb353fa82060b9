"""The life of one claimed task on a node."""
