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
"""Rows that can be sorted in about a tenth of a second."""


class QueueService:
    """Rows are current when read: of two rows with the same id, the one with the higher version is newer."""

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
        """Rows after `after`, or right before `before`, or the first ones; in the query's order."""
        if before is not None:
            return await stored.page(self._database, query, before, limit, backward=True)
        return await stored.page(self._database, query, after, limit)

    async def page_at(self, query: QueueQuery, anchor: RowKey, limit: int = PAGE_SIZE) -> list[QueueRow]:
        """The page that starts at the anchor's row, or after it if that row is gone."""
        just_before = replace(anchor, id=anchor.id + (1 if query.keys_descend else -1))
        return await stored.page(self._database, query, just_before, limit)

    async def anchors(self, query: QueueQuery, every: int = PAGE_SIZE) -> list[RowKey]:
        """The keys of rows 0, `every`, 2 * `every` ...: jump to row n with `page_at(anchors[n // every])`."""
        return await stored.anchors(self._database, query, every)

    async def position(self, query: QueueQuery, key: RowKey) -> int:
        """How many rows of the query come before the key."""
        return await stored.position(self._database, query, key)

    async def counts(self, where: QueueFilter | None = None) -> dict[TaskStatus, int]:
        """How many tasks match the filter, by status. The filter's own statuses are ignored."""
        return await stored.counts(self._database, replace(where or QueueFilter(), statuses=ALL_STATUSES))

    async def rows(self, ids: Sequence[int], column: SortColumn = SortColumn.CREATED) -> list[QueueRow]:
        """These tasks, unordered, with keys for queries sorted by `column`. Deleted tasks are missing."""
        return await stored.rows(self._database, ids, column) if ids else []

    def can_sort(self, query: QueueQuery, total: int) -> bool:
        """Whether sorting this many rows is fast: an index exists, or there are few enough."""
        return stored.is_indexed(query) or total <= SORTED_WITHOUT_INDEX

    async def batches(self, uuids: Sequence[UUID]) -> list[BatchRow]:
        """The progress of these batches, without those whose tasks are all deleted."""
        return await stored.batches(self._database, uuids) if uuids else []

    async def newest_batches(
        self, limit: int = PAGE_SIZE, after: BatchGroup | None = None
    ) -> list[BatchGroup]:
        """The batches that have tasks, newest first, starting after one of them."""
        place = None if after is None or after.created is None else (after.created, after.state.uuid)
        return await stored.newest_batches(self._database, limit, place)

    async def tasks_of(self, batches: Sequence[UUID]) -> list[UUID]:
        """All tasks of these batches; `NO_BATCH` means tasks that were submitted alone."""
        return await stored.tasks_of(self._database, batches) if batches else []

    async def stats(self, midnight: datetime) -> QueueStats:
        """The statistics above the queue; "today" starts at `midnight`."""
        return await stored.stats(self._database, midnight)
