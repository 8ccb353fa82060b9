"""Why an attempt has to end before its time, and how whatever it does just then hears of it."""

import asyncio
from collections.abc import Coroutine
from enum import IntEnum, auto
from typing import Any, TypeVar

T = TypeVar("T")


class InterruptReason(IntEnum):
    """A later one of these outranks an earlier one."""

    YIELD = auto()
    """It was ready before there was a slot, and none became free: another node may be faster."""
    GIVE_BACK = auto()
    """This node stops: another one shall take the task."""
    CANCEL = auto()
    DELETE = auto()
    LOST = auto()
    """The claim is somebody else's now: touch nothing but our own leftovers."""


class TaskInterruptedError(Exception):
    """Leaves the attempt; the order stands in its `Interrupt`."""


class Interrupt:
    """What one attempt was ordered to do: the order of the highest rank counts."""

    def __init__(self, what: str) -> None:
        self.given: InterruptReason | None = None
        self._what = what
        self._looking: asyncio.Task[Any] | None = None

    def give(self, order: InterruptReason) -> bool:
        """False when a higher one stands already."""
        if self.given is not None and order <= self.given:
            return False
        self.given = order
        if self._looking is not None:
            self._looking.cancel()
        return True

    def check(self) -> None:
        """Raises TaskInterruptedError when there is an order."""
        if self.given is not None:
            raise TaskInterruptedError

    async def unless(self, looking: Coroutine[Any, Any, T]) -> T:
        """The result of work that only reads; an order does not wait for it, since storage may not answer."""
        self._looking = asyncio.create_task(looking, name=f"looking at {self._what}")
        if self.given is not None:
            self._looking.cancel()
        try:
            result: T = await self._looking
        except asyncio.CancelledError:
            if self._looking.cancelled() and not _is_cancelled():
                self.check()
            raise
        finally:
            self._looking = None
        self.check()
        return result


def _is_cancelled() -> bool:
    """Whether somebody wants the running task of the loop to end."""
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0
