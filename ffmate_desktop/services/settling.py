"""Output names among all active tasks: settled here, decided by the database, again where somebody was faster."""

import asyncio
from collections.abc import Awaitable, Callable

from ffmate_desktop.db import tasks as stored
from ffmate_desktop.db.connection import Database
from ffmate_desktop.db.tasks import TaskRow
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.services.output_names import Draft, numbered_keys, settle_outputs

ATTEMPTS = 5


async def write_settled(
    database: Database,
    drafts: list[Draft],
    write: Callable[[list[TaskRow]], Awaitable[None]],
    *,
    own: str | None = None,
) -> None:
    """Give every draft a free output and `write` the rows, which raises OutputsTakenError when one is not free.

    `own` is the key of an output that these tasks have already. Raises UserError.
    """
    keys = {draft.row.output_key for draft in drafts if draft.row.output_key is not None}
    taken = await stored.taken_outputs(database, keys) - {own}
    for attempt in range(1, ATTEMPTS + 1):
        rows = await asyncio.to_thread(settle_outputs, drafts, taken)
        try:
            return await write(rows)
        except stored.OutputsTakenError as error:  # numbered names are taken too, or somebody was faster
            taken |= error.keys
            drawn = [draft for draft, row in zip(drafts, rows, strict=True) if row.output_key in taken]
            taken |= await stored.taken_outputs(database, numbered_keys(drawn, 8**attempt)) - {own}
    raise UserError("The output paths are being taken by other submissions at this moment.", "Try again.")
