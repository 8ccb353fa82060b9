"""Ends an attempt early, and cancels the reading that it waits for."""

import asyncio
from collections.abc import Coroutine
from enum import IntEnum, auto
from typing import Any, TypeVar

T = TypeVar("T")


class InterruptReason(IntEnum):
    """Why an attempt ends early. A later member outranks an earlier one."""

    YIELD = auto()
    """It was ready before a slot was free, and none became free in time: another node may be faster."""
    GIVE_BACK = auto()
    """This node stops, and leaves the task to another one."""
    CANCEL = auto()
    DELETE = auto()
    LOST = auto()
    """The claim may belong to another node: touch nothing but this attempt's own leftovers."""


class TaskInterruptedError(Exception):
    """Unwinds the attempt; `Interrupt.reason` says why."""


class Interrupt:
    """Why one attempt has to end early, if it has to: the reason of the highest rank counts."""

    def __init__(self, name: str) -> None:
        self.reason: InterruptReason | None = None
        self._name = name
        self._reading: asyncio.Task[Any] | None = None

    def request(self, reason: InterruptReason) -> bool:
        """End the attempt; False if a reason of the same or a higher rank was there before."""
        if self.reason is not None and reason <= self.reason:
            return False
        self.reason = reason
        if self._reading is not None:
            self._reading.cancel()
        return True

    def check(self) -> None:
        """Raises TaskInterruptedError if the attempt has to end."""
        if self.reason is not None:
            raise TaskInterruptedError

    async def wait_for(self, reading: Coroutine[Any, Any, T]) -> T:
        """The result of work that only reads. An interrupt cancels it, since storage may never answer."""
        self._reading = asyncio.create_task(reading, name=f"reading for {self._name}")
        if self.reason is not None:
            self._reading.cancel()
        try:
            result: T = await self._reading
        except asyncio.CancelledError:
            if self._reading.cancelled() and not _is_cancelled():
                self.check()
            raise
        finally:
            self._reading = None
        self.check()
        return result


def _is_cancelled() -> bool:
    """Whether the current asyncio task itself is being cancelled."""
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0
