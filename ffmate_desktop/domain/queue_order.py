"""Moves tasks within the queue. Priorities are whole numbers from 0: higher runs first, then older."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")

HIGHEST_PRIORITY = 2_147_483_647


class QueueMove(StrEnum):
    """Where to move tasks: up or down one priority, or before or after all other waiting tasks."""

    UP = "up"
    DOWN = "down"
    TOP = "top"
    BOTTOM = "bottom"


def compacted(priorities: Iterable[int], lowest: int) -> dict[int, int]:
    """New numbers for these priorities: consecutive from `lowest`, in the same order."""
    return {old: lowest + rank for rank, old in enumerate(sorted(set(priorities)))}


def raised(others: Sequence[tuple[T, int]], lowest: int) -> dict[T, int]:
    """New priorities for those of `others` (ascending) that must rise so that all are at least `lowest`.

    The order stays: a priority rises only as far as the one below it pushes it.
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
