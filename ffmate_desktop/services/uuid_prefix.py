"""Uuids as people give them: by their beginning."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError


async def resolve_uuid_prefix(
    database: Database,
    find: Callable[[Database, UUID, UUID], Awaitable[list[UUID]]],
    beginning: str,
    *,
    what: str,
    hint: str,
) -> UUID:
    """The only uuid that begins so; raises UserError when there is none, or more than one.

    `find` returns at most two within a range; `what` is the word for one of them, `hint` where to see them.
    """
    digits = beginning.strip().lower().replace("-", "")
    if not digits or len(digits) > 32 or set(digits) - set("0123456789abcdef"):
        raise UsageError(f"“{beginning}” is not the beginning of a uuid.", hint)
    found = await find(database, UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))
    if not found:
        raise UserError(f"There is no {what} {beginning}.", hint)
    if len(found) > 1:
        raise UserError(f"More than one {what} begins with {beginning}.", "Give more of the uuid.")
    return found[0]
