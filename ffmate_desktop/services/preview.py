"""Previews a submission: the same checks, but nothing is written."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from ffmate_desktop.db import tasks as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.task import IfExists, NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.checked_commands import CheckedCommands
from ffmate_desktop.services.output_folders import OutputFolderChecks
from ffmate_desktop.services.output_names import (
    OutputExistsError,
    OutputInUseError,
    OutputSharedError,
    TaskDraft,
    assign_output,
    numbered_keys,
)
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.submission import prepare_task

CHUNK_SIZE = 500
"""Files checked between two progress reports."""

NUMBERED_NAMES = 64
"""Numbered names looked up at once."""


class PreviewIssue(StrEnum):
    """What the preview says about a file; RENAMED and REPLACES aren't errors."""

    NONE = "none"
    RENAMED = "renamed"
    REPLACES = "replaces"
    EXISTS = "exists"
    TAKEN = "taken"
    SHARED = "shared"
    FOLDER = "folder"
    INPUT = "input"
    COMMAND = "command"

    @property
    def is_error(self) -> bool:
        """Whether submitting the file would fail."""
        return self not in (PreviewIssue.NONE, PreviewIssue.RENAMED, PreviewIssue.REPLACES)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One file: its output (None if there is none, or if only the node knows) and what is wrong."""

    input: str
    output: str | None
    issue: PreviewIssue = PreviewIssue.NONE
    message: str = ""
    hint: str = ""


class PreviewService:
    """A preview may be out of date by the time of the submission, which checks everything again."""

    def __init__(self, database: Database, presets: PresetService) -> None:
        self._database = database
        self._presets = presets

    async def preview(
        self,
        new: Sequence[NewTask],
        *,
        source: TaskSource,
        base: str = "",
        on_progress: Callable[[int], object] = lambda _count: None,
    ) -> list[PreviewRow]:
        """One row for each task, in the same order. Raises UserError only if a preset was deleted.

        `on_progress` is called now and then with the number of files checked so far.
        """
        presets = {uuid: await self._presets.get(uuid) for uuid in {task.preset for task in new} if uuid}
        checked: list[TaskDraft | PreviewRow] = []
        commands, folders = CheckedCommands(), OutputFolderChecks()
        for start in range(0, len(new), CHUNK_SIZE):
            chunk = new[start : start + CHUNK_SIZE]
            checked += await asyncio.to_thread(
                _check, chunk, presets, source, base or str(Path.cwd()), commands, folders
            )
            on_progress(len(checked))
        drafts = [draft for draft in checked if isinstance(draft, TaskDraft)]
        keys = {draft.row.output_key for draft in drafts if draft.row.output_key is not None}
        taken = await stored.taken_outputs(self._database, keys)
        if taken:
            clashing = [draft for draft in drafts if draft.row.output_key in taken]
            taken |= await stored.taken_outputs(self._database, numbered_keys(clashing, NUMBERED_NAMES))
        return await asyncio.to_thread(_assign_outputs, new, checked, taken)


def _check(
    new: Sequence[NewTask],
    presets: Mapping[UUID, Preset],
    source: TaskSource,
    base: str,
    commands: CheckedCommands,
    folders: OutputFolderChecks,
) -> list[TaskDraft | PreviewRow]:
    checked: list[TaskDraft | PreviewRow] = []
    for task in new:
        preset = presets[task.preset] if task.preset else None
        try:
            draft = prepare_task(task, preset, source=source, client="", base=base, checked=commands)
        except OutputExistsError as error:
            checked.append(_row(task, PreviewIssue.EXISTS, error))
        except UsageError as error:
            checked.append(_row(task, PreviewIssue.COMMAND, error))
        except UserError as error:
            checked.append(_row(task, PreviewIssue.INPUT, error))
        else:
            if (unwritable := folders.error(draft)) is None:
                checked.append(draft)
            else:
                checked.append(_row(task, PreviewIssue.FOLDER, unwritable, draft.requested_output))
    return checked


def _assign_outputs(
    new: Sequence[NewTask], checked: Sequence[TaskDraft | PreviewRow], taken: set[str]
) -> list[PreviewRow]:
    assigned: set[str] = set()
    return [
        draft if isinstance(draft, PreviewRow) else _assign_output(task, draft, taken, assigned)
        for task, draft in zip(new, checked, strict=True)
    ]


def _assign_output(task: NewTask, draft: TaskDraft, taken: set[str], assigned: set[str]) -> PreviewRow:  # noqa: PLR0911 - an issue each
    requested = draft.requested_output
    try:
        output = assign_output(draft, taken, assigned).spec.output
    except OutputInUseError as error:
        return _row(task, PreviewIssue.TAKEN, error, requested)
    except OutputSharedError as error:
        return _row(task, PreviewIssue.SHARED, error, requested)
    except UserError as error:
        return _row(task, PreviewIssue.EXISTS, error, requested)
    input_file = draft.row.spec.input
    if output is None or requested is None:
        return PreviewRow(input_file, output)
    if output_key(output) != output_key(requested):
        return PreviewRow(input_file, output, PreviewIssue.RENAMED, f"“{Path(requested).name}” is taken.")
    if task.if_exists is IfExists.REPLACE and os.path.lexists(output):
        return PreviewRow(input_file, output, PreviewIssue.REPLACES, f"Replaces “{Path(output).name}”.")
    return PreviewRow(input_file, output)


def _row(task: NewTask, issue: PreviewIssue, error: UserError, output: str | None = None) -> PreviewRow:
    return PreviewRow(task.input_file, output, issue, error.message, error.hint)
