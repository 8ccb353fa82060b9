"""Copies tasks and edits waiting ones, under the same rules as new tasks."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import PurePath
from uuid import UUID

from ffmate_desktop.db import commands
from ffmate_desktop.db.commands import StoredTask
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.tasks import TaskRow
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.paths import is_absolute, pure_path
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.task import IfExists, NewTask, TaskSpec, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.domain.wire import with_unknown_fields
from ffmate_desktop.services.output_folders import check_output_folders
from ffmate_desktop.services.output_names import TaskDraft, write_with_outputs
from ffmate_desktop.services.submission import prepare_task


@dataclass(frozen=True, slots=True)
class TaskEdit:
    """The fields to change; None leaves a field as it is. Set a command or a preset, not both.

    A new preset replaces the labels, scripts and webhooks, and the output pattern unless `output_file` is set.
    """

    command: str | None = None
    preset: UUID | None = None
    output_file: str | None = None
    priority: int | None = None
    labels: tuple[str, ...] | None = None
    name: str | None = None
    if_exists: IfExists | None = None

    def __bool__(self) -> bool:
        return self != TaskEdit()


def copy_of(task: StoredTask, source: TaskSource, client: str) -> TaskDraft:
    """A copy of a task; reads the file system. A copy never fails because the first output exists."""
    spec = task.spec
    if_exists = IfExists.REPLACE if spec.policy is IfExists.REPLACE else IfExists.RENAME
    draft = prepare_task(
        _as_new(task, if_exists=if_exists), None, source=source, client=client, base=_base(spec)
    )
    row = replace(draft.row, preset=task.preset, spec=with_unknown_fields(draft.row.spec, spec))
    return replace(draft, row=row)


async def edit_waiting(
    database: Database, uuid: UUID, change: TaskEdit, preset: Preset | None, version: int | None
) -> None:
    """Change a waiting task; raises UserError if it isn't waiting anymore, or if the change isn't valid."""
    found = await commands.stored_tasks(database, [uuid])
    if not found:
        raise UserError("The task was deleted.", "Submit its file again.")
    [task] = found
    _refuse_unless_waiting(task)
    if version is not None and task.version != version:
        raise UserError("The task was changed by someone else.", "Check it, then make your change again.")

    def check() -> TaskDraft:
        draft = _changed(task, change, preset)
        check_output_folders([draft])
        return draft

    async def write(rows: list[TaskRow]) -> None:
        if await commands.edit(database, rows[0], task.version):
            return
        for current in await commands.stored_tasks(database, [uuid]):
            _refuse_unless_waiting(current)
        raise UserError("The task was changed or deleted at the same time.", "Check it again.")

    await write_with_outputs(database, [await asyncio.to_thread(check)], write, own=task.output_key)


def _refuse_unless_waiting(task: StoredTask) -> None:
    if task.status.is_active:
        raise UserError(
            f"{task.node} has already started this task.",
            "Cancel it, then submit it again with your changes.",
        )
    if task.status is TaskStatus.UNKNOWN:
        raise UserError("Only a newer release can change this task.", "Update FFmate Desktop.")
    if task.status is not TaskStatus.QUEUED:
        raise UserError("This task has ended.", "Duplicate it, then change the copy.")


def _changed(task: StoredTask, change: TaskEdit, preset: Preset | None) -> TaskDraft:
    new = _as_new(task, if_exists=change.if_exists or task.spec.policy)
    fields: dict[str, object] = {}
    if preset is not None:
        fields |= {
            "command": change.command,
            "output_file": change.output_file,
            "labels": change.labels or (),
            "pre_processing": None,
            "post_processing": None,
            "webhooks": None,
        }
    else:
        fields |= {
            "command": new.command if change.command is None else change.command,
            "output_file": new.output_file if change.output_file is None else change.output_file,
            "labels": new.labels if change.labels is None else change.labels,
        }
    fields["priority"] = task.priority if change.priority is None else change.priority
    fields["name"] = change.name or task.name
    draft = prepare_task(
        NewTask.model_validate(new.model_dump() | fields),
        preset,
        source=task.spec.source,
        client=task.spec.client,
        base=_base(task.spec),
        uuid=task.uuid,
    )
    keeps_preset = preset is None and change.command in (None, task.spec.command)
    row = replace(draft.row, spec=_with_unknown(draft.row.spec, task.spec, keeps_scripts=preset is None))
    return replace(draft, row=replace(row, preset=task.preset) if keeps_preset else row)


def _with_unknown(changed: TaskSpec, original: TaskSpec, *, keeps_scripts: bool) -> TaskSpec:
    """Keep the unknown fields of newer releases, except those of scripts that a preset replaces."""
    without = {"pre_processing": None, "post_processing": None}
    return with_unknown_fields(changed, original if keeps_scripts else original.model_copy(update=without))


def _as_new(task: StoredTask, *, if_exists: IfExists) -> NewTask:
    return NewTask(
        input_file=task.spec.input,
        command=task.spec.command,
        name=task.name,
        output_file=task.spec.output_pattern,
        priority=task.priority,
        labels=task.labels,
        metadata=task.spec.metadata,
        if_exists=if_exists,
        pre_processing=before.to_new() if (before := task.spec.pre_processing) else None,
        post_processing=after.to_new() if (after := task.spec.post_processing) else None,
        webhooks=task.spec.webhooks,
    )


def _base(spec: TaskSpec) -> str:
    """The folder that a relative output pattern starts from: the output path minus the pattern's parts."""
    if spec.output is not None and not is_absolute(spec.output_pattern):
        names = len(PurePath(spec.output_pattern).parts)
        parents = pure_path(spec.output).parents
        if 0 < names <= len(parents):
            return str(parents[names - 1])
    return str(pure_path(spec.input).parent)
