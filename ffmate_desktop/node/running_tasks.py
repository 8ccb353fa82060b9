"""The tasks that run on this node: how many more fit, and how they compare with what the database says."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ffmate_desktop import logs
from ffmate_desktop.db.leases import Beat, Held
from ffmate_desktop.domain.task import Claim, Desired, Epoch, LiveProgress
from ffmate_desktop.node.task.interrupt import InterruptReason
from ffmate_desktop.node.task.task_run import TaskRun


class RunningTasks:
    """At most one run of each task. Add a run when it starts, and remove it when it has ended."""

    def __init__(self) -> None:
        self._runs: dict[int, TaskRun] = {}
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[TaskRun]:
        return iter(self._runs.values())

    def add(self, run: TaskRun) -> None:
        """Add a run that starts."""
        self._runs[run.claim.id] = run
        self._is_empty.clear()

    def remove(self, run: TaskRun) -> None:
        """Remove a run that has ended; its task may be here again under another claim."""
        if self._runs.get(run.claim.id) is run:
            del self._runs[run.claim.id]
        if not self._runs:
            self._is_empty.set()

    async def wait_until_empty(self) -> None:
        """Wait until nothing runs."""
        await self._is_empty.wait()

    def live_progress(self) -> list[LiveProgress]:
        """How far each task is."""
        return [run.live() for run in self]

    def free_slots(self, slots: int, ahead: int) -> tuple[int, int]:
        """How many of the slots no task encodes in or prepares for, and how many of the `ahead` tasks may be claimed.

        As many tasks as there are slots may publish in addition to the encodes. A task whose last write is under way
        no longer counts, since that write travels together with the claim.
        """
        runs = [run for run in self if not run.is_ending]
        encoded = sum(run.is_encoded for run in runs)
        free = slots - len(runs) + min(encoded, slots)
        return max(free, 0), max(min(ahead, ahead + free), 0)

    def interrupt(self, reason: InterruptReason) -> None:
        """Interrupt all of them."""
        for run in self:
            run.interrupt(reason)

    def abandon(self) -> None:
        """Stop waiting for the database."""
        for run in self:
            run.abandon()

    def continue_under(self, claim: Claim, node_id: int) -> bool:
        """Whether this claim is for a task that still runs here; if so, the run continues under the new claim."""
        former = self._runs.get(claim.id)
        if former is None:
            return False
        if former.claim.uuid != claim.uuid:  # the database was emptied, and its ids started over
            former.interrupt(InterruptReason.LOST)
            return False
        if not former.may_adopt(claim.epoch):
            return False
        former.adopt(claim.epoch, node_id)
        return True

    def has_any(self, tasks: Iterable[int]) -> bool:
        """Whether one of these tasks runs here."""
        return any(task in self._runs for task in tasks)

    def reconcile(self, beat: Beat, node_id: int, *, sent: float, quiet: bool) -> list[Held]:
        """Apply what the database says, where its answer is newer than what happened here since `sent`.

        `quiet` means that no claim was under way. Returns tasks that run here although the database does not count
        them as this node's: perhaps they can be adopted.
        """
        held: list[Held] = []
        for run in self:
            stored = beat.mine.get(run.claim.id)
            if stored is not None and stored[0] == run.claim.epoch and run.node_id == node_id:
                run.apply_desired(stored[1])
            elif run.claimed_at >= sent:
                pass  # claimed after the question was sent: the next answer includes it
            elif stored is not None and quiet and run.may_adopt(stored[0]):
                run.adopt(stored[0], node_id)  # it was adopted, and the answer got lost
                run.apply_desired(stored[1])
            elif run.may_adopt(run.claim.epoch):
                held.append((run.claim.id, run.claim.epoch, run.node_id, run.claim.uuid))
            else:
                run.interrupt(InterruptReason.LOST)
        return held

    def not_running(self, beat: Beat) -> dict[int, Epoch]:
        """Claims that belong to this node in the database and do not run here."""
        return {task_id: epoch for task_id, (epoch, _) in beat.mine.items() if task_id not in self._runs}

    def on_adopted(
        self, held: Sequence[Held], adopted: Mapping[int, tuple[Epoch, Desired]], node_id: int
    ) -> None:
        """Of the tasks that were `held`, continue those that could be adopted and interrupt the others."""
        for task_id, epoch, _, uuid in held:
            run = self._runs.get(task_id)
            if run is None or (run.claim.epoch, run.claim.uuid) != (epoch, uuid):
                continue  # it ended, or was claimed again meanwhile
            if task_id in adopted:
                new_epoch, desired = adopted[task_id]
                run.adopt(new_epoch, node_id)
                run.apply_desired(desired)
            else:
                logs.cluster.info(
                    "Task %s cannot continue here: it ended, or another node has claimed it", run.claim.uuid
                )
                run.interrupt(InterruptReason.LOST)
