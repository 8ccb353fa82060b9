"""Removes temporary files of attempts that no node will continue: their tasks ended after their node had died."""

import asyncio
from functools import partial
from pathlib import Path
from uuid import UUID

from ffmate_desktop import logs
from ffmate_desktop.db import leases
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database, reason
from ffmate_desktop.db.leases import Leftover
from ffmate_desktop.media.temporaries import discard_leftovers
from ffmate_desktop.storage.watched_thread import SilentError, WatchedThread

RETRY_INTERVAL = 600.0
"""Seconds until folders that this node cannot reach are tried again: a disk or a share may come back."""

FOLDER_TIMEOUT = 60.0
"""Seconds within which the folders of a leftover must answer before the next leftover is handled."""


class Janitor:
    """Removes the leftovers that this node can reach.

    A node that continues a task removes leftovers of earlier claims itself. This is for tasks that were cancelled,
    deleted or given up after their node had died, and for tasks that were continued on another disk.

    `machine` is this computer: a leftover of this machine that isn't in its folders anymore counts as removed.
    """

    def __init__(self, database: Database, machine: str) -> None:
        self._database = database
        self._machine = machine
        self._tried: dict[tuple[UUID, int], float] = {}
        self._silent: dict[tuple[str, ...], WatchedThread[tuple[int, bool]]] = {}
        """Folders that did not answer, with the thread that still waits for them."""

    async def clean(self) -> None:
        """One round; call it when a heartbeat reports leftovers."""
        now = asyncio.get_running_loop().time()
        self._silent = {folders: job for folders, job in self._silent.items() if job.is_alive}
        try:
            leftovers = await leases.leftovers_of_ended(self._database)
            existing = {(leftover.task, leftover.epoch) for leftover in leftovers}
            self._tried = {
                key: at for key, at in self._tried.items() if key in existing and now - at < RETRY_INTERVAL
            }
            due = [leftover for leftover in leftovers if (leftover.task, leftover.epoch) not in self._tried]
            gone = [leftover.task for leftover in due if await self._remove(leftover)]
            self._tried |= {(leftover.task, leftover.epoch): now for leftover in due}
            if gone:
                await leases.forget_leftovers(self._database, gone)
        except CONNECTION_LOST as error:
            logs.cluster.info("Cleaning up leftovers has to wait: %s", reason(error))

    async def _remove(self, leftover: Leftover) -> bool:
        """Whether the leftover is gone."""
        folders = leftover.folders
        if folders in self._silent:
            return False
        work = partial(
            discard_leftovers, str(leftover.task), leftover.epoch, [Path(folder) for folder in folders]
        )
        try:
            removed, complete = await WatchedThread(work, "removing leftovers").result_within(FOLDER_TIMEOUT)
        except SilentError as silent:
            self._silent[folders] = silent.thread
            logs.task.info(
                "Temporary files of task %s that a dead node left cannot be removed yet: the folder does not answer",
                leftover.task,
            )
            return False
        if removed:
            logs.task.info("Removed temporary files of task %s that a dead node left", leftover.task)
        return removed > 0 or (complete and leftover.machine == self._machine)
