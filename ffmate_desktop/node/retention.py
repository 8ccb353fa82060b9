"""Keeps a node's log files and the queue's finished tasks within their limits."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from ffmate_desktop import logs
from ffmate_desktop.db import retention as rows
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.counts import counted
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.retention import Retention
from ffmate_desktop.node.log_once import LogOnce
from ffmate_desktop.node.retry import retry_until_answered
from ffmate_desktop.storage.task_logs import LogFile, log_files, outdated, remove

PACE = 20.0
"""Seconds between two checks for deleted tasks: their log files are removed within 45 seconds."""

DAY = 86_400.0
"""Seconds between two checks of age and number."""

DELETIONS_KEPT = timedelta(days=100)
"""How long deletions are kept for nodes that were away; longer than log files are kept by default."""


class RetentionDuty:
    """Removes the log files of deleted tasks in `folder`, and everything beyond the limits of `limits()`.

    A change of the limits takes effect within `pace` seconds.

    Only deletions that the database has recorded count. Logs of another queue's tasks, which this computer worked on
    before, stay until they are too old.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        limits: Callable[[], Retention],
        *,
        pace: float = PACE,
        day: float = DAY,
    ) -> None:
        self._database = database
        self._folder = folder
        self._limits = limits
        self._pace = pace
        self._day = day
        self._cursor = 0
        self._check_again: frozenset[UUID] = frozenset()
        """Deleted tasks whose log file may still be there."""
        self._unreadable = LogOnce(logs.task, logging.WARNING)

    async def run(self) -> None:
        """Work until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            now = await self._check_all_logs()
            limits = self._limits()
            await self._enforce(limits, now)
            while loop.time() - started < self._day and limits == self._limits():
                await asyncio.sleep(self._pace)
                await self._follow_deletions()

    async def _check_all_logs(self) -> float:
        """Check every log file, as deletions may have been missed while this node was away. Returns the time.

        A clock that runs ahead must not make logs look old. So the time is the earlier one of this computer's and the
        database's.
        """
        latest = await retry_until_answered(
            lambda: rows.deleted_since(self._database, rows.NEWEST_CURSOR), "looking for deleted tasks"
        )
        self._cursor = latest.cursor
        files = await self._files()
        tasks = await asyncio.to_thread(lambda: list({file.task for file in files}))
        deleted = await retry_until_answered(
            lambda: rows.deleted_among(self._database, tasks), "looking for deleted tasks"
        )
        await self._remove_logs_of(deleted)
        return min(time.time(), latest.now)

    async def _follow_deletions(self) -> None:
        latest = await retry_until_answered(
            lambda: rows.deleted_since(self._database, self._cursor), "looking for deleted tasks"
        )
        if latest.cursor < self._cursor:  # another server, restored from a backup: its numbers start lower
            await self._check_all_logs()
            return
        self._cursor = latest.cursor
        await self._remove_logs_of(latest.tasks)

    async def _remove_logs_of(self, deleted: frozenset[UUID]) -> None:
        """Check each task twice: a node that was cut off may still run it and write to its log once more.

        A file that cannot be removed is tried again each time.
        """
        tasks = deleted | self._check_again
        if tasks:
            left = await _remove(await self._files(tasks), "deleted tasks")
            self._check_again = deleted | {file.task for file in left}

    async def _files(self, tasks: frozenset[UUID] | None = None) -> list[LogFile]:
        """The log files of these tasks, or all. None while the folder cannot be read, which is logged once."""
        try:
            files = await asyncio.to_thread(log_files, self._folder, tasks)
        except UserError as error:
            self._unreadable.log(str(error))
            return []
        self._unreadable.reset()
        return files

    async def _enforce(self, limits: Retention, now: float) -> None:
        files = await self._files()
        old = await asyncio.to_thread(outdated, files, now=now, days=limits.log_days, count=limits.log_count)
        await _remove(old, "tasks past their limit")
        if limits.limits_tasks:
            removed = await retry_until_answered(
                lambda: rows.remove_finished(self._database, limits.task_age, limits.task_count or None),
                "removing old tasks",
            )
            if removed:
                logs.task.info("Removed %s past the limit", counted(removed, "finished task"))
        await retry_until_answered(
            lambda: rows.remove_empty_batches(self._database), "removing empty batches"
        )
        await retry_until_answered(
            lambda: rows.forget_deleted(self._database, DELETIONS_KEPT), "forgetting deletions"
        )


async def _remove(files: list[LogFile], whose: str) -> list[LogFile]:
    """Remove the files; returns those that are left."""
    if not files:
        return []
    left = await asyncio.to_thread(remove, files)
    logs.task.debug("Removed %d of %d log files of %s", len(files) - len(left), len(files), whose)
    return left
