"""Tasks for everybody who submits, watches or commands them."""

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
    """What a submission became: the tasks in the order of the inputs, and their batch when there are several.

    `skipped` are the files whose output exists, if the submitter wanted to skip those; `labels` the sets of labels
    that nodes must provide.
    """

    uuids: tuple[UUID, ...]
    batch: UUID | None
    skipped: tuple[SkippedInput, ...] = ()
    labels: frozenset[tuple[str, ...]] = frozenset()


class TaskService:
    """The door to the queue."""

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
        """Check and queue tasks: all of them in one transaction, or none. Several are one batch.

        `base` is the folder that relative paths start from, the working directory by default. Raises UserError, as
        `name` words it for the task at that place.
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
        written: list[TaskRow] = []

        async def write(rows: list[TaskRow]) -> None:
            if rows:
                of = batch if len(rows) > 1 else None
                await stored.insert(self._database, rows, batch=of, source=source)
            written[:] = rows

        skipped = await write_with_outputs(self._database, drafts, write, skips=True)
        return SubmissionResult(
            tuple(row.uuid for row in written),
            batch if len(written) > 1 else None,
            tuple(skipped),
            frozenset(row.labels for row in written),
        )

    async def own_outputs(self, paths: Sequence[str]) -> dict[str, UUID]:
        """Those of the files that the cluster itself wrote, with the task."""
        return await own_outputs(self._database, paths)

    async def move(self, uuids: Sequence[UUID], where: QueueMove) -> dict[UUID, int]:
        """Change the place of waiting tasks; returns the priorities that the changed ones had, which undoes it."""
        return await commands.move(self._database, uuids, where)

    async def set_priorities(self, priorities: Mapping[UUID, int]) -> set[UUID]:
        """Give waiting tasks these priorities; returns those that were changed."""
        return await commands.set_priorities(self._database, priorities)

    async def duplicate(self, uuids: Sequence[UUID], *, source: TaskSource) -> SubmissionResult:
        """Queue the same again under names that are free; raises UserError when an input is gone."""
        tasks = await commands.stored_tasks(self._database, uuids)
        client = socket.gethostname()
        drafts = await asyncio.to_thread(lambda: [copy_of(task, source, client) for task in tasks])
        return await self._insert(drafts, source)

    async def edit(self, uuid: UUID, change: TaskEdit, *, version: int | None = None) -> None:
        """Change a waiting task, which keeps its place; checked like a new one.

        `version` is what the editor saw. Raises UserError when the task was claimed, ended or changed meanwhile.
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
        """Give waiting tasks another priority, name and labels, without a look at files; returns those that wait."""
        return await commands.set_order(self._database, uuids, priority, labels, name)

    async def newest(self, selection: TaskSelection = ALL_TASKS, *, limit: int | None = 100) -> list[Task]:
        """Tasks that meet the conditions, newest first; `limit` None means all."""
        return [task async for page in self.pages(selection, limit=limit) for task in page]

    async def pages(
        self, selection: TaskSelection = ALL_TASKS, *, limit: int | None = None
    ) -> AsyncIterator[list[Task]]:
        """The same a page at a time; each task at most once, whatever changes meanwhile."""
        before = await age_cutoff(self._database, selection)

        def read(before_id: int | None, most: int) -> Awaitable[list[Task]]:
            return stored.list_tasks(
                self._database, selection, before=before, before_id=before_id, limit=most
            )

        async for page in pages(read, lambda task: task.id, limit):
            yield page

    async def get(self, uuids: Sequence[UUID]) -> list[Task]:
        """The tasks that exist of these, in the order of the queue."""
        return await stored.get_tasks(self._database, uuids)

    async def get_pages(self, uuids: Sequence[UUID]) -> AsyncIterator[list[Task]]:
        """The same a page at a time, for tasks that are named in the order of the queue."""
        for start in range(0, len(uuids), PAGE_SIZE):
            yield await self.get(uuids[start : start + PAGE_SIZE])

    async def resolve(self, beginning: str) -> UUID:
        """The task whose uuid begins so; raises UserError when there is none, or more than one."""
        return await resolve_uuid_prefix(
            self._database, stored.find_uuid, beginning, what="task", hint=_LIST_HINT
        )

    # `only`: tasks that have left these statuses since they were selected are not changed. None: any status.

    async def cancel(self, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
        """Cancel; returns those that were not done yet. Running ones end on their node within two seconds."""
        cancelled = await stored.cancel(self._database, uuids, only)
        await self._finish_batches(list(cancelled))
        return cancelled

    async def pause(self, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
        """Hold or suspend; returns those that were not done yet."""
        return await stored.pause(self._database, uuids, only)

    async def resume(self, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
        """Let go on; returns those that were not done yet."""
        return await stored.resume(self._database, uuids, only)

    async def restart(self, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
        """Queue done tasks again; returns those that were done. Raises OutputInUseError, changing nothing."""
        try:
            return await stored.restart(self._database, uuids, only)
        except stored.OutputsTakenError as error:
            raise OutputInUseError(
                "Another unfinished task writes to the same output.", "Wait for it to finish, then restart."
            ) from error

    async def delete(self, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
        """Remove tasks with their logs; running ones are killed first."""
        deleted = await stored.delete(self._database, uuids, only)
        await self._finish_batches(None)  # whose, the deleted ones cannot tell any more
        return deleted

    async def _finish_batches(self, ended: Sequence[UUID] | None) -> None:
        """What was asked for is done: if this cannot be now, the nodes do it within half a minute."""
        try:
            await batches.finish(self._database, ended)
        except CONNECTION_LOST as error:
            logs.database.debug("Batches are left to the nodes: %s", reason(error))

    async def log(self, uuid: UUID) -> list[LogChunk]:
        """The lines of all attempts, oldest first."""
        return await stored.read_log(self._database, uuid)

    async def attempts(self, uuid: UUID) -> list[Attempt]:
        """Who worked on the task and how that ended, oldest first."""
        return await stored.attempts(self._database, uuid)

    def follow(self, uuids: Sequence[UUID]) -> AsyncIterator[list[Task]]:
        """The tasks as they are, again after each change, until all are done or gone."""
        return follow(self._database, uuids)


_LIST_HINT = "`ffmate-desktop tasks list` shows the newest tasks."
