"""The names of outputs: which a task gets that is free on disk, in its submission and among all active tasks."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ffmate_desktop.db.tasks import TaskRow
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.paths import numbered_path, output_key
from ffmate_desktop.domain.task import IfExists

MAX_NUMBER = 10_000
"""So many names are tried before a free one is given up."""


class OutputExistsError(UserError):
    """The output is on disk already, and the submitter chose to fail, or to skip the file, then."""

    output = ""


class OutputInUseError(UserError):
    """Another task that is not done yet writes there, and the submitter did not choose another name."""


class OutputSharedError(UserError):
    """Two of the files that are submitted together would write to one output."""


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """A new task after every check, before its output name is settled against other active tasks."""

    row: TaskRow
    requested_output: str | None
    """The output path before any suffix; None while it depends on the node, or when there is none."""


@dataclass(frozen=True, slots=True)
class SkippedInput:
    """A file for which no task was made, and why: a whole sentence."""

    input: str
    output: str | None
    reason: str


def refuse_existing(output: str, if_exists: IfExists) -> None:
    """Raises UserError when this output cannot be, or must not, since something has its name."""
    path = Path(output)
    if os.path.isdir(path):  # noqa: PTH112 - says no where Path.is_dir may raise
        raise UserError(f"The output “{output}” is a folder.", "Name a file in it.")
    if if_exists in (IfExists.FAIL, IfExists.SKIP) and os.path.lexists(path):
        error = OutputExistsError(
            f"The output “{output}” exists already.",
            "Choose --if-exists rename or --if-exists replace, or another --output.",
        )
        error.output = output
        raise error


def assign_outputs(
    drafts: Sequence[TaskDraft], taken: set[str], on_skip: Callable[[SkippedInput], object] | None = None
) -> list[TaskRow]:
    """Give every task an output path of its own, free on disk, in this list, and among the active tasks `taken`.

    A task that skips a taken output is left out when `on_skip` hears of it. Raises UserError where the submitter
    chose to fail, or to replace what another task is just writing.
    """
    ours: set[str] = set()
    rows: list[TaskRow] = []
    for draft in drafts:
        try:
            rows.append(assign_output(draft, taken, ours))
        except (OutputInUseError, OutputSharedError) as error:
            if on_skip is None or draft.row.spec.policy is not IfExists.SKIP:
                raise
            on_skip(SkippedInput(draft.row.spec.input, draft.requested_output, error.message))
    return rows


def assign_output(draft: TaskDraft, taken: set[str], ours: set[str]) -> TaskRow:
    """The same for one of several: `taken` are outputs of active tasks, `ours` of those before it, and then its own.

    Raises OutputInUseError or OutputSharedError.
    """
    row = draft.row
    if draft.requested_output is None:
        return row
    if row.spec.if_exists is not IfExists.RENAME and output_key(draft.requested_output) in ours - taken:
        raise OutputSharedError(
            f"Two of these files would write to “{draft.requested_output}”.",
            "Give a pattern such as ${INPUT_FILE_BASENAME}.mp4, or --if-exists rename.",
        )
    path = _free_path(draft.requested_output, row.spec.if_exists, (taken, ours))
    key = output_key(path)
    ours.add(key)
    return replace(row, output_key=key, spec=row.spec.model_copy(update={"output": path}))


def numbered_keys(drafts: Sequence[TaskDraft], most: int) -> set[str]:
    """Keys of the names that these drafts get when their own are taken, up to the number `most`."""
    numbers = range(2, min(most, MAX_NUMBER) + 1)
    requested_output = {draft.requested_output for draft in drafts if draft.requested_output is not None}
    return {output_key(numbered_path(path, number)) for path in requested_output for number in numbers}


def _free_path(requested: str, if_exists: IfExists, used: Sequence[set[str]]) -> str:
    if if_exists is not IfExists.RENAME:
        if _is_in(requested, used):
            raise OutputInUseError(
                f"Another task that is not done yet writes to “{requested}”.",
                "Wait for it, choose another --output, or --if-exists rename.",
            )
        return requested
    path, number = requested, 1
    while _is_in(path, used) or os.path.lexists(path):
        number += 1
        if number > MAX_NUMBER:
            raise UserError(
                f"There are already {MAX_NUMBER} files named like “{requested}”.", "Clean up there."
            )
        path = numbered_path(requested, number)
    return path


def _is_in(path: str, used: Sequence[set[str]]) -> bool:
    key = output_key(path)
    return any(key in keys for keys in used)
