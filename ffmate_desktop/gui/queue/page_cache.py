"""The part of a long queue that is in memory: some pages, the first key of every page, and new rows on top."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ffmate_desktop.domain.queue import PAGE_SIZE, QueueQuery, QueueRow, RowKey
from ffmate_desktop.domain.status import TaskStatus
from ffmate_desktop.gui.queue.selection import RowRange

MAX_PAGES = 40


@dataclass(frozen=True, slots=True)
class QueueOrder:
    """The order of a query as it was read: `length` rows, the first key of every page, and some of the pages."""

    query: QueueQuery
    counts: Mapping[TaskStatus, int]
    length: int
    anchors: list[RowKey]
    pages: Mapping[int, list[QueueRow]]


class PageCache:
    """Rows are numbered from 0. `head` holds rows newer than the first anchor, newest first."""

    def __init__(self) -> None:
        self.length = 0
        self.head: list[QueueRow] = []
        self.anchors: list[RowKey] = []
        self.pages: OrderedDict[int, list[QueueRow]] = OrderedDict()
        self._positions: dict[int, tuple[int, int]] = {}  # task id: page (-1: head) and offset

    def clear(self) -> None:
        self.length, self.anchors = 0, []
        self.head.clear()
        self.pages.clear()
        self._positions.clear()

    def replace(self, order: QueueOrder) -> None:
        self.clear()
        self.length, self.anchors = order.length, order.anchors
        for page, rows in order.pages.items():
            self.put(page, rows)

    def put(self, page: int, rows: list[QueueRow]) -> None:
        """Keep a page and drop the least recently used one if there are too many."""
        rows = rows[:PAGE_SIZE]
        self.pages[page] = rows
        self._positions.update((row.id, (page, offset)) for offset, row in enumerate(rows))
        while len(self.pages) > MAX_PAGES:
            dropped, dropped_rows = self.pages.popitem(last=False)
            for row in dropped_rows:
                if self._positions.get(row.id, (None,))[0] == dropped:
                    del self._positions[row.id]

    def position_of(self, number: int) -> tuple[int, int]:
        """Page and offset of a row below the head."""
        return divmod(number - len(self.head), PAGE_SIZE)

    def span(self, page: int) -> tuple[int, int]:
        """First and last row of a page."""
        first = len(self.head) + page * PAGE_SIZE
        return first, min(first + PAGE_SIZE, self.length) - 1

    def loaded_row(self, number: int) -> QueueRow | None:
        if number < len(self.head):
            return self.head[number]
        page, offset = self.position_of(number)
        rows = self.pages.get(page, [])
        return rows[offset] if offset < len(rows) else None

    def has(self, task: int) -> bool:
        return task in self._positions

    def row_number_of(self, task: int) -> int | None:
        position = self._positions.get(task)
        if position is None:
            return None
        page, offset = position
        return offset if page < 0 else len(self.head) + page * PAGE_SIZE + offset

    def newest(self) -> int:
        """The highest id, 0 if the queue is empty."""
        top = self.head[:1] or self.pages.get(0, [])[:1]
        return top[0].id if top else 0

    def update(self, row: QueueRow) -> None:
        """Replace a task with its newer state."""
        page, offset = self._positions[row.id]
        (self.head if page < 0 else self.pages[page])[offset] = row

    def prepend(self, rows: list[QueueRow]) -> None:
        """Add new tasks on top, newest first."""
        self.head[:0] = rows
        self._positions.update((row.id, (-1, offset)) for offset, row in enumerate(self.head))
        self.length += len(rows)

    def selection_parts(self, ranges: Sequence[tuple[int, int]]) -> list[UUID | RowRange]:
        """The tasks in these ranges of rows, both ends included."""
        parts: list[UUID | RowRange] = []
        for first, last in ranges:
            number = first
            while number <= last:
                row = self.loaded_row(number)
                if row is not None:
                    parts.append(row.uuid)
                    number += 1
                    continue
                page, offset = self.position_of(number)
                count = min(last - number + 1, PAGE_SIZE - offset)
                if page < len(self.anchors):
                    parts.append(RowRange(self.anchors[page], offset, count))
                number += count
        return parts
