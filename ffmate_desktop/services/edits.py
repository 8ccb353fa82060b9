"""Copies of tasks, and changes of tasks that wait: checked by the same rules as new ones."""

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
    """What shall be different; None leaves it as it is. A command and a preset exclude each other.

    A new preset brings its output pattern, unless one is given, and its labels, scripts and webhooks instead of the
    former ones.
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
    """The same task once more; reads the file system. A copy never fails because the first output exists."""
    spec = task.spec
    again = IfExists.REPLACE if spec.policy is IfExists.REPLACE else IfExists.RENAME
    draft = prepare_task(_as_new(task, if_exists=again), None, source=source, client=client, base=_base(spec))
    row = replace(draft.row, preset=task.preset, spec=with_unknown_fields(draft.row.spec, spec))
    return replace(draft, row=row)


async def edit_waiting(
    database: Database, uuid: UUID, change: TaskEdit, preset: Preset | None, version: int | None
) -> None:
    """Change a task while it waits; raises UserError when it does not wait any more, or what is wanted cannot be."""
    found = await commands.stored_tasks(database, [uuid])
    if not found:
        raise UserError("The task was deleted meanwhile.", "Submit its file again.")
    [task] = found
    _refuse_unless_waiting(task)
    if version is not None and task.version != version:
        raise UserError("Somebody else changed the task meanwhile.", "Look at it again, then change it.")

    def check() -> TaskDraft:
        draft = _changed(task, change, preset)
        check_output_folders([draft])
        return draft

    async def write(rows: list[TaskRow]) -> None:
        if await commands.edit(database, rows[0], task.version):
            return
        for now in await commands.stored_tasks(database, [uuid]):
            _refuse_unless_waiting(now)
        raise UserError("The task was changed or deleted at the same moment.", "Look at it again.")

    await write_with_outputs(database, [await asyncio.to_thread(check)], write, own=task.output_key)


def _refuse_unless_waiting(task: StoredTask) -> None:
    if task.status.is_active:
        raise UserError(
            f"{task.node} has begun with this task.", "Cancel it, then submit it again with the changes."
        )
    if task.status is TaskStatus.UNKNOWN:
        raise UserError(
            "Only a newer release can change this task: it does not wait.", "Update FFmate Desktop."
        )
    if task.status is not TaskStatus.QUEUED:
        raise UserError("This task has ended.", "Duplicate it, then change the copy.")


def _changed(task: StoredTask, change: TaskEdit, preset: Preset | None) -> TaskDraft:
    new = _as_new(task, if_exists=change.if_exists or task.spec.policy)
    different: dict[str, object] = {}
    if preset is not None:
        different |= {
            "command": change.command,
            "output_file": change.output_file,
            "labels": change.labels or (),
            "pre_processing": None,
            "post_processing": None,
            "webhooks": None,
        }
    else:
        different |= {
            "command": new.command if change.command is None else change.command,
            "output_file": new.output_file if change.output_file is None else change.output_file,
            "labels": new.labels if change.labels is None else change.labels,
        }
    different["priority"] = task.priority if change.priority is None else change.priority
    different["name"] = change.name or task.name
    draft = prepare_task(
        NewTask.model_validate(new.model_dump() | different),
        preset,
        source=task.spec.source,
        client=task.spec.client,
        base=_base(task.spec),
        uuid=task.uuid,
    )
    keeps_preset = preset is None and change.command in (None, task.spec.command)
    row = replace(draft.row, spec=_with_unknown(draft.row.spec, task.spec, whole=preset is None))
    return replace(draft, row=replace(row, preset=task.preset) if keeps_preset else row)


def _with_unknown(fresh: TaskSpec, former: TaskSpec, *, whole: bool) -> TaskSpec:
    """What a newer release added stays; but what it added to scripts goes with them when a preset brings others."""
    without = {"pre_processing": None, "post_processing": None}
    return with_unknown_fields(fresh, former if whole else former.model_copy(update=without))


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
    """The folder that a relative output pattern started from: the output without as many names as the pattern has."""
    if spec.output is not None and not is_absolute(spec.output_pattern):
        names = len(PurePath(spec.output_pattern).parts)
        parents = pure_path(spec.output).parents
        if 0 < names <= len(parents):
            return str(parents[names - 1])
    return str(pure_path(spec.input).parent)
