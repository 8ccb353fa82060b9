"""Temporary files of attempts that nobody will come back to: of tasks that ended while their node was dead."""

import asyncio
from functools import partial
from pathlib import Path
from uuid import UUID

from ffmate_desktop import logs
from ffmate_desktop.db import leases
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, Database, reason
from ffmate_desktop.db.leases import Leftover
from ffmate_desktop.media.temporaries import discard_leftovers
from ffmate_desktop.storage.watched_thread import SilentError, WatchedThread, answered

AGAIN = 600.0
"""Seconds until folders that this node does not reach are tried again: a disk or a share may come back."""

PATIENCE = 60.0
"""Seconds in which the folders of a leftover must answer, or the others go on."""


class Janitor:
    """Removes what it reaches. `machine` is this computer: what was left here and is gone from here is gone.

    Who takes a task over removes the leftovers of earlier claims itself; this is for tasks that were cancelled,
    deleted or given up after their node had died, and for successors that worked on another disk.
    """

    def __init__(self, database: Database, machine: str) -> None:
        self._database = database
        self._machine = machine
        self._tried: dict[tuple[UUID, int], float] = {}
        self._silent: dict[tuple[str, ...], WatchedThread[tuple[int, bool]]] = {}
        """Folders that did not answer, and who waits for them."""

    async def clean(self) -> None:
        """One round; called when a heartbeat told that there are leftovers."""
        now = asyncio.get_running_loop().time()
        self._silent = {place: job for place, job in self._silent.items() if job.is_alive}
        try:
            found = await leases.leftovers_of_ended(self._database)
            known = {(leftover.task, leftover.epoch) for leftover in found}
            self._tried = {key: at for key, at in self._tried.items() if key in known and now - at < AGAIN}
            due = [leftover for leftover in found if (leftover.task, leftover.epoch) not in self._tried]
            gone = [leftover.task for leftover in due if await self._removed(leftover)]
            self._tried |= {(leftover.task, leftover.epoch): now for leftover in due}
            if gone:
                await leases.forget_leftovers(self._database, gone)
        except CONNECTION_LOST as error:
            logs.cluster.info("Leftovers wait: %s", reason(error))

    async def _removed(self, leftover: Leftover) -> bool:
        place = leftover.folders
        if place in self._silent:
            return False
        work = partial(
            discard_leftovers, str(leftover.task), leftover.epoch, [Path(folder) for folder in place]
        )
        try:
            removed, complete = await answered(WatchedThread(work, "removing leftovers"), PATIENCE)
        except SilentError as silent:
            self._silent[place] = silent.job
            logs.task.info(
                "What a dead node left of task %s has to wait: its folder does not answer", leftover.task
            )
            return False
        if removed:
            logs.task.info("Removed what a dead node left of task %s", leftover.task)
        return removed > 0 or (complete and leftover.machine == self._machine)
