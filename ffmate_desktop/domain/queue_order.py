"""Moving tasks within the queue: priorities are whole numbers from 0, higher runs first, then older."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")

HIGHEST_PRIORITY = 2_147_483_647


class QueueMove(StrEnum):
    """Where to: one step of priority, or before or behind everything else that waits."""

    UP = "up"
    DOWN = "down"
    TOP = "top"
    BOTTOM = "bottom"


def compacted(priorities: Iterable[int], lowest: int) -> dict[int, int]:
    """The new number of each priority, so that they stand on each other from `lowest` on and keep their order."""
    return {old: lowest + rank for rank, old in enumerate(sorted(set(priorities)))}


def raised(others: Sequence[tuple[T, int]], lowest: int) -> dict[T, int]:
    """New priorities of those that must rise, so that all of `others` (ascending) are at least `lowest`.

    Nobody overtakes anybody: a priority rises only as far as the one below it pushes it.
    """
    risen: dict[T, int] = {}
    before, new = None, lowest - 1
    for name, priority in others:
        if priority != before:
            before, new = priority, max(priority, new + 1)
            if new == priority:
                break
        risen[name] = new
    return risen
