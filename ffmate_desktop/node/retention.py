"""Keeps a node's log files and the queue's finished tasks within their limits."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from ffmate_desktop import logs
from ffmate_desktop.db import retention as rows
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.retention import Retention
from ffmate_desktop.node.retry import retry_until_answered
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
        self._again: frozenset[UUID] = frozenset()
        """Deleted tasks of which a log file may be left."""
        self._said = ""
        """What was said last of a folder that cannot be read."""

    async def run(self) -> None:
        """Work until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            now = await self._start_over()
            keep = self._keep()
            await self._enforce(keep, now)
            while loop.time() - started < self._day and keep == self._keep():
                await asyncio.sleep(self._pace)
                await self._follow_deletions()

    async def _start_over(self) -> float:
        """Look at every file: deletions may have been missed while this node was away. Returns the time.

        A clock that runs ahead must not make logs look old, so the earlier one of two counts: this computer's and the
        database's.
        """
        latest = await retry_until_answered(
            lambda: rows.deleted_since(self._database, rows.NOTHING), "looking for deleted tasks"
        )
        self._cursor = latest.cursor
        files = await self._files()
        tasks = await asyncio.to_thread(lambda: list({file.task for file in files}))
        gone = await retry_until_answered(
            lambda: rows.deleted_among(self._database, tasks), "looking for deleted tasks"
        )
        await self._remove_logs_of(gone)
        return min(time.time(), latest.now)

    async def _follow_deletions(self) -> None:
        deleted = await retry_until_answered(
            lambda: rows.deleted_since(self._database, self._cursor), "looking for deleted tasks"
        )
        if deleted.cursor < self._cursor:  # another server, restored from a backup: its numbers start lower
            await self._start_over()
            return
        self._cursor = deleted.cursor
        await self._remove_logs_of(deleted.tasks)

    async def _remove_logs_of(self, deleted: frozenset[UUID]) -> None:
        """Look twice: a task that this node still ran, cut off from the others, writes to its log once more.

        A file that cannot be removed is tried again each time.
        """
        tasks = deleted | self._again
        if tasks:
            left = await _remove(await self._files(tasks), "deleted tasks")
            self._again = deleted | {file.task for file in left}

    async def _files(self, tasks: frozenset[UUID] | None = None) -> list[LogFile]:
        """The log files, of these tasks or of all; none while their folder cannot be read, which is said once."""
        try:
            files = await asyncio.to_thread(log_files, self._folder, tasks)
        except UserError as error:
            level = logs.task.debug if str(error) == self._said else logs.task.warning
            self._said = str(error)
            level("%s", error)
            return []
        self._said = ""
        return files

    async def _enforce(self, keep: Retention, now: float) -> None:
        files = await self._files()
        old = await asyncio.to_thread(outdated, files, now=now, days=keep.log_days, count=keep.log_count)
        await _remove(old, "tasks whose time is over")
        if keep.limits_tasks:
            removed = await retry_until_answered(
                lambda: rows.remove_finished(self._database, keep.task_age, keep.task_count or None),
                "removing old tasks",
            )
            if removed:
                logs.task.info("Removed %d finished tasks that are past their limit", removed)
        await retry_until_answered(
            lambda: rows.remove_empty_batches(self._database), "removing empty batches"
        )
        await retry_until_answered(
            lambda: rows.forget_deleted(self._database, DELETIONS_REMEMBERED), "forgetting deletions"
        )


async def _remove(files: list[LogFile], what: str) -> list[LogFile]:
    """Returns those that are left."""
    if not files:
        return []
    left = await asyncio.to_thread(remove, files)
    logs.task.debug("Removed %d of %d log files of %s", len(files) - len(left), len(files), what)
    return left
