"""The queue as a table of any length: pages of 200 rows are read when they come into view."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from enum import IntEnum
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from ffmate_desktop import logs
from ffmate_desktop.domain.queue import PAGE, Key, QueueRow, QueueView, SortColumn
from ffmate_desktop.domain.status import LiveProgress, TaskStatus
from ffmate_desktop.gui.bridge import Bridge
from ffmate_desktop.gui.models.chosen import Chosen, Stretch
from ffmate_desktop.gui.models.columns import Column, cell_text, title
from ffmate_desktop.gui.models.live_board import LiveBoard

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.queue import QueueService

KEPT_PAGES = 40
FETCHES = 3
"""Pages that are read at once; of more wishes the newest come first."""

SHORTEST_PAUSE = 0.5
"""Seconds between two readings of the whole order; longer when one takes long."""

Index = QModelIndex | QPersistentModelIndex


class Role(IntEnum):
    """What the delegates ask for beside the text."""

    ROW = Qt.ItemDataRole.UserRole + 1


class QueueModel(QAbstractTableModel):
    """Rows are numbered by the order of `view`; those that are not read yet are None.

    `counts` holds how many tasks fit the filter by status. `reordered` comes before and after rows get other numbers:
    whoever remembers rows must remember tasks meanwhile.
    """

    counted = Signal()
    about_to_reorder = Signal(bool)
    """Whether the tasks stay the same, though in another order: False when the view is another one."""
    reordered = Signal()

    def __init__(self, bridge: Bridge, board: LiveBoard) -> None:
        super().__init__()
        self._bridge, self._board = bridge, board
        self._queue: QueueService | None = None
        self.top_row: Callable[[], QueueRow | None] = lambda: None
        """The uppermost row that somebody sees, if it is not the first; a view sets this."""
        self.view = QueueView()
        self.counts: dict[TaskStatus, int] = {}
        self.is_known = False
        self._length = 0
        self._head: list[QueueRow] = []  # newer than the anchors, newest first
        self._anchors: list[Key] = []
        self._pages: OrderedDict[int, list[QueueRow]] = OrderedDict()
        self._places: dict[int, tuple[int, int]] = {}  # task id: page (-1: head) and offset
        self._wishes: list[int] = []
        self._fetching: set[int] = set()
        self._unsettled: set[int] = (
            set()
        )  # tasks that changed while something was being read: it may be older
        self._generation = 0
        self._shown_view: QueueView | None = None
        self._reload: asyncio.Task[None] | None = None
        self._stale = False
        self._pause_until = 0.0
        self._recounting: asyncio.Task[None] | None = None
        self._ring: asyncio.TimerHandle | None = None
        bridge.anything_changed.connect(self.reload)
        bridge.tasks_changed.connect(self._on_tasks)
        bridge.progress.connect(self._on_progress)

    def attach(self, queue: QueueService) -> None:
        """The cluster is open; the rows come with the first `anything_changed`, those of another are forgotten."""
        self._queue = queue
        self._recounting = None  # what was cancelled before its first step ended without a word
        self._fetching.clear()
        self._unsettled.clear()
        self._generation += 1
        self.beginResetModel()
        self.counts, self.is_known, self._shown_view = {}, False, None
        self._length, self._anchors = 0, []
        for memory in (self._head, self._pages, self._places, self._wishes):
            memory.clear()
        self.endResetModel()

    def detach(self) -> None:
        """Read nothing any more; what is shown stays."""
        self._queue = None
        if self._ring is not None:
            self._ring.cancel()
            self._ring = None

    def show_view(self, view: QueueView) -> None:
        """Show these tasks in this order, from the top."""
        if view != self.view:
            self.view = view
            self.reload()

    # -- What a view asks ----------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """All tasks of the view, read or not."""
        return 0 if parent.isValid() else self._length

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Also those that are hidden."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text for screen readers and copying; delegates take the whole row."""
        if role == Role.ROW:
            return self.row_at(index.row())
        if role in _TEXT_ROLES:
            row = self.row_at(index.row())
            return None if row is None else cell_text(row, self.live_of(row), Column(index.column()))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return title(Column(section))
        return None

    def row_at(self, number: int) -> QueueRow | None:
        """The task in this row; None while it is being read, which asking for it starts."""
        if number < len(self._head):
            return self._head[number]
        page, offset = divmod(number - len(self._head), PAGE)
        rows = self._pages.get(page)
        if rows is None:
            self._wish(page)
            return None
        self._pages.move_to_end(page)
        return rows[offset] if offset < len(rows) else None

    def loaded(self, number: int) -> QueueRow | None:
        """The task in this row if it has been read; asking starts nothing."""
        if number < len(self._head):
            return self._head[number]
        page, offset = divmod(number - len(self._head), PAGE)
        rows = self._pages.get(page, [])
        return rows[offset] if offset < len(rows) else None

    def live_of(self, row: QueueRow) -> LiveProgress | None:
        """The newest progress of a running task, if it was heard live."""
        return self._board.newest(row.id, row.epoch) if row.status.is_active else None

    def key_at(self, number: int) -> int | None:
        """What finds this row again: the id of a task that was read."""
        row = self.loaded(number)
        return None if row is None else row.id

    def number_of(self, key: object) -> int | None:
        """The row of a task that was read, by its id."""
        place = self._places.get(key) if isinstance(key, int) else None
        if place is None:
            return None
        page, offset = place
        return offset if page < 0 else len(self._head) + page * PAGE + offset

    def choose(self, ranges: Sequence[tuple[int, int]]) -> Chosen:
        """The tasks in these rows as they are numbered now, first and last of each range included."""
        parts: list[UUID | Stretch] = []
        for first, last in ranges:
            number = first
            while number <= last:
                row = self.loaded(number)
                if row is not None:
                    parts.append(row.uuid)
                    number += 1
                    continue
                page, offset = divmod(number - len(self._head), PAGE)
                count = min(last - number + 1, PAGE - offset)
                if page < len(self._anchors):
                    parts.append(Stretch(self._anchors[page], offset, count))
                number += count
        return Chosen(self._queue, self.view, parts)

    # -- Pages ---------------------------------------------------------------------------------------------------

    def _wish(self, page: int) -> None:
        if page in self._wishes:
            self._wishes.remove(page)
        self._wishes.append(page)
        self._fetch()

    def _fetch(self) -> None:
        while self._wishes and len(self._fetching) < FETCHES and self._queue is not None:
            page = self._wishes.pop()
            if page in self._fetching or page in self._pages or page >= len(self._anchors):
                continue
            self._fetching.add(page)
            self._start(self._read_page(self._queue, page, self._generation), "reading a part of the queue")
        del self._wishes[:-KEPT_PAGES]

    async def _read_page(self, queue: QueueService, page: int, generation: int) -> None:
        try:
            rows = await queue.page_at(self.view, self._anchors[page])
        finally:
            self._fetching.discard(page)
        if generation == self._generation:
            self._put(page, rows)
            first = len(self._head) + page * PAGE
            self._emit(first, min(first + PAGE, self._length) - 1)
            self._settle(queue)
        self._fetch()

    def _put(self, page: int, rows: list[QueueRow]) -> None:
        rows = rows[:PAGE]
        self._pages[page] = rows
        self._places.update((row.id, (page, offset)) for offset, row in enumerate(rows))
        while len(self._pages) > KEPT_PAGES:
            old, gone = self._pages.popitem(last=False)
            for row in gone:
                if self._places.get(row.id, (None,))[0] == old:
                    del self._places[row.id]

    def _emit_rows(self, numbers: list[int]) -> None:
        """One signal for all of them: a view repaints no more than it shows, and slots run once."""
        if numbers:
            self._emit(min(numbers), max(numbers))

    def _emit(self, first: int, last: int) -> None:
        if first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(Column) - 1))

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._bridge.run_quietly(work, name)

    # -- News ----------------------------------------------------------------------------------------------------

    def _on_progress(self, news: dict[int, LiveProgress]) -> None:
        self._emit_rows([number for task in news if (number := self.number_of(task)) is not None])

    def _on_tasks(self, changed: frozenset[int] | None) -> None:
        queue = self._queue
        if queue is None:
            return
        if changed is None or not self.is_known:
            self.reload()
            return
        if self._fetching or self._reload is not None:
            self._unsettled |= changed
        here = [task for task in changed if task in self._places]
        elsewhere = [task for task in changed if task not in self._places]
        if elsewhere and not self._is_plain():
            self.reload()  # it may have come into the view, or left it, where nobody looks
        newest = max((row.id for row in self._top()), default=0)
        new = [task for task in elsewhere if task > newest] if self._is_plain() else []
        if here or new:
            self._start(self._read_rows(queue, here + new, self._generation), "reading changed tasks")
        if self._recounting is None:
            self._recounting = self._start(self._recount(queue), "counting")

    def _is_plain(self) -> bool:
        """All tasks, newest first: only new ones and deletions change the order."""
        return self.view == QueueView()

    def _top(self) -> list[QueueRow]:
        return self._head[:1] or self._pages.get(0, [])[:1]

    async def _read_rows(self, queue: QueueService, ids: list[int], generation: int) -> None:
        rows = await queue.rows(ids, self.view.column)
        if generation != self._generation:  # the order was read meanwhile, perhaps before these changes
            self._start(self._read_rows(queue, ids, self._generation), "reading changed tasks")
            return
        found = {row.id: row for row in rows}
        fresh, updated = [], []
        for task in ids:
            row, number = found.get(task), self.number_of(task)
            if number is None:
                if row is not None:
                    fresh.append(row)
            elif row is not None and self._update(row):
                updated.append(number)
            else:
                self.reload()
        self._emit_rows(updated)
        if fresh:
            self._insert(sorted(fresh, key=lambda row: -row.id))
        self.counted.emit()

    def _update(self, row: QueueRow) -> bool:
        """Put a newer state of a row into its place; False if its place is another one now."""
        page, offset = self._places[row.id]
        rows = self._head if page < 0 else self._pages[page]
        old = rows[offset]
        if row.version < old.version:
            return True
        if not self._fits(row) or self._sort_value(row) != self._sort_value(old):
            return False
        rows[offset] = row
        if old.status is not row.status:
            self.counts[old.status] = max(0, self.counts.get(old.status, 0) - 1)
            self.counts[row.status] = self.counts.get(row.status, 0) + 1
        return True

    def _fits(self, row: QueueRow) -> bool:
        where = self.view.where
        return (not where.statuses or row.status in where.statuses) and where.node in (None, row.node)

    def _sort_value(self, row: QueueRow) -> object:
        match self.view.column:
            case SortColumn.PRIORITY:
                return row.priority
            case SortColumn.FINISHED:
                return row.finished
            case SortColumn.NAME:
                return row.name
            case _:
                return None

    def _settle(self, queue: QueueService) -> None:
        """What changed while it was being read is read again."""
        again = [task for task in self._unsettled if task in self._places]
        if not self._fetching and self._reload is None:
            self._unsettled.clear()
        if again:
            self._start(self._read_rows(queue, again, self._generation), "reading changed tasks")

    def _insert(self, fresh: list[QueueRow]) -> None:
        """New tasks on top of all others."""
        if len(self._head) + len(fresh) > PAGE:
            self.reload()
            return
        self.about_to_reorder.emit(True)
        self.beginInsertRows(QModelIndex(), 0, len(fresh) - 1)
        self._head[:0] = fresh
        self._places.update((row.id, (-1, offset)) for offset, row in enumerate(self._head))
        self._length += len(fresh)
        for row in fresh:
            self.counts[row.status] = self.counts.get(row.status, 0) + 1
        self.endInsertRows()
        self.reordered.emit()
        self.counted.emit()

    async def _recount(self, queue: QueueService) -> None:
        """Count soon, and not again before a pause, however much changes."""
        try:
            await asyncio.sleep(SHORTEST_PAUSE)
            began, generation = monotonic(), self._generation
            counts = await queue.counts(self.view.where)
            if generation == self._generation:
                self.counts = counts
                self.counted.emit()
            await asyncio.sleep(20 * (monotonic() - began))
        finally:
            self._recounting = None

    # -- The whole order -----------------------------------------------------------------------------------------

    def reload(self) -> None:
        """Read counts, order and what is in view again, soon; whatever was asked before is dropped."""
        self._stale = True
        if self._queue is None or self._reload is not None or self._ring is not None:
            return
        loop = asyncio.get_running_loop()
        self._ring = loop.call_later(max(0.0, self._pause_until - monotonic()), self._begin_reload)

    def _begin_reload(self) -> None:
        self._ring = None
        if self._queue is not None:
            self._reload = self._start(self._read_all(self._queue), "reading the queue")
            self._reload.add_done_callback(self._end_reload)

    def _end_reload(self, _task: asyncio.Task[None]) -> None:
        self._reload = None
        if self._queue is not None:
            self._settle(self._queue)
        if self._stale:
            self.reload()

    async def _read_all(self, queue: QueueService) -> None:
        while self._stale and self._queue is queue:
            self._stale = False
            began, view = monotonic(), self.view
            counts, first = await asyncio.gather(queue.counts(view.where), queue.page(view))
            length = sum(counts.get(status, 0) for status in view.where.statuses or TaskStatus)
            if len(first) < PAGE:
                anchors = [row.key for row in first[:1]]
                length = len(first)
            else:
                if not self.is_known and view == self.view:  # something to look at, while the keys are read
                    self._replace(view, counts, max(length, len(first)), [first[0].key], {0: first})
                anchors = await queue.anchors(view)
                length = max(length, (len(anchors) - 1) * PAGE + 1)
            pages = {0: first}
            top = self.top_row() if view == self._shown_view else None
            if top is not None:  # what is seen stays where it is
                page = await queue.position(view, top.key) // PAGE
                for near in (page, page + 1):
                    if 0 < near < len(anchors):
                        pages[near] = await queue.page_at(view, anchors[near])
            self._pause_until = monotonic() + max(SHORTEST_PAUSE, 5 * (monotonic() - began))
            if view == self.view:
                self._replace(view, counts, length, anchors, pages)
            else:
                self._stale = True

    def _replace(
        self,
        view: QueueView,
        counts: dict[TaskStatus, int],
        length: int,
        anchors: list[Key],
        pages: dict[int, list[QueueRow]],
    ) -> None:
        self._generation += 1
        self.counts = dict(counts)
        self.about_to_reorder.emit(view == self._shown_view)
        self.beginResetModel()
        self._shown_view = view
        if not self.is_known:
            logs.root.debug("The queue is shown")
            self.is_known = True
        self._length, self._anchors = length, anchors
        self._head.clear()
        self._pages.clear()
        self._places.clear()
        self._wishes.clear()
        for page, rows in pages.items():
            self._put(page, rows)
        self.endResetModel()
        self.reordered.emit()
        self.counted.emit()


_TEXT_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.ToolTipRole,
)
