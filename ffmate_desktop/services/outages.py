"""Distinguishes database outages from defects.

The window paints before asyncpg is loaded and needs these functions right away, so they import it when called.
"""


def is_outage(error: BaseException) -> bool:
    """Whether the database is unavailable, so that retrying later is right. Any other error is a defect."""
    from ffmate_desktop.db.connection.connection import CONNECTION_LOST  # noqa: PLC0415 - see above

    return isinstance(error, CONNECTION_LOST)


def outage_reason(error: BaseException) -> str:
    """The outage in a few words."""
    from ffmate_desktop.db.connection.connection import reason  # noqa: PLC0415 - see above

    return reason(error)
