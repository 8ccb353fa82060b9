"""Removes finished tasks and old records, and says which tasks were deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import query

AT_ONCE = 1_000
"""Rows that one statement removes, so that others wait for its locks only briefly."""

NEWEST_CURSOR = 2**62
"""A cursor after every deletion, for a caller that only needs the current one."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """Deleted tasks; `cursor` is where the next read starts.

    `now` is the time by the database's clock, in seconds since 1970.
    """

    tasks: frozenset[UUID]
    cursor: int
    now: float


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much the queue holds: finished tasks, and bytes of the whole database."""

    finished: int
    bytes: int


async def deleted_since(database: Database, cursor: int) -> Deleted:
    """The tasks that were deleted since `cursor`. Some may be returned twice, none is missed."""
    row = await database.fetch_one(query("retention", "deleted_since"), cursor)
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return Deleted(frozenset(row["tasks"]), row["cursor"], row["now"])


async def deleted_among(database: Database, tasks: Sequence[UUID]) -> frozenset[UUID]:
    """Which of these tasks were deleted."""
    gone: set[UUID] = set()
    for start in range(0, len(tasks), AT_ONCE):
        rows = await database.fetch(query("retention", "deleted_among"), list(tasks[start : start + AT_ONCE]))
        gone.update(row["task"] for row in rows)
    return frozenset(gone)


async def forget_deleted(database: Database, age: timedelta) -> None:
    """Forget deletions older than `age`."""
    while len(await database.fetch(query("retention", "forget_deleted"), age, AT_ONCE)) == AT_ONCE:
        pass


async def remove_finished(database: Database, age: timedelta | None, count: int | None) -> int:
    """Remove finished tasks older than `age`, and all but the newest `count`; returns how many.

    None means that a limit is off. The tasks' logs are removed with them.
    """
    last = await database.fetch_one(query("retention", "oldest_kept"), age, count)
    total = 0
    while last is not None:
        rows = await database.fetch(
            query("retention", "remove_finished"), last["finished_at"], last["id"], AT_ONCE
        )
        total += len(rows)
        if len(rows) < AT_ONCE:
            break
    return total


async def remove_empty_batches(database: Database) -> None:
    """Remove batches whose tasks are all gone."""
    await database.fetch(query("retention", "remove_empty_batches"))


async def sizes(database: Database) -> Sizes:
    """How much the queue holds."""
    row = await database.fetch_one(query("retention", "sizes"))
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return Sizes(row["finished"], row["bytes"])
