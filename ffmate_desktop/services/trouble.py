"""Telling an outage of the database from a defect, for front ends that know nothing of its driver."""

from ffmate_desktop.db.connection import CONNECTION_LOST


def is_outage(error: BaseException) -> bool:
    """The database is away or in trouble: what was asked may succeed later."""
    return isinstance(error, CONNECTION_LOST)
