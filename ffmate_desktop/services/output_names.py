"""Output names: each task gets one that is free on disk, within its submission and among all active tasks.

Names are chosen here, but the database decides. If another submission took a name first, the next free one is tried.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ffmate_desktop.db import tasks as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.tasks import TaskRow
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.paths import numbered_path, output_key
from ffmate_desktop.domain.task import IfExists

MAX_NUMBER = 10_000
"""The highest number that is appended to a name before giving up."""

MAX_ATTEMPTS = 5


class OutputExistsError(UserError):
    """The output exists on disk, and the submitter chose to fail or to skip the file in that case."""

    output = ""


class OutputInUseError(UserError):
    """Another unfinished task writes to the output, and the submitter didn't allow another name."""


class OutputSharedError(UserError):
    """Two files of one submission would write to the same output."""


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """A new task that passed every check; its output name may still change to avoid other active tasks."""

    row: TaskRow
    requested_output: str | None
    """The output path before any number is appended; None if there is none, or if it depends on the node."""


@dataclass(frozen=True, slots=True)
class SkippedInput:
    """A file that wasn't queued; `reason` is a full sentence."""

    input: str
    output: str | None
    reason: str


async def write_with_outputs(
    database: Database,
    drafts: list[TaskDraft],
    write: Callable[[list[TaskRow]], Awaitable[None]],
    *,
    own: str | None = None,
    skips: bool = False,
) -> list[SkippedInput]:
    """Assign every draft a free output and `write` the rows; retry when `write` raises OutputsTakenError.

    `own` is the key of an output that these tasks already have. With `skips`, drafts that skip a taken output are
    left out and returned. Raises UserError.
    """
    keys = {draft.row.output_key for draft in drafts if draft.row.output_key is not None}
    taken = await stored.taken_outputs(database, keys) - {own}
    for attempt in range(1, MAX_ATTEMPTS + 1):
        skipped: list[SkippedInput] = []
        on_skip = skipped.append if skips else None
        rows = await asyncio.to_thread(assign_outputs, drafts, taken, on_skip)
        try:
            await write(rows)
            return skipped
        except stored.OutputsTakenError as error:
            # numbered names are taken too, or another submission was faster
            taken |= error.keys
            clashing = {row.uuid for row in rows if row.output_key in taken}
            renamed = [draft for draft in drafts if draft.row.uuid in clashing]
            taken |= await stored.taken_outputs(database, numbered_keys(renamed, 8**attempt)) - {own}
    raise UserError("Other submissions keep taking the same output names.", "Try again.")


def refuse_existing(output: str, if_exists: IfExists) -> None:
    """Raise UserError if something on disk prevents this output, or if the submitter doesn't want to replace it."""
    path = Path(output)
    if os.path.isdir(path):  # noqa: PTH112 - says no where Path.is_dir may raise
        raise UserError(f"The output “{output}” is a folder.", "Add a file name to the path.")
    if if_exists in (IfExists.FAIL, IfExists.SKIP) and os.path.lexists(path):
        error = OutputExistsError(
            f"The output “{output}” already exists.",
            "Choose another output, add a number (--if-exists rename), or replace the file (--if-exists replace).",
        )
        error.output = output
        raise error


def assign_outputs(
    drafts: Sequence[TaskDraft], taken: set[str], on_skip: Callable[[SkippedInput], object] | None = None
) -> list[TaskRow]:
    """Give every task its own output path: free on disk, in this list, and among the active tasks' `taken` outputs.

    A task that skips taken outputs is left out and passed to `on_skip`, if that is set. Raises UserError where the
    submitter chose to fail, or to replace a file that another task is writing.
    """
    assigned: set[str] = set()
    rows: list[TaskRow] = []
    for draft in drafts:
        try:
            rows.append(assign_output(draft, taken, assigned))
        except (OutputInUseError, OutputSharedError) as error:
            if on_skip is None or draft.row.spec.policy is not IfExists.SKIP:
                raise
            on_skip(SkippedInput(draft.row.spec.input, draft.requested_output, error.message))
    return rows


def assign_output(draft: TaskDraft, taken: set[str], assigned: set[str]) -> TaskRow:
    """Give one task its output path and add its key to `assigned`, the outputs of this submission so far.

    `taken` are the outputs of active tasks. Raises OutputInUseError or OutputSharedError.
    """
    row, requested = draft.row, draft.requested_output
    if requested is None:
        return row
    if row.spec.if_exists is not IfExists.RENAME and output_key(requested) in assigned - taken:
        raise OutputSharedError(
            f"Two of these files would write to “{requested}”.",
            "Use ${INPUT_FILE_BASENAME} in the output name, or add a number (--if-exists rename).",
        )
    path = _free_path(requested, row.spec.if_exists, (taken, assigned))
    key = output_key(path)
    assigned.add(key)
    return replace(row, output_key=key, spec=row.spec.model_copy(update={"output": path}))


def numbered_keys(drafts: Sequence[TaskDraft], highest: int) -> set[str]:
    """Keys of the numbered names these drafts would get next, up to the number `highest`."""
    numbers = range(2, min(highest, MAX_NUMBER) + 1)
    requested = {draft.requested_output for draft in drafts if draft.requested_output is not None}
    return {output_key(numbered_path(path, number)) for path in requested for number in numbers}


def _free_path(requested: str, if_exists: IfExists, used: Sequence[set[str]]) -> str:
    if if_exists is not IfExists.RENAME:
        if _is_in(requested, used):
            raise OutputInUseError(
                f"Another unfinished task writes to “{requested}”.",
                "Wait for it to finish, choose another output, or add a number (--if-exists rename).",
            )
        return requested
    path, number = requested, 1
    while _is_in(path, used) or os.path.lexists(path):
        number += 1
        if number > MAX_NUMBER:
            raise UserError(
                f"{MAX_NUMBER:,} files already have names like “{requested}”.",
                "Delete some of them, or choose another name.",
            )
        path = numbered_path(requested, number)
    return path


def _is_in(path: str, used: Sequence[set[str]]) -> bool:
    key = output_key(path)
    return any(key in keys for keys in used)
