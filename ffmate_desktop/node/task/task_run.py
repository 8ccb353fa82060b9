"""From claim to end: takes the attempt through its stages, obeys commands, and writes what became of it."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, assert_never

from ffmate_desktop import logs
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import RetryElsewhereError, UserError
from ffmate_desktop.domain.task import Claim, Desired, Epoch, LiveProgress, Outcome, TaskStatus
from ffmate_desktop.media.progress import Progress
from ffmate_desktop.node.background import running_in_background
from ffmate_desktop.node.task.attempt import EncodeAttempt, SkippedError
from ffmate_desktop.node.task.claim_writer import ClaimWriter, Finish
from ffmate_desktop.node.task.interrupt import Interrupt, InterruptReason, TaskInterruptedError
from ffmate_desktop.node.task.log_shipper import LogShipper
from ffmate_desktop.node.task.outcome_writer import OutcomeWriter, failure
from ffmate_desktop.node.task.resources import EncodeResources
from ffmate_desktop.node.task.slots import Slots
from ffmate_desktop.node.task.stages import Stages


class TaskRun:
    """One claimed task on this node. `run` never raises but for cancellation.

    What it does is in `Stages`, its last write in `OutcomeWriter`. `confirm()` waits until a heartbeat that was sent
    after the call has been answered and acted upon.
    """

    def __init__(
        self,
        claim: Claim,
        node_id: int,
        database: Database,
        resources: EncodeResources,
        slots: Slots,
        *,
        finish: Finish,
        confirm: Callable[[], Awaitable[None]],
        on_encoded: Callable[[], None],
    ) -> None:
        self.claimed_at = asyncio.get_running_loop().time()
        self.ending = False
        """The last write is on its way: what the database believes may be older than what we know."""
        self._holder = ClaimWriter(database, node_id, claim, finish)
        self._orders = Interrupt(str(claim.uuid))
        self._progress: Progress | None = None
        self._shipper = LogShipper(self._holder.append_log)
        self._attempt = EncodeAttempt(
            claim, node_id, resources, on_progress=self._on_progress, on_lines=self._shipper.add
        )
        self._stages = Stages(
            self._attempt,
            self._holder,
            self._orders,
            slots,
            confirm=confirm,
            obey=self.obey,
            on_encoded=on_encoded,
            percent=lambda: self.live().percent,
        )
        self._ending = OutcomeWriter(self._holder, self._shipper, self._orders, confirm)
        self._killing: asyncio.Task[None] | None = None
        self._task: asyncio.Task[Any] | None = None

    @property
    def claim(self) -> Claim:
        """What this node was given; its epoch changes when it is taken back."""
        return self._holder.claim

    @property
    def node_id(self) -> int:
        """The incarnation of this node that holds the claim."""
        return self._holder.node_id

    @property
    def encoded(self) -> bool:
        """ffmpeg has ended, and its slot is free."""
        return self._stages.encoded

    def live(self) -> LiveProgress:
        """How far it is."""
        now = self._progress
        return LiveProgress(
            self.claim.id,
            self.claim.epoch,
            percent=0.0 if now is None or now.percent is None else now.percent,
            remaining=None if now is None else now.remaining,
            fps=None if now is None else now.fps,
            speed=None if now is None else now.speed,
            size=None if now is None else now.size,
            frame=None if now is None else now.frame,
        )

    def obey(self, desired: Desired) -> None:
        """Do what is wanted of the task. Repeating it changes nothing."""
        if self.ending:
            return
        match desired:
            case "run":
                if self._stages.paused:
                    self._stages.paused = False
                    self._attempt.resume()
                    self._attempt.log.note("resumed")
            case "pause":
                if not self._stages.paused:
                    self._stages.paused = True
                    self._attempt.pause()
                    self._attempt.log.note("paused")
                    if self._stages.waits:
                        self.end(InterruptReason.YIELD)  # it can be paused in the queue, and take no slot
            case "cancel":
                self.end(InterruptReason.CANCEL)
            case "delete":
                self.end(InterruptReason.DELETE)
            case "unknown":
                pass  # an order of a newer release: this one goes on with what it does
            case _:
                assert_never(desired)

    def end(self, order: InterruptReason) -> None:
        """End the attempt early; the order of the highest rank counts."""
        if self.ending:
            if order is InterruptReason.LOST:
                self._orders.give(order)  # the last write learns of it
            return
        if not self._orders.give(order):
            return
        if self._killing is None:
            self._killing = asyncio.create_task(self._attempt.cancel(), name=f"kill {self.claim.uuid}")

    def may_adopt(self, epoch: Epoch) -> bool:
        """Whether this attempt may go on under a claim with that epoch.

        Being taken for dead raises the epoch by one and a new claim by one more; anything above means that the
        task was ended or restarted, which starts clean.
        """
        return self._orders.given is None and self._ending.refusal is None and epoch <= self.claim.epoch + 2

    def adopt(self, epoch: Epoch, node_id: int) -> None:
        """Go on under a new claim: the old one was taken away, and nobody else has taken the task since."""
        logs.cluster.info("Task %s was taken back with epoch %d; its encode goes on", self.claim.uuid, epoch)
        self._holder.take_back(epoch, node_id)
        self.claimed_at = asyncio.get_running_loop().time()
        self._attempt.log.note(f"taken back with epoch {epoch}: the node had been taken for dead")

    def abandon(self) -> None:
        """Stop waiting for the database; what the last write would have said is found out by others."""
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> None:
        """The whole life of the claim; at the end nothing of it runs and nothing temporary is left."""
        self._task = asyncio.current_task()
        try:
            async with running_in_background(self._shipper.run(), f"shipping the log of {self.claim.uuid}"):
                try:
                    outcome = await self._outcome()
                finally:  # also when this program ends at once
                    self._stages.leave_slot()
                    if self._killing is not None:
                        await self._killing
                    await self._attempt.clean_up()
                self.ending = True
                if outcome is None:
                    assert self._orders.given is not None  # noqa: S101 - no outcome means an order
                    await self._ending.obey(self._orders.given, self.live().percent)
                else:
                    await self._ending.write(outcome)
        except Exception:  # noqa: BLE001 - a defect of ours; the next heartbeat gives the task back
            logs.task.exception("The end of task %s could not be written", self.claim.uuid)

    async def _outcome(self) -> Outcome | None:
        """How the attempt ended; None when an order ended it, whatever trouble that made on the way."""
        stages = self._stages
        try:
            outcome = await stages.run()
        except TaskInterruptedError:
            return None
        except SkippedError as error:
            facts = replace(stages.known, skipped=True)
            outcome = Outcome(TaskStatus.DONE_CANCELED, self.live().percent, error.message, facts)
        except UserError as error:
            if isinstance(error, RetryElsewhereError):
                stages.refusal = error
            outcome = failure(error.message, error.hint, self.live().percent, error.lines, stages.known)
        except OSError as error:
            logs.task.info("Task %s failed on this machine", self.claim.uuid, exc_info=True)
            where = f" ({os.fsdecode(error.filename)})" if error.filename else ""
            outcome = failure(
                f"The computer reported: {error.strerror or error}{where}.", "", self.live().percent
            )
        except Exception:  # noqa: BLE001 - a defect of ours must cost one task, never the node
            logs.task.exception("Task %s met a defect of the program", self.claim.uuid)
            outcome = failure(
                "The program met a defect of its own.", "The node's log has the details.", self.live().percent
            )
        if outcome.status is not TaskStatus.DONE_SUCCESSFUL and self._orders.given is not None:
            return None
        self._ending.refusal = stages.refusal
        if outcome.error:
            self._attempt.log.note(outcome.error.splitlines()[0])
        return outcome

    def _on_progress(self, progress: Progress) -> None:
        self._progress = progress
