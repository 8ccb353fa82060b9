"""Output names among all active tasks: settled here, decided by the database, again where somebody was faster."""

import asyncio
from collections.abc import Awaitable, Callable

from ffmate_desktop.db import tasks as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.tasks import TaskRow
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.services.output_names import SkippedInput, TaskDraft, assign_outputs, numbered_keys

ATTEMPTS = 5


async def write_settled(
    database: Database,
    drafts: list[TaskDraft],
    write: Callable[[list[TaskRow]], Awaitable[None]],
    *,
    own: str | None = None,
    skips: bool = False,
) -> list[SkippedInput]:
    """Give every draft a free output and `write` the rows, which raises OutputsTakenError when one is not free.

    `own` is the key of an output that these tasks have already. With `skips`, tasks that skip a taken output are
    left out and returned. Raises UserError.
    """
    keys = {draft.row.output_key for draft in drafts if draft.row.output_key is not None}
    taken = await stored.taken_outputs(database, keys) - {own}
    for attempt in range(1, ATTEMPTS + 1):
        skipped: list[SkippedInput] = []
        on_skip = skipped.append if skips else None
        rows = await asyncio.to_thread(assign_outputs, drafts, taken, on_skip)
        try:
            await write(rows)
            return skipped
        except stored.OutputsTakenError as error:  # numbered names are taken too, or somebody was faster
            taken |= error.keys
            clashing = {row.uuid for row in rows if row.output_key in taken}
            drawn = [draft for draft in drafts if draft.row.uuid in clashing]
            taken |= await stored.taken_outputs(database, numbered_keys(drawn, 8**attempt)) - {own}
    raise UserError("The output paths are being taken by other submissions at this moment.", "Try again.")
