"""Claims tasks for this node and writes how tasks ended, together in one statement where possible."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from ffmate_desktop import logs
from ffmate_desktop.db import claims
from ffmate_desktop.db.claims import Ended
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, DATA_REFUSED, Database, reason
from ffmate_desktop.domain.task import Claim, Desired, Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts

UNWRITTEN = "It failed, but the database could not store the reason. It is in the log of the node."
SHARE_DELAY = 0.05
"""Seconds that the other nodes get to claim their share of a short queue."""


@dataclass(slots=True, eq=False)
class _PendingEnd:
    """Ends that wait to be written. `answer` maps each task that was ended to its desired state at that time."""

    node_id: int
    ended: Ended
    answer: dict[int, Desired] | None = None


class Scheduler:
    """Claims tasks while slots are free, and writes ends. A notification, a free slot or a heartbeat wakes it.

    It runs one statement at a time. What ends meanwhile shares the next statement, together with the claim for the
    free slots. So a busy node makes one round trip and one commit for many tasks.

    `node_id()` is the current incarnation, `free_slots()` the number of free slots and of tasks to claim ahead of
    them if the queue is long. `start(claim, node_id)` must count the task before it returns.
    """

    def __init__(
        self,
        database: Database,
        *,
        node_id: Callable[[], int],
        free_slots: Callable[[], tuple[int, int]],
        start: Callable[[Claim, int], None],
    ) -> None:
        self._database = database
        self._node_id = node_id
        self._free_slots = free_slots
        self._start = start
        self._wake = asyncio.Event()
        self._round_lock = asyncio.Lock()
        self._pending: list[_PendingEnd] = []
        self._others_until = 0.0
        self._is_claiming = False
        self._last_answer = 0.0

    def wake(self) -> None:
        """There may be something to claim."""
        self._wake.set()

    def was_quiet_since(self, moment: float) -> bool:
        """Whether no claim was under way at this loop time or later, so that every claim has been started here."""
        return not self._is_claiming and self._last_answer < moment

    async def run(self) -> None:
        """Claim until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            await asyncio.sleep(max(0.0, self._others_until - loop.time()))
            self._wake.clear()
            try:
                async with self._round_lock:
                    await self._round(self._node_id())
            except CONNECTION_LOST as error:
                # No retry: the next answered heartbeat says whether work waits, and which claims are this node's.
                logs.cluster.info("Cannot claim tasks now: %s", reason(error))

    async def finish(self, node_id: int, ended: Ended) -> dict[int, Desired]:
        """End tasks under the claims of this incarnation, as `claims.finish_tasks` does; one caller writes for all.

        Raises one of CONNECTION_LOST when there was no answer; repeating it is safe.
        """
        end = _PendingEnd(node_id, ended)
        self._pending.append(end)
        try:
            async with self._round_lock:
                if end.answer is None:
                    await self._round(node_id)
        finally:
            if end in self._pending:  # cancelled, or the database is away
                self._pending.remove(end)
        assert end.answer is not None  # noqa: S101 - a round answers all ends of its incarnation, or raises
        return end.answer

    async def _round(self, node_id: int) -> None:
        """Write the pending ends of this incarnation and claim tasks, in one statement."""
        loop = asyncio.get_running_loop()
        must_wait = loop.time() < self._others_until or node_id != self._node_id()
        slots, ahead = (0, 0) if must_wait else self._free_slots()
        ends = [end for end in self._pending if end.node_id == node_id]
        self._is_claiming = slots + ahead > 0
        if not (ends or self._is_claiming):
            return
        ended = [task for end in ends for task in end.ended]
        try:
            answer, claimed = await claims.finish_and_claim(self._database, node_id, ended, slots, ahead)
        except DATA_REFUSED:
            if not ended:
                raise
            answer, claimed = await self._end_one_by_one(node_id, ended), []
            self._wake.set()  # repeat the claim, which failed with the ends
        finally:
            if self._is_claiming:
                self._is_claiming, self._last_answer = False, loop.time()
        for end in ends:
            self._pending.remove(end)
            end.answer = {claim.id: answer[claim.id] for claim, _ in end.ended if claim.id in answer}
        logs.cluster.debug("Tasks: %d asked for, %d more ahead, %d claimed", slots, ahead, len(claimed))
        for claim in claimed:
            logs.task.info(
                "Claimed %s (%s), attempt %d, epoch %d", claim.name, claim.uuid, claim.attempts, claim.epoch
            )
            self._start(claim, node_id)
        if claimed:
            self._wake.set()  # for the rest of a short queue, after the others claimed their share
            self._others_until = loop.time() + SHARE_DELAY if len(claimed) < slots else 0.0

    async def _end_one_by_one(self, node_id: int, ended: Ended) -> dict[int, Desired]:
        """The database refused the data of one of these ends: write the others without it."""
        answer: dict[int, Desired] = {}
        for claim, outcome in ended:
            try:
                answer |= await claims.finish_tasks(self._database, node_id, [(claim, outcome)])
            except DATA_REFUSED as error:
                logs.task.error(
                    "The database cannot store how %s (%s) ended: %s. It ended as: %s %s",
                    *(claim.name, claim.uuid, error, outcome.status, outcome.error or ""),
                )
                answer |= await claims.finish_tasks(self._database, node_id, [(claim, _bare(outcome))])
        return answer


def _bare(outcome: Outcome) -> Outcome:
    """The end without what the database may have refused. A success stays one: its output is in place."""
    return replace(
        outcome, error=UNWRITTEN if outcome.status is TaskStatus.DONE_ERROR else None, facts=TaskFacts()
    )
