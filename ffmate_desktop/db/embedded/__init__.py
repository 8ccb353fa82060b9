"""The embedded PostgreSQL server: where it lives, how it starts, who uses it, when it stops."""
