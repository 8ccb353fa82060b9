"""What is in memory of a list of any length: pages of it, the keys at which pages begin, and new rows on top."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from uuid import UUID

from ffmate_desktop.domain.queue import PAGE, QueueRow, RowKey
from ffmate_desktop.gui.queue.selection import RowRange

KEPT_PAGES = 40


class PageCache:
    """Rows are numbered from 0. `head` holds those that are newer than the anchors, newest first."""

    def __init__(self) -> None:
        self.length = 0
        self.head: list[QueueRow] = []
        self.anchors: list[RowKey] = []
        self.kept: OrderedDict[int, list[QueueRow]] = OrderedDict()
        self._places: dict[int, tuple[int, int]] = {}  # task id: page (-1: head) and offset

    def fill(self, length: int, anchors: list[RowKey], pages: Mapping[int, list[QueueRow]]) -> None:
        """The list was read anew; what was known before is forgotten."""
        self.length, self.anchors = length, anchors
        self.head.clear()
        self.kept.clear()
        self._places.clear()
        for page, rows in pages.items():
            self.put(page, rows)

    def put(self, page: int, rows: list[QueueRow]) -> None:
        """Keep a page; the one that nobody asked for the longest may have to go."""
        rows = rows[:PAGE]
        self.kept[page] = rows
        self._places.update((row.id, (page, offset)) for offset, row in enumerate(rows))
        while len(self.kept) > KEPT_PAGES:
            old, gone = self.kept.popitem(last=False)
            for row in gone:
                if self._places.get(row.id, (None,))[0] == old:
                    del self._places[row.id]

    def place_of(self, number: int) -> tuple[int, int]:
        """Page and offset of a row that is not in the head."""
        return divmod(number - len(self.head), PAGE)

    def span(self, page: int) -> tuple[int, int]:
        """First and last row of a page."""
        first = len(self.head) + page * PAGE
        return first, min(first + PAGE, self.length) - 1

    def loaded(self, number: int) -> QueueRow | None:
        """The task in this row if it is in memory."""
        if number < len(self.head):
            return self.head[number]
        page, offset = self.place_of(number)
        rows = self.kept.get(page, [])
        return rows[offset] if offset < len(rows) else None

    def has(self, task: int) -> bool:
        """Whether this task is in memory."""
        return task in self._places

    def number_of(self, task: int) -> int | None:
        """The row of a task that is in memory."""
        place = self._places.get(task)
        if place is None:
            return None
        page, offset = place
        return offset if page < 0 else len(self.head) + page * PAGE + offset

    def newest(self) -> int:
        """The highest id at the top, 0 while nothing is there."""
        top = self.head[:1] or self.kept.get(0, [])[:1]
        return top[0].id if top else 0

    def swap(self, row: QueueRow) -> None:
        """Put a newer state of a task into its place."""
        page, offset = self._places[row.id]
        (self.head if page < 0 else self.kept[page])[offset] = row

    def add_on_top(self, fresh: list[QueueRow]) -> None:
        """New tasks, newest first."""
        self.head[:0] = fresh
        self._places.update((row.id, (-1, offset)) for offset, row in enumerate(self.head))
        self.length += len(fresh)

    def choose(self, ranges: Sequence[tuple[int, int]]) -> list[UUID | RowRange]:
        """The tasks in these rows, first and last of each range included."""
        parts: list[UUID | RowRange] = []
        for first, last in ranges:
            number = first
            while number <= last:
                row = self.loaded(number)
                if row is not None:
                    parts.append(row.uuid)
                    number += 1
                    continue
                page, offset = self.place_of(number)
                count = min(last - number + 1, PAGE - offset)
                if page < len(self.anchors):
                    parts.append(RowRange(self.anchors[page], offset, count))
                number += count
        return parts
