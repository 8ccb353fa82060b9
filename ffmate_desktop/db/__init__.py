"""The only SQL and the only asyncpg."""
