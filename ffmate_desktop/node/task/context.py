"""The state of one claimed task: everything that works on the task reads and changes it here."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.task import Claim, LiveProgress
from ffmate_desktop.domain.task_facts import TaskFacts
from ffmate_desktop.node.task.attempt import EncodeAttempt
from ffmate_desktop.node.task.claim_writer import ClaimWriter, Finish
from ffmate_desktop.node.task.interrupt import Interrupt
from ffmate_desktop.node.task.log_shipper import LogShipper
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.node.task.slots import Slots


@dataclass(frozen=True, slots=True)
class NodeLink:
    """What a task needs from the node that runs it.

    `finish` ends tasks, together with those of other attempts. `confirm` returns once a heartbeat that was sent after
    the call was answered and applied. `on_encoded` reports that ffmpeg has ended and a slot is free.
    """

    finish: Finish
    confirm: Callable[[], Awaitable[None]]
    on_encoded: Callable[[], None]


@dataclass(eq=False, slots=True)
class TaskContext:
    """One claimed task on this node. `writer` has its claim, whose epoch changes when the node takes it back.

    The flags are set where they become true: `is_paused` and `killing` in `control`, `is_waiting` (ready, waiting for
    a slot) and `is_encoded` (ffmpeg has ended) in `stages`, `is_ending` (the last write has begun) in `TaskRun`.
    `refusal` is set when the task can't run here and other nodes may try it. `failure_facts` are what the task's row
    shows if the attempt fails.
    """

    node: NodeLink
    slots: Slots
    writer: ClaimWriter
    interrupt: Interrupt
    shipper: LogShipper
    attempt: EncodeAttempt
    claimed_at: float
    is_paused: bool = False
    is_waiting: bool = False
    is_encoded: bool = False
    is_ending: bool = False
    refusal: RetryElsewhereError | None = None
    failure_facts: TaskFacts = field(default_factory=TaskFacts)
    killing: asyncio.Task[None] | None = None

    @classmethod
    def open(
        cls,
        claim: Claim,
        node_id: int,
        database: Database,
        resources: EncodeResources,
        slots: Slots,
        node: NodeLink,
    ) -> "TaskContext":
        """The context of a new claim, which takes its place among those that wait for a slot."""
        writer = ClaimWriter(database, node_id, claim, node.finish)
        shipper = LogShipper(writer)
        task = cls(
            node=node,
            slots=slots,
            writer=writer,
            interrupt=Interrupt(str(claim.uuid)),
            shipper=shipper,
            attempt=EncodeAttempt(claim, node_id, resources, on_lines=shipper.add),
            claimed_at=asyncio.get_running_loop().time(),
        )
        slots.enter(task)
        return task

    @property
    def claim(self) -> Claim:
        return self.writer.claim

    @property
    def percent(self) -> float:
        progress = self.attempt.progress
        return 0.0 if progress is None or progress.percent is None else progress.percent

    def live(self) -> LiveProgress:
        """The progress that the node sends to the cluster."""
        progress = self.attempt.progress
        if progress is None:
            return LiveProgress(self.claim.id, self.claim.epoch, percent=0.0)
        return LiveProgress(
            self.claim.id,
            self.claim.epoch,
            percent=self.percent,
            remaining=progress.remaining,
            fps=progress.fps,
            speed=progress.speed,
            size=progress.size,
            frame=progress.frame,
        )
