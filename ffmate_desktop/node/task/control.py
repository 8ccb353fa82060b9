"""Pauses, resumes and interrupts a running task."""

import asyncio
from typing import assert_never

from ffmate_desktop.domain.task import Desired
from ffmate_desktop.node.task.context import TaskContext
from ffmate_desktop.node.task.interrupt import InterruptReason


def apply_desired(task: TaskContext, desired: Desired) -> None:
    """Bring the task into its desired state. Safe to repeat."""
    if task.is_ending:
        return
    match desired:
        case "run":
            if task.is_paused:
                task.is_paused = False
                task.attempt.resume()
                task.attempt.log.note("resumed")
        case "pause":
            if not task.is_paused:
                task.is_paused = True
                task.attempt.pause()
                task.attempt.log.note("paused")
                if task.is_waiting:
                    # it can be paused in the queue, where it takes no slot
                    interrupt(task, InterruptReason.YIELD)
        case "cancel":
            interrupt(task, InterruptReason.CANCEL)
        case "delete":
            interrupt(task, InterruptReason.DELETE)
        case "unknown":
            pass  # a state of a newer release: continue
        case _:
            assert_never(desired)


def interrupt(task: TaskContext, reason: InterruptReason) -> None:
    """Interrupt the task and kill what it runs."""
    if task.is_ending:
        if reason is InterruptReason.LOST:
            task.interrupt.request(reason)  # the last write checks it
        return
    if task.interrupt.request(reason) and task.killing is None:
        task.killing = asyncio.create_task(task.attempt.cancel(), name=f"kill {task.claim.uuid}")
