"""From the address of a database to a session, and the errors on the way."""
