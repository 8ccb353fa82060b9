"""Watching tasks until they are done: rows are the truth, notifications say when to read them again."""

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
"""Seconds without news after which the rows are read anyway."""

PROGRESS_TIMEOUT = 8.0
"""Seconds after which live progress that nobody repeats no longer counts, and the row of its task is read again."""


async def follow(database: Database, uuids: Sequence[UUID]) -> AsyncIterator[list[Task]]:
    """The tasks as they are, again after each change, until all are done or deleted.

    Between changes of the rows the live progress of the nodes is put in. A lost connection is taken up again, for
    as long as it takes: the tasks go on without us.
    """
    backoff, first = Backoff(0.1, 5.0), True
    while True:
        try:
            async with changes(database.uri) as news:
                shown = _FollowedTasks(database, uuids)
                await shown.read()
                while True:
                    backoff.reset()
                    first = False
                    yield shown.tasks()
                    if all(task.status.is_done for task in shown.rows):
                        return
                    batch = await _news(news)
                    if None in batch:
                        break
                    await shown.apply_changes(batch)
        except UserError:  # cannot connect again: not yet; the first time it is the user's to know
            if first:
                raise
        except CONNECTION_LOST:
            pass
        first = False
        await asyncio.sleep(backoff.next_delay())


async def _news(queue: asyncio.Queue[Change | None]) -> list[Change | None]:
    """Everything that was told since, at least one thing, or that it is time to look."""
    try:
        async with asyncio.timeout(REFRESH_SECONDS):
            batch = [await queue.get()]
    except TimeoutError:
        return [AnythingChanged()]
    while not queue.empty():
        batch.append(queue.get_nowait())
    return batch


class _FollowedTasks:
    """The rows as they were read, and live progress for as long as it is fresh: anybody can send it."""

    def __init__(self, database: Database, uuids: Sequence[UUID]) -> None:
        self.rows: list[Task] = []
        self._database = database
        self._uuids = uuids
        self._heard: dict[int, tuple[LiveProgress, float]] = {}

    def tasks(self) -> list[Task]:
        """What is shown now."""
        return [self._with_progress(task) for task in self.rows]

    async def read(self) -> None:
        """Read all of them."""
        self.rows = await stored.get_tasks(self._database, self._uuids)

    async def apply_changes(self, batch: Sequence[Change | None]) -> None:
        """Act on news: only tasks that changed are read again, all of them when nobody can say which."""
        known = {task.id: task.uuid for task in self.rows}
        stale = {known[task] for task in self._forget() if task in known}
        everything = False
        for change in batch:
            match change:
                case ProgressReported(tasks=tasks):
                    now = monotonic()
                    self._heard |= {live.task_id: (live, now) for live in tasks if live.task_id in known}
                case TasksChanged(ids=None) | AnythingChanged():
                    everything = True
                case TasksChanged(ids=ids) if ids is not None:
                    stale |= {known[task] for task in ids if task in known}
                case _:
                    pass
        if everything:
            await self.read()
        elif stale:
            fresh = {task.uuid: task for task in await stored.get_tasks(self._database, list(stale))}
            kept = (task for task in self.rows if task.uuid in fresh or task.uuid not in stale)
            self.rows = [fresh.get(task.uuid, task) for task in kept]

    def _forget(self) -> list[int]:
        """Drop what nobody repeated; these tasks have to be read again."""
        now = monotonic()
        silent = [task for task, (_, heard) in self._heard.items() if now - heard > PROGRESS_TIMEOUT]
        for task in silent:
            del self._heard[task]
        return silent

    def _with_progress(self, task: Task) -> Task:
        live, _ = self._heard.get(task.id, (None, 0.0))
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
