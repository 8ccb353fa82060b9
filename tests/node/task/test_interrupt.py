"""Ending an attempt early: the reason of the highest rank counts, and no reading holds it up."""

import asyncio

import pytest

from ffmate_desktop.node.task.interrupt import Interrupt, InterruptReason, TaskInterruptedError


def test_a_later_reason_replaces_only_one_of_a_lower_rank() -> None:
    interrupt = Interrupt("a task")
    interrupt.check()
    steps = (
        (InterruptReason.CANCEL, True, InterruptReason.CANCEL),
        (InterruptReason.CANCEL, False, InterruptReason.CANCEL),
        (InterruptReason.YIELD, False, InterruptReason.CANCEL),
        (InterruptReason.LOST, True, InterruptReason.LOST),
    )
    for requested, is_new, reason in steps:
        assert (interrupt.request(requested), interrupt.reason) == (is_new, reason)
    with pytest.raises(TaskInterruptedError):
        interrupt.check()


async def test_a_reading_returns_its_result_or_its_error() -> None:
    interrupt = Interrupt("a task")
    assert await interrupt.wait_for(asyncio.sleep(0, "found")) == "found"

    async def fail() -> None:
        raise OSError("no such share")

    with pytest.raises(OSError, match="no such share"):
        await interrupt.wait_for(fail())


async def test_an_interrupt_cancels_a_reading_that_never_ends() -> None:
    interrupt = Interrupt("a task")
    waiting = asyncio.create_task(interrupt.wait_for(asyncio.Event().wait()))
    await asyncio.sleep(0.01)
    interrupt.request(InterruptReason.GIVE_BACK)
    with pytest.raises(TaskInterruptedError):
        await waiting
    with pytest.raises(TaskInterruptedError):  # and none begins afterwards
        await interrupt.wait_for(asyncio.Event().wait())


async def test_a_cancelled_attempt_is_not_taken_for_an_interrupted_one() -> None:
    interrupt = Interrupt("a task")
    waiting = asyncio.create_task(interrupt.wait_for(asyncio.Event().wait()))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert interrupt.reason is None
