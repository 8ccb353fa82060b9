"""The queue as a table model of any length. Only some pages are in memory; others are read when a view needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal

from ffmate_desktop import logs
from ffmate_desktop.domain.queue import PAGE_SIZE, QueueQuery, QueueRow, SortColumn
from ffmate_desktop.domain.status import LiveProgress, TaskStatus
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.queue.columns import QueueColumn, cell_text, title
from ffmate_desktop.gui.queue.page_cache import PageCache, QueueOrder
from ffmate_desktop.gui.queue.reader import QueueReader
from ffmate_desktop.gui.queue.selection import QueueSelection
from ffmate_desktop.gui.widgets.plain_text import plain, tool_tip

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.queue import QueueService


class QueueModel(QAbstractTableModel):
    """Rows are numbered by the order of `query`; a row that has not been read yet is None.

    `counts` holds the number of tasks by status that match the filter. `about_to_reorder` and `reordered` surround
    every change of row numbers: a view that remembers rows must remember keys across it.
    """

    counts_changed = Signal()
    about_to_reorder = Signal(bool)
    """True if the query stays the same, False if another query is about to be shown."""
    reordered = Signal()

    def __init__(self, bridge: Bridge, tracker: ProgressTracker) -> None:
        super().__init__()
        self._tracker = tracker
        self.top_row: Callable[[], QueueRow | None] = lambda: None
        """The topmost visible row, None if that is the first row. Set by the view."""
        self.query = QueueQuery()
        self.counts: dict[TaskStatus, int] = {}
        self.is_known = False
        self.cache = PageCache()
        self.reader = QueueReader(self, bridge)
        self._shown_query: QueueQuery | None = None
        bridge.anything_changed.connect(self.reload)
        bridge.progress.connect(self._on_progress)

    def attach(self, queue: QueueService) -> None:
        """Forget the rows of another cluster. The new ones are read on the first `anything_changed`."""
        self.reader.attach(queue)
        self.beginResetModel()
        self.counts, self.is_known, self._shown_query = {}, False, None
        self.cache.clear()
        self.endResetModel()

    def detach(self) -> None:
        """Stop reading. The rows stay visible."""
        self.reader.detach()

    def set_query(self, query: QueueQuery) -> None:
        if query != self.query:
            self.query = query
            self.reload()

    def reload(self) -> None:
        self.reader.reload()

    # -- For views -----------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else self.cache.length

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(QueueColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text for screen readers and tool tips. Delegates use the whole row."""
        if role in _TEXT_ROLES:
            row = self.row_at(index.row())
            if row is None:
                return None
            text = cell_text(row, self.live_progress(row), QueueColumn(index.column()))
            return tool_tip(text) if role == Qt.ItemDataRole.ToolTipRole else plain(text)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return title(QueueColumn(section))
        return None

    def row_at(self, number: int) -> QueueRow | None:
        """The task in this row. If it is not in memory, start reading it and return None."""
        cache = self.cache
        if number < len(cache.head):
            return cache.head[number]
        page, offset = divmod(number - len(cache.head), PAGE_SIZE)  # inlined: painting calls this often
        rows = cache.pages.get(page)
        if rows is None:
            self.reader.request_page(page)
            return None
        cache.pages.move_to_end(page)
        return rows[offset] if offset < len(rows) else None

    def loaded_row(self, number: int) -> QueueRow | None:
        """The task in this row if it is in memory. Reads nothing."""
        return self.cache.loaded_row(number)

    def live_progress(self, row: QueueRow) -> LiveProgress | None:
        """The latest live progress of a running task."""
        return self._tracker.newest(row.id, row.epoch) if row.status.is_active else None

    def key_at(self, number: int) -> int | None:
        """Identifies a row that has been read, even after its number has changed: the task's id."""
        row = self.loaded_row(number)
        return None if row is None else row.id

    def row_number_of(self, key: object) -> int | None:
        return self.cache.row_number_of(key) if isinstance(key, int) else None

    def selection(self, ranges: Sequence[tuple[int, int]]) -> QueueSelection:
        """The tasks now in these ranges of rows, both ends included."""
        return QueueSelection(self.reader.queue, self.query, self.cache.selection_parts(ranges))

    # -- For the reader: see QueueTarget -------------------------------------------------------------------------

    def anchor_row(self, query: QueueQuery) -> QueueRow | None:
        return self.top_row() if query == self._shown_query else None

    def on_page_read(self, page: int, rows: list[QueueRow]) -> None:
        self.cache.put(page, rows)
        self._emit(*self.cache.span(page))

    def on_counts_read(self, counts: dict[TaskStatus, int]) -> None:
        self.counts = counts
        self.counts_changed.emit()

    def apply_rows(self, ids: Sequence[int], found: Mapping[int, QueueRow]) -> bool:
        added, updated, is_order_valid = [], [], True
        for task in ids:
            row, number = found.get(task), self.cache.row_number_of(task)
            if number is None:
                if row is not None:
                    added.append(row)
            elif row is not None and self._update(row, number):
                updated.append(number)
            else:
                is_order_valid = False
        self._emit_rows(updated)
        if added:
            is_order_valid = self._insert(sorted(added, key=lambda row: -row.id)) and is_order_valid
        self.counts_changed.emit()
        return is_order_valid

    def apply_order(self, order: QueueOrder) -> None:
        self.reader.generation += 1
        self.counts = dict(order.counts)
        self.about_to_reorder.emit(order.query == self._shown_query)
        self.beginResetModel()
        self._shown_query = order.query
        if not self.is_known:
            logs.root.debug("The queue is shown")
            self.is_known = True
        self.reader.drop_requests()
        self.cache.replace(order)
        self.endResetModel()
        self.reordered.emit()
        self.counts_changed.emit()

    def _update(self, row: QueueRow, number: int) -> bool:
        """Apply a newer state of a row. False if the row must move to another place."""
        old = self.cache.loaded_row(number)
        if old is None or row.version < old.version:
            return True
        if not self._fits(row) or self._sort_value(row) != self._sort_value(old):
            return False
        self.cache.update(row)
        if old.status is not row.status:
            self.counts[old.status] = max(0, self.counts.get(old.status, 0) - 1)
            self.counts[row.status] = self.counts.get(row.status, 0) + 1
        return True

    def _fits(self, row: QueueRow) -> bool:
        where = self.query.where
        return (not where.statuses or row.status in where.statuses) and where.node in (None, row.node)

    def _sort_value(self, row: QueueRow) -> object:
        match self.query.column:
            case SortColumn.PRIORITY:
                return row.priority
            case SortColumn.FINISHED:
                return row.finished
            case SortColumn.NAME:
                return row.name
            case _:
                return None

    def _insert(self, rows: list[QueueRow]) -> bool:
        """Insert new tasks at the top. False if there are too many."""
        if len(self.cache.head) + len(rows) > PAGE_SIZE:
            return False
        self.about_to_reorder.emit(True)
        self.beginInsertRows(QModelIndex(), 0, len(rows) - 1)
        self.cache.prepend(rows)
        for row in rows:
            self.counts[row.status] = self.counts.get(row.status, 0) + 1
        self.endInsertRows()
        self.reordered.emit()
        self.counts_changed.emit()
        return True

    # -- Repainting ----------------------------------------------------------------------------------------------

    def _on_progress(self, progress: dict[int, LiveProgress]) -> None:
        numbers = (self.cache.row_number_of(task) for task in progress)
        self._emit_rows([number for number in numbers if number is not None])

    def _emit_rows(self, numbers: list[int]) -> None:
        """Emit one signal for all: a view repaints only what is visible, and every slot runs once."""
        if numbers:
            self._emit(min(numbers), max(numbers))

    def _emit(self, first: int, last: int) -> None:
        if first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(QueueColumn) - 1))


_TEXT_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.ToolTipRole,
)
