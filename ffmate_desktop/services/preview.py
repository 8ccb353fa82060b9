"""What a submission would become, before anybody submits it: the same checks, without a write."""

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
from ffmate_desktop.services.output_names import (
    OutputExistsError,
    OutputInUseError,
    OutputSharedError,
    TaskDraft,
    assign_output,
    numbered_keys,
)
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.submission import check_folders, prepare_task

CHUNK_SIZE = 500
"""So many files are looked at between two reports."""

NUMBERED_NAMES = 64
"""So many numbered names are asked for at once."""


class PreviewIssue(StrEnum):
    """What is to be said about a file; RENAMED and REPLACES are no errors."""

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
        """Whether submitting would be refused."""
        return self not in (PreviewIssue.NONE, PreviewIssue.RENAMED, PreviewIssue.REPLACES)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One file: where its output would come to lie (None: nowhere, or only the node knows), and what is wrong."""

    input: str
    output: str | None
    trouble: PreviewIssue = PreviewIssue.NONE
    message: str = ""
    hint: str = ""


class PreviewService:
    """Looks ahead; what it says may change until the submission, which checks everything again."""

    def __init__(self, database: Database, presets: PresetService) -> None:
        self._database = database
        self._presets = presets

    async def preview(
        self,
        new: Sequence[NewTask],
        *,
        source: TaskSource,
        base: str = "",
        on_progress: Callable[[int], object] = lambda _looked: None,
    ) -> list[PreviewRow]:
        """One row for each task, in their order; raises UserError only when a preset is gone.

        `on_progress` hears now and then how many were looked at.
        """
        presets = {uuid: await self._presets.get(uuid) for uuid in {task.preset for task in new} if uuid}
        checked: list[TaskDraft | PreviewRow] = []
        known, folders = CheckedCommands(), dict[Path, UserError | None]()
        for start in range(0, len(new), CHUNK_SIZE):
            portion = new[start : start + CHUNK_SIZE]
            checked += await asyncio.to_thread(
                _check, portion, presets, source, base or str(Path.cwd()), known, folders
            )
            on_progress(len(checked))
        drafts = [draft for draft in checked if isinstance(draft, TaskDraft)]
        keys = {draft.row.output_key for draft in drafts if draft.row.output_key is not None}
        taken = await stored.taken_outputs(self._database, keys)
        if taken:
            clashing = [draft for draft in drafts if draft.row.output_key in taken]
            taken |= await stored.taken_outputs(self._database, numbered_keys(clashing, NUMBERED_NAMES))
        return await asyncio.to_thread(_settle, new, checked, taken)


def _check(
    new: Sequence[NewTask],
    presets: Mapping[UUID, Preset],
    source: TaskSource,
    base: str,
    known: CheckedCommands,
    folders: dict[Path, UserError | None],
) -> list[TaskDraft | PreviewRow]:
    checked: list[TaskDraft | PreviewRow] = []
    for task in new:
        try:
            draft = prepare_task(
                task,
                presets[task.preset] if task.preset else None,
                source=source,
                client="",
                base=base,
                known=known,
            )
        except OutputExistsError as error:
            checked.append(_row(task, PreviewIssue.EXISTS, error))
        except UsageError as error:
            checked.append(_row(task, PreviewIssue.COMMAND, error))
        except UserError as error:
            checked.append(_row(task, PreviewIssue.INPUT, error))
        else:
            trouble = _folder_trouble(draft, folders)
            if trouble is None:
                checked.append(draft)
            else:
                checked.append(_row(task, PreviewIssue.FOLDER, trouble, draft.requested_output))
    return checked


def _folder_trouble(draft: TaskDraft, folders: dict[Path, UserError | None]) -> UserError | None:
    """Each folder is tried once."""
    if draft.requested_output is None:
        return None
    folder = Path(draft.requested_output).parent
    if folder not in folders:
        try:
            check_folders([draft])
            folders[folder] = None
        except UserError as error:
            folders[folder] = error
    return folders[folder]


def _settle(
    new: Sequence[NewTask], checked: Sequence[TaskDraft | PreviewRow], taken: set[str]
) -> list[PreviewRow]:
    ours: set[str] = set()
    return [
        one if isinstance(one, PreviewRow) else _settle_one(task, one, taken, ours)
        for task, one in zip(new, checked, strict=True)
    ]


def _settle_one(task: NewTask, draft: TaskDraft, taken: set[str], ours: set[str]) -> PreviewRow:  # noqa: PLR0911 - a reason each
    try:
        output = assign_output(draft, taken, ours).spec.output
    except OutputInUseError as error:
        return _row(task, PreviewIssue.TAKEN, error, draft.requested_output)
    except OutputSharedError as error:
        return _row(task, PreviewIssue.SHARED, error, draft.requested_output)
    except UserError as error:
        return _row(task, PreviewIssue.EXISTS, error, draft.requested_output)
    given = draft.row.spec.input
    if output is None or draft.requested_output is None:
        return PreviewRow(given, output)
    if output_key(output) != output_key(draft.requested_output):
        return PreviewRow(
            given, output, PreviewIssue.RENAMED, f"“{Path(draft.requested_output).name}” is taken."
        )
    if task.if_exists is IfExists.REPLACE and os.path.lexists(output):
        return PreviewRow(given, output, PreviewIssue.REPLACES, f"Replaces “{Path(output).name}”.")
    return PreviewRow(given, output)


def _row(task: NewTask, trouble: PreviewIssue, error: UserError, output: str | None = None) -> PreviewRow:
    return PreviewRow(task.input_file, output, trouble, error.message, error.hint)
