"""Keeps a node's log files and the queue's finished tasks within their limits."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from ffmate_desktop import logs
from ffmate_desktop.db import retention as rows
from ffmate_desktop.db.connection import Database
from ffmate_desktop.domain.retention import Retention
from ffmate_desktop.node.insist import insist
from ffmate_desktop.storage.task_logs import LogFile, log_files, outdated, remove

PACE = 20.0
"""Seconds between two looks for deleted tasks: their log files go within 45 seconds."""

DAY = 86_400.0
"""Seconds between two looks at age and number."""

DELETIONS_REMEMBERED = timedelta(days=100)
"""How long deletions are kept for nodes that were away; longer than log files are kept by default."""


class RetentionDuty:
    """Removes the log files of deleted tasks in `folder`, and whatever exceeds the limits of `keep()`.

    A change of the limits takes effect within `pace` seconds.

    Only a deletion that the database remembers counts: the logs of another queue's tasks, which this computer worked
    on before, stay until they are too old.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        keep: Callable[[], Retention],
        *,
        pace: float = PACE,
        day: float = DAY,
    ) -> None:
        self._database = database
        self._folder = folder
        self._keep = keep
        self._pace = pace
        self._day = day
        self._cursor = 0

    async def run(self) -> None:
        """Work until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            await self._start_over()
            keep = self._keep()
            await self._enforce(keep)
            while loop.time() - started < self._day and keep == self._keep():
                await asyncio.sleep(self._pace)
                await self._follow_deletions()

    async def _start_over(self) -> None:
        """Look at every file: deletions may have been missed while this node was away."""
        latest = await insist(
            lambda: rows.deleted_since(self._database, rows.NOTHING), "looking for deleted tasks"
        )
        self._cursor = latest.cursor
        files = await asyncio.to_thread(log_files, self._folder)
        tasks = sorted({file.task for file in files})
        gone = await insist(lambda: rows.deleted_among(self._database, tasks), "looking for deleted tasks")
        await _remove([file for file in files if file.task in gone], "deleted tasks")

    async def _follow_deletions(self) -> None:
        deleted = await insist(
            lambda: rows.deleted_since(self._database, self._cursor), "looking for deleted tasks"
        )
        if deleted.cursor < self._cursor:  # another server, restored from a backup: its numbers start lower
            await self._start_over()
            return
        self._cursor = deleted.cursor
        if deleted.tasks:
            files = await asyncio.to_thread(log_files, self._folder)
            await _remove([file for file in files if file.task in deleted.tasks], "deleted tasks")

    async def _enforce(self, keep: Retention) -> None:
        files = await asyncio.to_thread(log_files, self._folder)
        old = outdated(files, now=time.time(), days=keep.log_days, count=keep.log_count)
        await _remove(old, "tasks whose time is over")
        if keep.limits_tasks:
            removed = await insist(
                lambda: rows.remove_finished(self._database, keep.task_age, keep.task_count or None),
                "removing old tasks",
            )
            if removed:
                logs.task.info("Removed %d finished tasks that are past their limit", removed)
        await insist(lambda: rows.remove_empty_batches(self._database), "removing empty batches")
        await insist(
            lambda: rows.forget_deleted(self._database, DELETIONS_REMEMBERED), "forgetting deletions"
        )


async def _remove(files: list[LogFile], what: str) -> None:
    if files and (removed := await asyncio.to_thread(remove, files)):
        logs.task.debug("Removed %d log files of %s", removed, what)
