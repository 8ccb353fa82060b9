"""The tasks that run on this node: how many more it wants, and what the database believes of those it has."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ffmate_desktop import logs
from ffmate_desktop.db.leases import Beat, Held
from ffmate_desktop.domain.task import Claim, Desired, Epoch, LiveProgress
from ffmate_desktop.node.task.interrupt import InterruptReason
from ffmate_desktop.node.task.task_run import TaskRun


class RunningTasks:
    """At most one run of a task; whoever starts one adds it, and removes it when it has ended."""

    def __init__(self) -> None:
        self._runs: dict[int, TaskRun] = {}
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[TaskRun]:
        return iter(self._runs.values())

    def add(self, run: TaskRun) -> None:
        """It runs from now on."""
        self._runs[run.claim.id] = run
        self._none.clear()

    def remove(self, run: TaskRun) -> None:
        """It has ended; its task may be here again under another claim."""
        if self._runs.get(run.claim.id) is run:
            del self._runs[run.claim.id]
        if not self._runs:
            self._none.set()

    async def ended(self) -> None:
        """Wait until nothing runs."""
        await self._none.wait()

    def live(self) -> list[LiveProgress]:
        """How far each is."""
        return [run.live() for run in self]

    def wanted(self, slots: int, ahead: int) -> tuple[int, int]:
        """Slots that nobody encodes in or makes ready for, and how many of the `ahead` tasks are wanted beside them.

        As many tasks as there are slots may be published beside the encodes; whose last write is on its way counts
        no more, since it travels with the claim.
        """
        runs = [run for run in self if not run.ending]
        encoded = sum(run.encoded for run in runs)
        free = slots - len(runs) + min(encoded, slots)
        return max(free, 0), max(min(ahead, ahead + free), 0)

    def end(self, order: InterruptReason) -> None:
        """End all of them early."""
        for run in self:
            run.end(order)

    def abandon(self) -> None:
        """Stop waiting for the database."""
        for run in self:
            run.abandon()

    def take_back(self, claim: Claim, node_id: int) -> bool:
        """Whether this new claim is of a task that runs here still, and goes on under it."""
        former = self._runs.get(claim.id)
        if former is None:
            return False
        if former.claim.uuid != claim.uuid:  # the database was emptied, and ids began again
            former.end(InterruptReason.LOST)
            return False
        if not former.may_adopt(claim.epoch):
            return False
        former.adopt(claim.epoch, node_id)
        return True

    def has(self, tasks: Iterable[int]) -> bool:
        """Whether one of these runs here."""
        return any(task in self._runs for task in tasks)

    def believe(self, beat: Beat, node_id: int, *, sent: float, quiet: bool) -> list[Held]:
        """Make our belief that of the database, where the answer is newer than what we did since `sent`.

        `quiet` says that no claim was on its way. Returns what runs here although the database does not count it as
        ours: perhaps it can be taken back.
        """
        held: list[Held] = []
        for run in self:
            belief = beat.mine.get(run.claim.id)
            if belief is not None and belief[0] == run.claim.epoch and run.node_id == node_id:
                run.obey(belief[1])
            elif run.claimed_at >= sent:
                pass  # claimed after the question: the next answer knows it
            elif belief is not None and quiet and run.may_adopt(belief[0]):
                run.adopt(belief[0], node_id)  # taken back, and the answer was lost
                run.obey(belief[1])
            elif run.may_adopt(run.claim.epoch):
                held.append((run.claim.id, run.claim.epoch, run.node_id, run.claim.uuid))
            else:
                run.end(InterruptReason.LOST)
        return held

    def unknown(self, beat: Beat) -> dict[int, Epoch]:
        """What is ours in the database and does not run here."""
        return {task_id: epoch for task_id, (epoch, _) in beat.mine.items() if task_id not in self._runs}

    def adopt(
        self, asked: Sequence[Held], adopted: Mapping[int, tuple[Epoch, Desired]], node_id: int
    ) -> None:
        """Of what was `held`, go on with what could be taken back."""
        for task_id, epoch, _, uuid in asked:
            run = self._runs.get(task_id)
            if run is None or (run.claim.epoch, run.claim.uuid) != (epoch, uuid):
                continue  # it ended, or was claimed again meanwhile
            if task_id in adopted:
                new_epoch, desired = adopted[task_id]
                run.adopt(new_epoch, node_id)
                run.obey(desired)
            else:
                logs.cluster.info(
                    "Task %s cannot be taken back: it is somebody else's, or ended", run.claim.uuid
                )
                run.end(InterruptReason.LOST)
