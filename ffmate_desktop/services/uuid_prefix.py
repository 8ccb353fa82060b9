"""Finds UUIDs by the first characters that people type."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError


async def resolve_uuid_prefix(
    database: Database,
    find: Callable[[Database, UUID, UUID], Awaitable[list[UUID]]],
    prefix: str,
    *,
    what: str,
    hint: str,
) -> UUID:
    """The only UUID that starts with this; raises UserError if there is none, or more than one.

    `find` returns at most two UUIDs in a range. `what` is the noun for the error message.
    """
    digits = prefix.strip().lower().replace("-", "")
    if not digits or len(digits) > 32 or set(digits) - set("0123456789abcdef"):
        raise UsageError(f"“{prefix}” isn't the beginning of a UUID.", hint)
    found = await find(database, UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))
    if not found:
        raise UserError(f"No {what} begins with {prefix}.", hint)
    if len(found) > 1:
        raise UserError(f"More than one {what} begins with {prefix}.", "Enter more of the UUID.")
    return found[0]
