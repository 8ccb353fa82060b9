"""Watching tasks until they are done: rows are the truth, notifications say when to read them again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from ffmate_desktop.db import tasks as stored
from ffmate_desktop.db.connection import CONNECTION_LOST, Database
from ffmate_desktop.db.listener import changes
from ffmate_desktop.domain.change import AnythingChanged, Change, ProgressNews, TasksChanged
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import LiveProgress, Task

REFRESH = 5.0
"""Seconds without news after which the rows are read anyway."""

LONGEST_PAUSE = 5.0


async def follow(database: Database, uuids: Sequence[UUID]) -> AsyncIterator[list[Task]]:
    """The tasks as they are, again after each change, until all are done or deleted.

    Between changes of the rows the live progress of the nodes is put in. A lost connection is taken up again, for
    as long as it takes: the tasks go on without us.
    """
    pause, first = 0.1, True
    while True:
        try:
            async with changes(database.uri) as news:
                state = await stored.get_tasks(database, uuids)
                while True:
                    pause, first = 0.1, False
                    yield state
                    if all(task.status.is_done for task in state):
                        return
                    batch = await _news(news)
                    if None in batch:
                        break
                    state = await _next_state(database, uuids, state, batch)
        except UserError:  # cannot connect again: not yet; the first time it is the user's to know
            if first:
                raise
        except CONNECTION_LOST:
            pass
        first = False
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _news(queue: asyncio.Queue[Change | None]) -> list[Change | None]:
    """Everything that was told since, at least one thing, or that it is time to look."""
    try:
        async with asyncio.timeout(REFRESH):
            batch = [await queue.get()]
    except TimeoutError:
        return [AnythingChanged()]
    while not queue.empty():
        batch.append(queue.get_nowait())
    return batch


async def _next_state(
    database: Database, uuids: Sequence[UUID], state: list[Task], batch: list[Change | None]
) -> list[Task]:
    """What is shown next: only tasks that changed are read again, all of them when nobody can say which."""
    known = {task.id: task.uuid for task in state}
    live: dict[tuple[int, int], LiveProgress] = {}
    stale: set[UUID] = set()
    for change in batch:
        match change:
            case ProgressNews(tasks=tasks):
                live |= {(entry.task_id, entry.epoch): entry for entry in tasks}
            case TasksChanged(rows=None) | AnythingChanged():
                stale = set(uuids)
            case TasksChanged(rows=rows) if rows is not None:
                stale |= {known[row.id] for row in rows if row.id in known}
            case _:
                pass
    if stale:
        fresh = {task.uuid: task for task in await stored.get_tasks(database, list(stale))}
        kept = [fresh.get(task.uuid, task) for task in state if task.uuid in fresh or task.uuid not in stale]
        state = _keep_progress(state, kept)
    return [_with_progress(task, live.get((task.id, task.epoch))) for task in state]


def _with_progress(task: Task, live: LiveProgress | None) -> Task:
    if live is None or not task.status.is_active:
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


def _keep_progress(before: list[Task], after: list[Task]) -> list[Task]:
    """Rows know progress as of the last heartbeat; what was seen live since is newer and must not fall back."""
    seen = {(task.id, task.epoch): task for task in before}
    result = []
    for task in after:
        old = seen.get((task.id, task.epoch))
        newer = old is not None and task.status.is_active and old.progress > task.progress
        fields = ("progress", "remaining", "fps", "speed", "size", "frame")
        result.append(task.model_copy(update={f: getattr(old, f) for f in fields}) if newer else task)
    return result
