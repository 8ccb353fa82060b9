"""Writes how an attempt ended: retried until the database answers, and fenced by the claim."""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.task import Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts
from ffmate_desktop.node.task.context import TaskContext
from ffmate_desktop.node.task.interrupt import InterruptReason


def failed_outcome(
    sentence: str, hint: str, percent: float, lines: Sequence[str] = (), facts: TaskFacts | None = None
) -> Outcome:
    """A failed attempt, with the error as people read it."""
    error = "\n".join([f"{sentence} {hint}".strip(), *lines])
    return Outcome(TaskStatus.DONE_ERROR, percent, error, facts or TaskFacts())


async def write_outcome(task: TaskContext, outcome: Outcome) -> None:
    """Write the end of an attempt that wasn't interrupted, or leave the task to other nodes."""
    await task.shipper.finish()
    if task.refusal is not None:
        refusal = await _refuse(task, task.refusal)
        if refusal is None:
            return
        task.refusal = None
        error = failed_outcome(refusal.message, refusal.hint, outcome.progress, refusal.lines).error
        outcome = replace(outcome, error=error)
    await _finish(task, outcome)


async def write_interrupted(task: TaskContext) -> None:
    """Write the end of an interrupted attempt."""
    match task.interrupt.reason:
        case InterruptReason.CANCEL:
            task.shipper.add(["cancelled"])
            await task.shipper.finish()
            await _cancel(task)
        case InterruptReason.DELETE:
            if not await task.writer.delete():
                await task.writer.give_back()  # the task was restored meanwhile, or the claim is lost
        case InterruptReason.GIVE_BACK:
            await _give_back(task, "this node stops")
        case InterruptReason.YIELD:
            await _give_back(task, "it was ready, but no slot was free here")
        case InterruptReason.LOST:
            logs.task.warning("The claim of %s was lost; its attempt ended here", task.claim.uuid)
        case None:
            raise AssertionError("the attempt was not interrupted")
        case _:
            assert_never(task.interrupt.reason)


async def _cancel(task: TaskContext) -> None:
    outcome = Outcome(TaskStatus.DONE_CANCELED, task.percent)
    desired = await task.writer.finish(outcome)
    if desired is None:
        await task.writer.give_back()  # the task was resumed meanwhile, or the claim is lost
        return
    _log(task, outcome)
    if desired == "delete":
        await task.writer.delete()


async def _refuse(task: TaskContext, refusal: RetryElsewhereError) -> RetryElsewhereError | None:
    """Leave the task to other nodes; the error for people if none is left that may run it, else None."""
    is_left, here, others = await task.writer.refuse(refusal)
    if is_left:
        logs.task.info(
            "%s (%s) is left to other nodes: %s", task.claim.name, task.claim.uuid, refusal.message
        )
        return None
    return refusal.with_others(here, others)


async def _finish(task: TaskContext, outcome: Outcome) -> None:
    while True:
        desired = await task.writer.finish(outcome)
        if desired is not None:
            break
        if task.interrupt.reason is InterruptReason.LOST:
            logs.task.warning("The claim of %s was lost before its end was written", task.claim.uuid)
            return
        # the answer to the next heartbeat takes the claim back, or interrupts with LOST
        await task.node.confirm()
    _log(task, outcome)
    if desired == "delete":  # deleted while its end was being written
        await task.writer.delete()


async def _give_back(task: TaskContext, why: str) -> None:
    task.shipper.add([f"given back: {why}"])
    await task.shipper.finish()
    await task.writer.give_back()


def _log(task: TaskContext, outcome: Outcome) -> None:
    logs.task.info("%s (%s) %s", task.claim.name, task.claim.uuid, _describe(outcome))


def _describe(outcome: Outcome) -> str:
    match outcome.status:
        case TaskStatus.DONE_SUCCESSFUL:
            return "is done"
        case TaskStatus.DONE_CANCELED:
            return f"was skipped: {outcome.error}" if outcome.error else "was cancelled"
        case _:
            return f"failed: {(outcome.error or '').partition(chr(10))[0]}"
