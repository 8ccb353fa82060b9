"""Which task is run next here, and how tasks end: a node's ends and claims go to the database together."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from ffmate_desktop import logs
from ffmate_desktop.db import claims
from ffmate_desktop.db.claims import Ended
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, DATA_REFUSED, Database, reason
from ffmate_desktop.domain.task import Claim, Desired, Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts

UNWRITTEN = "It failed, but the database could not keep the reason. It is in the log of the node."
MOMENT = 0.05
"""Seconds that the other nodes get to take their share of a short queue."""


@dataclass(slots=True, eq=False)
class _End:
    """What somebody wants written down; `answer` names what ended so, with what was wanted of it by then."""

    node_id: int
    ended: Ended
    answer: dict[int, Desired] | None = None


class Scheduler:
    """Claims tasks while they are wanted, woken by news, by a freed slot, or by a heartbeat; writes down what ended.

    One statement at a time: what ends while it is on its way shares the next one, and the claim for the free slots
    travels with it. So a busy node makes one round trip and one commit for many tasks.

    `node_id()` is the present incarnation, `wanted()` the number of free slots and how many tasks of a long queue are
    wanted ahead of them; `start(claim)` must count the task before it returns.
    """

    def __init__(
        self,
        database: Database,
        *,
        node_id: Callable[[], int],
        wanted: Callable[[], tuple[int, int]],
        start: Callable[[Claim, int], None],
    ) -> None:
        self._database = database
        self._node_id = node_id
        self._wanted = wanted
        self._start = start
        self._wake = asyncio.Event()
        self._turns = asyncio.Lock()
        self._ends: list[_End] = []
        self._others_until = 0.0
        self._claiming = False
        self._last_answer = 0.0

    def wake(self) -> None:
        """There may be something to claim."""
        self._wake.set()

    def was_quiet_since(self, moment: float) -> bool:
        """No claim was on its way at this loop time or later: whatever is ours was started here."""
        return not self._claiming and self._last_answer < moment

    async def run(self) -> None:
        """Claim until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            await asyncio.sleep(max(0.0, self._others_until - loop.time()))
            self._wake.clear()
            try:
                async with self._turns:
                    await self._turn(self._node_id())
            except CONNECTION_LOST as error:
                # Nothing to do: the next heartbeat that gets through tells whether work waits, and what is ours.
                logs.cluster.info("No claim possible: %s", reason(error))

    async def finish(self, node_id: int, ended: Ended) -> dict[int, Desired]:
        """End tasks under the claims of this incarnation, as `claims.finish` does; whoever comes first asks for all.

        Raises one of CONNECTION_LOST when there was no answer; repeating it is safe.
        """
        end = _End(node_id, ended)
        self._ends.append(end)
        try:
            async with self._turns:
                if end.answer is None:
                    await self._turn(node_id)
        finally:
            if end in self._ends:  # cancelled, or the database is away
                self._ends.remove(end)
        assert end.answer is not None  # noqa: S101 - a turn answers all ends of its incarnation, or raises
        return end.answer

    async def _turn(self, node_id: int) -> None:
        loop = asyncio.get_running_loop()
        shares = loop.time() < self._others_until or node_id != self._node_id()
        slots, ahead = (0, 0) if shares else self._wanted()
        ends = [end for end in self._ends if end.node_id == node_id]
        self._claiming = slots + ahead > 0
        if not (ends or self._claiming):
            return
        try:
            every = [one for end in ends for one in end.ended]
            answer, claimed = await claims.finish_and_claim(self._database, node_id, every, slots, ahead)
        except DATA_REFUSED:
            if not every:
                raise
            answer, claimed = await self._end_one_by_one(node_id, every), []
            self._wake.set()  # for the claim, which did not come to pass
        finally:
            if self._claiming:
                self._claiming, self._last_answer = False, loop.time()
        for end in ends:
            self._ends.remove(end)
            end.answer = {claim.id: answer[claim.id] for claim, _ in end.ended if claim.id in answer}
        logs.cluster.debug("Asked for %d tasks and %d ahead, got %d", slots, ahead, len(claimed))
        for claim in claimed:
            logs.task.info(
                "Claimed %s (%s), attempt %d, epoch %d", claim.name, claim.uuid, claim.attempts, claim.epoch
            )
            self._start(claim, node_id)
        if claimed:
            self._wake.set()  # for the rest, if we got our share of a short queue: the others first
            self._others_until = loop.time() + MOMENT if len(claimed) < slots else 0.0

    async def _end_one_by_one(self, node_id: int, ended: Ended) -> dict[int, Desired]:
        """The database refused something about one of these ends: it shall not keep the others from theirs."""
        answer: dict[int, Desired] = {}
        for claim, outcome in ended:
            try:
                answer |= await claims.finish(self._database, node_id, [(claim, outcome)])
            except DATA_REFUSED as error:
                logs.task.error(
                    "The database cannot keep how %s (%s) ended: %s. It ended so: %s %s",
                    *(claim.name, claim.uuid, error, outcome.status, outcome.error or ""),
                )
                answer |= await claims.finish(self._database, node_id, [(claim, _bare(outcome))])
        return answer


def _bare(outcome: Outcome) -> Outcome:
    """The end without what the database may have refused. A success stays one: its output is in place."""
    return replace(
        outcome, error=UNWRITTEN if outcome.status is TaskStatus.DONE_ERROR else None, facts=TaskFacts()
    )
