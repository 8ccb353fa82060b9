"""Submits, reads and commands tasks."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

from ffmate_desktop import logs
from ffmate_desktop.db import batches, commands
from ffmate_desktop.db import tasks as stored
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database, reason
from ffmate_desktop.db.selection import age_cutoff
from ffmate_desktop.db.tasks import Statuses, TaskRow
from ffmate_desktop.domain.attempt import Attempt
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.labels import NO_LABEL_CHANGE, LabelChange
from ffmate_desktop.domain.queue_order import QueueMove
from ffmate_desktop.domain.selection import ALL_TASKS, TaskSelection
from ffmate_desktop.domain.task import IfExists, LogChunk, NewTask, Task
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.edits import TaskEdit, copy_of, edit_waiting
from ffmate_desktop.services.follow import follow
from ffmate_desktop.services.output_folders import check_output_folders
from ffmate_desktop.services.output_names import (
    OutputExistsError,
    OutputInUseError,
    SkippedInput,
    TaskDraft,
    write_with_outputs,
)
from ffmate_desktop.services.own_outputs import own_outputs
from ffmate_desktop.services.paging import PAGE_SIZE, pages
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.submission import prepare_task
from ffmate_desktop.services.uuid_prefix import resolve_uuid_prefix


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """The queued tasks in the order of the inputs, and their batch if there are several.

    `skipped` are files whose output exists, if the submitter chose to skip those. `labels` are the sets of labels
    that the tasks require.
    """

    uuids: tuple[UUID, ...]
    batch: UUID | None
    skipped: tuple[SkippedInput, ...] = ()
    labels: frozenset[tuple[str, ...]] = frozenset()


class TaskService:
    """Submits, reads and commands tasks."""

    def __init__(self, database: Database, presets: PresetService) -> None:
        self._database = database
        self._presets = presets

    async def add(
        self,
        new: Sequence[NewTask],
        *,
        source: TaskSource,
        base: str = "",
        name: Callable[[UserError, int], UserError] = lambda error, _place: error,
    ) -> SubmissionResult:
        """Check and queue tasks: all in one transaction, or none. Several tasks form a batch.

        `base` is the folder for relative paths, by default the working directory. Raises UserError, after `name` has
        added which task it is about.
        """
        presets = {uuid: await self._presets.get(uuid) for uuid in {task.preset for task in new} if uuid}
        client = socket.gethostname()

        skipped: list[SkippedInput] = []

        def check() -> list[TaskDraft]:
            start = base or str(Path.cwd())
            drafts: list[TaskDraft] = []
            for place, task in enumerate(new):
                preset = presets[task.preset] if task.preset else None
                try:
                    drafts.append(prepare_task(task, preset, source=source, client=client, base=start))
                except OutputExistsError as error:
                    if task.if_exists is not IfExists.SKIP:
                        raise name(error, place) from error
                    skipped.append(SkippedInput(task.input_file, error.output, error.message))
                except UserError as error:
                    raise name(error, place) from error
            check_output_folders(drafts)
            return drafts

        submitted = await self._insert(await asyncio.to_thread(check), source)
        return replace(submitted, skipped=(*skipped, *submitted.skipped))

    async def _insert(self, drafts: list[TaskDraft], source: TaskSource) -> SubmissionResult:
        batch = uuid4()
        inserted: list[TaskRow] = []

        async def write(rows: list[TaskRow]) -> None:
            if rows:
                await stored.insert(
                    self._database, rows, batch=batch if len(rows) > 1 else None, source=source
                )
            inserted[:] = rows

        skipped = await write_with_outputs(self._database, drafts, write, skips=True)
        return SubmissionResult(
            tuple(row.uuid for row in inserted),
            batch if len(inserted) > 1 else None,
            tuple(skipped),
            frozenset(row.labels for row in inserted),
        )

    async def own_outputs(self, paths: Sequence[str]) -> dict[str, UUID]:
        """The files that the cluster itself wrote, and the task that wrote each."""
        return await own_outputs(self._database, paths)

    async def move(self, uuids: Sequence[UUID], where: QueueMove) -> dict[UUID, int]:
        """Move waiting tasks in the queue; returns the old priorities of those that changed, for undo."""
        return await commands.move(self._database, uuids, where)

    async def set_priorities(self, priorities: Mapping[UUID, int]) -> set[UUID]:
        """Set the priorities of waiting tasks; returns the tasks that changed."""
        return await commands.set_priorities(self._database, priorities)

    async def duplicate(self, uuids: Sequence[UUID], *, source: TaskSource) -> SubmissionResult:
        """Queue copies with free output names; raises UserError if an input is missing."""
        tasks = await commands.stored_tasks(self._database, uuids)
        client = socket.gethostname()
        drafts = await asyncio.to_thread(lambda: [copy_of(task, source, client) for task in tasks])
        return await self._insert(drafts, source)

    async def edit(self, uuid: UUID, change: TaskEdit, *, version: int | None = None) -> None:
        """Change a waiting task, which keeps its place in the queue; checked like a new task.

        `version` is the version that was edited. Raises UserError if the task was claimed, ended or changed since.
        """
        preset = await self._presets.get(change.preset) if change.preset else None
        await edit_waiting(self._database, uuid, change, preset, version)

    async def set_order(
        self,
        uuids: Sequence[UUID],
        priority: int | None = None,
        labels: LabelChange = NO_LABEL_CHANGE,
        name: str | None = None,
    ) -> set[UUID]:
        """Set the priority, name and labels of waiting tasks without checking files; returns those that changed."""
        return await commands.set_order(self._database, uuids, priority, labels, name)

    async def newest(self, selection: TaskSelection = ALL_TASKS, *, limit: int | None = 100) -> list[Task]:
        """Tasks that meet the conditions, newest first; `limit` None means all."""
        return [task async for page in self.pages(selection, limit=limit) for task in page]

    async def pages(
        self, selection: TaskSelection = ALL_TASKS, *, limit: int | None = None
    ) -> AsyncIterator[list[Task]]:
        """The same, page by page; each task at most once, even if the queue changes."""
        before = await age_cutoff(self._database, selection)

        def read(before_id: int | None, most: int) -> Awaitable[list[Task]]:
            return stored.list_tasks(
                self._database, selection, before=before, before_id=before_id, limit=most
            )

        async for page in pages(read, lambda task: task.id, limit):
            yield page

    async def get(self, uuids: Sequence[UUID]) -> list[Task]:
        """The tasks that still exist, in the order of the queue."""
        return await stored.get_tasks(self._database, uuids)

    async def get_pages(self, uuids: Sequence[UUID]) -> AsyncIterator[list[Task]]:
        """The same, page by page, for UUIDs in the order of the queue."""
        for start in range(0, len(uuids), PAGE_SIZE):
            yield await self.get(uuids[start : start + PAGE_SIZE])

    async def resolve(self, beginning: str) -> UUID:
        """The task whose UUID starts with this; raises UserError if there is none, or more than one."""
        return await resolve_uuid_prefix(
            self._database, stored.find_uuid, beginning, what="task", hint=_LIST_HINT
        )

    # `only` limits a command to tasks that are still in one of these statuses; None means any status.

    async def cancel(self, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
        """Cancel tasks; returns those that were unfinished. Running ones stop on their node within two seconds."""
        cancelled = await stored.cancel(self._database, uuids, only)
        await self._finish_batches(list(cancelled))
        return cancelled

    async def pause(self, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
        """Hold waiting tasks and suspend running ones; returns those that were unfinished."""
        return await stored.pause(self._database, uuids, only)

    async def resume(self, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
        """Resume tasks; returns those that were unfinished."""
        return await stored.resume(self._database, uuids, only)

    async def restart(self, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
        """Queue finished tasks again; returns those that changed. All or none: raises OutputInUseError."""
        try:
            return await stored.restart(self._database, uuids, only)
        except stored.OutputsTakenError as error:
            raise OutputInUseError(
                "Another unfinished task writes to the same output.", "Wait for it to finish, then restart."
            ) from error

    async def delete(self, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
        """Delete tasks and their logs; running ones are stopped first."""
        deleted = await stored.delete(self._database, uuids, only)
        await self._finish_batches(None)  # the deleted tasks' batches are no longer known
        return deleted

    async def _finish_batches(self, ended: Sequence[UUID] | None) -> None:
        """The command itself is done. If this fails, the nodes finish the batches within half a minute."""
        try:
            await batches.finish(self._database, ended)
        except CONNECTION_LOST as error:
            logs.database.debug("Leaving finished batches to the nodes: %s", reason(error))

    async def log(self, uuid: UUID) -> list[LogChunk]:
        """The log of all attempts, oldest first."""
        return await stored.read_log(self._database, uuid)

    async def attempts(self, uuid: UUID) -> list[Attempt]:
        """The attempts at the task, oldest first."""
        return await stored.attempts(self._database, uuid)

    def follow(self, uuids: Sequence[UUID]) -> AsyncIterator[list[Task]]:
        """Yield the tasks now and after each change, until all are done or deleted."""
        return follow(self._database, uuids)


_LIST_HINT = "`ffmate-desktop tasks list` shows the newest tasks."
