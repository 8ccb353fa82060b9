"""Follows tasks until they are done. Rows are the truth; notifications say when to read them again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import monotonic
from uuid import UUID

from ffmate_desktop.backoff import Backoff
from ffmate_desktop.db import tasks as stored
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database
from ffmate_desktop.db.listener import changes
from ffmate_desktop.domain.change import AnythingChanged, Change, ProgressReported, TasksChanged
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import LiveProgress, Task

REFRESH_SECONDS = 5.0
"""Seconds without a notification after which the rows are read anyway."""

PROGRESS_TIMEOUT = 8.0
"""Seconds without an update after which live progress is dropped and the task's row is read again."""


async def follow(database: Database, uuids: Sequence[UUID]) -> AsyncIterator[list[Task]]:
    """Yield the tasks now and after each change, until all are done or deleted.

    Live progress from the nodes is merged in between changes to the rows. A lost connection is retried without a time
    limit, because the tasks continue without us.
    """
    backoff, first = Backoff(0.1, 5.0), True
    while True:
        try:
            async with changes(database.uri) as queue:
                tasks = _FollowedTasks(database, uuids)
                await tasks.read()
                while True:
                    backoff.reset()
                    first = False
                    yield tasks.current()
                    if all(task.status.is_done for task in tasks.rows):
                        return
                    batch = await _next_changes(queue)
                    if None in batch:
                        break
                    await tasks.apply(batch)
        except UserError:  # still can't reconnect; only the first failure is the user's to see
            if first:
                raise
        except CONNECTION_LOST:
            pass
        first = False
        await asyncio.sleep(backoff.next_delay())


async def _next_changes(queue: asyncio.Queue[Change | None]) -> list[Change | None]:
    """All queued changes, at least one; AnythingChanged after REFRESH_SECONDS without any."""
    try:
        async with asyncio.timeout(REFRESH_SECONDS):
            batch = [await queue.get()]
    except TimeoutError:
        return [AnythingChanged()]
    while not queue.empty():
        batch.append(queue.get_nowait())
    return batch


class _FollowedTasks:
    """The rows as last read, plus live progress while it is recent, because anyone can send it."""

    def __init__(self, database: Database, uuids: Sequence[UUID]) -> None:
        self.rows: list[Task] = []
        self._database = database
        self._uuids = uuids
        self._progress: dict[int, tuple[LiveProgress, float]] = {}

    def current(self) -> list[Task]:
        """The rows with live progress."""
        return [self._with_progress(task) for task in self.rows]

    async def read(self) -> None:
        """Read all rows."""
        self.rows = await stored.get_tasks(self._database, self._uuids)

    async def apply(self, batch: Sequence[Change | None]) -> None:
        """Read the changed tasks again, or all of them if the changes don't say which."""
        uuids = {task.id: task.uuid for task in self.rows}
        stale = {uuids[task] for task in self._drop_stale_progress() if task in uuids}
        reads_all = False
        for change in batch:
            match change:
                case ProgressReported(tasks=tasks):
                    now = monotonic()
                    self._progress |= {live.task_id: (live, now) for live in tasks if live.task_id in uuids}
                case TasksChanged(ids=None) | AnythingChanged():
                    reads_all = True
                case TasksChanged(ids=ids) if ids is not None:
                    stale |= {uuids[task] for task in ids if task in uuids}
                case _:
                    pass
        if reads_all:
            await self.read()
        elif stale:
            updated = {task.uuid: task for task in await stored.get_tasks(self._database, list(stale))}
            remaining = (task for task in self.rows if task.uuid in updated or task.uuid not in stale)
            self.rows = [updated.get(task.uuid, task) for task in remaining]

    def _drop_stale_progress(self) -> list[int]:
        """Drop progress that is no longer updated; returns the ids of its tasks, which must be read again."""
        now = monotonic()
        silent = [task for task, (_, received) in self._progress.items() if now - received > PROGRESS_TIMEOUT]
        for task in silent:
            del self._progress[task]
        return silent

    def _with_progress(self, task: Task) -> Task:
        live, _ = self._progress.get(task.id, (None, 0.0))
        if live is None or live.epoch != task.epoch or not task.status.is_active:
            return task
        return task.model_copy(
            update={
                "progress": live.percent,
                "remaining": -1 if live.remaining is None else live.remaining,
                "fps": live.fps,
                "speed": live.speed,
                "size": live.size,
                "frame": live.frame,
            }
        )
