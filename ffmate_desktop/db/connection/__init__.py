"""Connections: from an address to a session, and what is heard on it."""
