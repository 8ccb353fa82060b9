"""Runs one claimed task from the claim to the last write."""

import asyncio
import os
from dataclasses import replace
from typing import Any

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import RetryElsewhereError, UserError
from ffmate_desktop.domain.task import Claim, Desired, Epoch, LiveProgress, Outcome, TaskStatus
from ffmate_desktop.node.background import running_in_background
from ffmate_desktop.node.task import control
from ffmate_desktop.node.task.attempt import SkippedError
from ffmate_desktop.node.task.context import TaskContext
from ffmate_desktop.node.task.interrupt import InterruptReason, TaskInterruptedError
from ffmate_desktop.node.task.outcome_writer import failed_outcome, write_interrupted, write_outcome
from ffmate_desktop.node.task.stages import run_stages


class TaskRun:
    """One claimed task on this node, as the node sees it. `run` raises nothing but a cancellation."""

    def __init__(self, task: TaskContext) -> None:
        self._task = task
        self._running: asyncio.Task[Any] | None = None

    @property
    def claim(self) -> Claim:
        return self._task.claim

    @property
    def node_id(self) -> int:
        """The incarnation of this node that holds the claim."""
        return self._task.writer.node_id

    @property
    def claimed_at(self) -> float:
        """When the node got the claim, or took it back, by the clock of the event loop."""
        return self._task.claimed_at

    @property
    def is_encoded(self) -> bool:
        """ffmpeg has ended, and its slot is free."""
        return self._task.is_encoded

    @property
    def is_ending(self) -> bool:
        """The last write has begun: the database may know less than this node."""
        return self._task.is_ending

    @property
    def is_waiting(self) -> bool:
        """It is ready, and waits for a slot."""
        return self._task.is_waiting

    def live(self) -> LiveProgress:
        """The progress that the node sends to the cluster."""
        return self._task.live()

    def apply_desired(self, desired: Desired) -> None:
        """Bring the task into its desired state. Safe to repeat."""
        control.apply_desired(self._task, desired)

    def interrupt(self, reason: InterruptReason) -> None:
        """Interrupt the task and kill what it runs; the reason of the highest rank counts."""
        control.interrupt(self._task, reason)

    def may_adopt(self, epoch: Epoch) -> bool:
        """Whether this attempt may continue under a claim with that epoch.

        Declaring the node lost raises the epoch by one, and a new claim by one more. A higher epoch means that the
        task was ended or restarted, which starts from scratch.
        """
        task = self._task
        return task.interrupt.reason is None and task.refusal is None and epoch <= self.claim.epoch + 2

    def adopt(self, epoch: Epoch, node_id: int) -> None:
        """Continue under a new claim: this node lost the old one, and no other node has claimed the task since."""
        logs.cluster.info(
            "Task %s was adopted again with epoch %d; its encode continues", self.claim.uuid, epoch
        )
        self._task.writer.adopt(epoch, node_id)
        self._task.claimed_at = asyncio.get_running_loop().time()
        self._task.attempt.log.note(f"adopted again with epoch {epoch}: the node had been declared lost")

    def abandon(self) -> None:
        """Stop waiting for the database. Other nodes take over the task when the lease expires."""
        if self._running is not None:
            self._running.cancel()

    async def run(self) -> None:
        """Run the task to its last write. Afterwards none of its processes and temporary files are left."""
        self._running = asyncio.current_task()
        task = self._task
        try:
            async with running_in_background(task.shipper.run(), f"shipping the log of {self.claim.uuid}"):
                try:
                    outcome = await _run_attempt(task)
                finally:  # also when the program ends at once
                    task.slots.leave(task)
                    if task.killing is not None:
                        await task.killing
                    await task.attempt.clean_up()
                task.is_ending = True
                if outcome is None:
                    await write_interrupted(task)
                else:
                    await write_outcome(task, outcome)
        except Exception:  # noqa: BLE001 - a bug; the next heartbeat gives the task back
            logs.task.exception("The end of task %s could not be written", self.claim.uuid)


async def _run_attempt(task: TaskContext) -> Outcome | None:
    """How the attempt ended; None if an interrupt ended it, even if that caused errors on the way."""
    try:
        outcome = await run_stages(task)
    except TaskInterruptedError:
        return None
    except SkippedError as error:
        facts = replace(task.failure_facts, skipped=True)
        outcome = Outcome(TaskStatus.DONE_CANCELED, task.percent, error.message, facts)
    except UserError as error:
        if isinstance(error, RetryElsewhereError):
            task.refusal = error
        outcome = failed_outcome(error.message, error.hint, task.percent, error.lines, task.failure_facts)
    except OSError as error:
        logs.task.info("Task %s failed on this machine", task.claim.uuid, exc_info=True)
        where = f" ({os.fsdecode(error.filename)})" if error.filename else ""
        outcome = failed_outcome(
            f"The computer reported: {error.strerror or error}{where}.", "", task.percent
        )
    except Exception:  # noqa: BLE001 - a bug must cost one task, never the node
        logs.task.exception("Task %s failed with an internal error", task.claim.uuid)
        outcome = failed_outcome(
            "An internal error occurred.", "The node's log has the details.", task.percent
        )
    if outcome.status is not TaskStatus.DONE_SUCCESSFUL and task.interrupt.reason is not None:
        return None
    if outcome.error:
        task.attempt.log.note(outcome.error.splitlines()[0])
    return outcome
