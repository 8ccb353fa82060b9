"""Reads the queue a page at a time, by key, however long it is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from ffmate_desktop.db import queue as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.queue import (
    ALL_STATUSES,
    PAGE_SIZE,
    BatchGroup,
    BatchRow,
    QueueFilter,
    QueueQuery,
    QueueRow,
    QueueStats,
    RowKey,
    SortColumn,
)
from ffmate_desktop.domain.task import TaskStatus

SORTED_WITHOUT_INDEX = 100_000
"""So many rows are sorted in about a tenth of a second."""


class QueueService:
    """Reads the queue. Rows are as of now: of two with one id, the one with the higher version is the newer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        query: QueueQuery,
        *,
        after: RowKey | None = None,
        before: RowKey | None = None,
        limit: int = PAGE_SIZE,
    ) -> list[QueueRow]:
        """Rows behind `after`, or right in front of `before`, or the first ones; in the order of the query."""
        if before is not None:
            return await stored.page(self._database, query, before, limit, backward=True)
        return await stored.page(self._database, query, after, limit)

    async def page_at(self, query: QueueQuery, anchor: RowKey, limit: int = PAGE_SIZE) -> list[QueueRow]:
        """The page that begins with the anchor's row, or with what follows it when that is gone."""
        just_before = replace(anchor, id=anchor.id + (1 if query.keys_descend else -1))
        return await stored.page(self._database, query, just_before, limit)

    async def anchors(self, query: QueueQuery, every: int = PAGE_SIZE) -> list[RowKey]:
        """The keys of the rows 0, `every`, 2 * `every` ...: a jump to row n is `page_at(anchors[n // every])`."""
        return await stored.anchors(self._database, query, every)

    async def position(self, query: QueueQuery, key: RowKey) -> int:
        """How many rows of the query come before the key."""
        return await stored.position(self._database, query, key)

    async def counts(self, where: QueueFilter | None = None) -> dict[TaskStatus, int]:
        """How many tasks fit the filter, by status; its statuses are left out of account."""
        return await stored.counts(self._database, replace(where or QueueFilter(), statuses=ALL_STATUSES))

    async def rows(self, ids: Sequence[int], column: SortColumn = SortColumn.CREATED) -> list[QueueRow]:
        """These tasks, unordered, with keys for queries sorted by `column`. Deleted tasks are missing."""
        return await stored.rows(self._database, ids, column) if ids else []

    def can_sort(self, query: QueueQuery, total: int) -> bool:
        """Whether this order is worth offering for so many rows: an index has it, or sorting them takes no time."""
        return stored.is_indexed(query) or total <= SORTED_WITHOUT_INDEX

    async def batches(self, uuids: Sequence[UUID]) -> list[BatchRow]:
        """How far these batches are; one whose tasks are all deleted is missing."""
        return await stored.batches(self._database, uuids) if uuids else []

    async def newest_batches(
        self, limit: int = PAGE_SIZE, after: BatchGroup | None = None
    ) -> list[BatchGroup]:
        """The batches that have tasks, newest first, from behind one of them."""
        place = None if after is None or after.created is None else (after.created, after.state.uuid)
        return await stored.newest_batches(self._database, limit, place)

    async def tasks_of(self, batches: Sequence[UUID]) -> list[UUID]:
        """All tasks of these batches; `NO_BATCH` stands for those that were submitted alone."""
        return await stored.tasks_of(self._database, batches) if batches else []

    async def stats(self, midnight: datetime) -> QueueStats:
        """What runs, what was done since `midnight`, what failed in 24 hours, and how long the rest will take."""
        return await stored.stats(self._database, midnight)
