"""The queue as a table of any length: what views see of the rows that are in memory, and of those that are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from ffmate_desktop import logs
from ffmate_desktop.domain.queue import PAGE, QueueQuery, QueueRow, RowKey, SortColumn
from ffmate_desktop.domain.status import LiveProgress, TaskStatus
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.queue.columns import QueueColumn, cell_text, title
from ffmate_desktop.gui.queue.page_cache import PageCache
from ffmate_desktop.gui.queue.reader import QueueReader
from ffmate_desktop.gui.queue.selection import QueueSelection
from ffmate_desktop.gui.widgets.plain_text import plain, tool_tip

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.queue import QueueService

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

    def __init__(self, bridge: Bridge, tracker: ProgressTracker) -> None:
        super().__init__()
        self._tracker = tracker
        self.top_row: Callable[[], QueueRow | None] = lambda: None
        """The uppermost row that somebody sees, if it is not the first; a view sets this."""
        self.view = QueueQuery()
        self.counts: dict[TaskStatus, int] = {}
        self.is_known = False
        self.pages = PageCache()
        self.reader = QueueReader(self, bridge)
        self._shown_view: QueueQuery | None = None
        bridge.anything_changed.connect(self.reload)
        bridge.progress.connect(self._on_progress)

    def attach(self, queue: QueueService) -> None:
        """The cluster is open; the rows come with the first `anything_changed`, those of another are forgotten."""
        self.reader.attach(queue)
        self.beginResetModel()
        self.counts, self.is_known, self._shown_view = {}, False, None
        self.pages.fill(0, [], {})
        self.endResetModel()

    def detach(self) -> None:
        """Read nothing any more; what is shown stays."""
        self.reader.detach()

    def show_view(self, view: QueueQuery) -> None:
        """Show these tasks in this order, from the top."""
        if view != self.view:
            self.view = view
            self.reload()

    def reload(self) -> None:
        """Read counts, order and what is in view again, soon."""
        self.reader.reload()

    # -- What a view asks ----------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """All tasks of the view, read or not."""
        return 0 if parent.isValid() else self.pages.length

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Also those that are hidden."""
        return 0 if parent.isValid() else len(QueueColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text for screen readers and copying; delegates take the whole row."""
        if role == Role.ROW:
            return self.row_at(index.row())
        if role in _TEXT_ROLES:
            row = self.row_at(index.row())
            if row is None:
                return None
            text = cell_text(row, self.live_of(row), QueueColumn(index.column()))
            return tool_tip(text) if role == Qt.ItemDataRole.ToolTipRole else plain(text)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return title(QueueColumn(section))
        return None

    def row_at(self, number: int) -> QueueRow | None:
        """The task in this row; None while it is being read, which asking for it starts."""
        pages = self.pages
        if number < len(pages.head):
            return pages.head[number]
        page, offset = divmod(number - len(pages.head), PAGE)  # painting asks often
        rows = pages.kept.get(page)
        if rows is None:
            self.reader.wish(page)
            return None
        pages.kept.move_to_end(page)
        return rows[offset] if offset < len(rows) else None

    def loaded(self, number: int) -> QueueRow | None:
        """The task in this row if it has been read; asking starts nothing."""
        return self.pages.loaded(number)

    def live_of(self, row: QueueRow) -> LiveProgress | None:
        """The newest progress of a running task, if it was heard live."""
        return self._tracker.newest(row.id, row.epoch) if row.status.is_active else None

    def key_at(self, number: int) -> int | None:
        """What finds this row again: the id of a task that was read."""
        row = self.loaded(number)
        return None if row is None else row.id

    def number_of(self, key: object) -> int | None:
        """The row of a task that was read, by its id."""
        return self.pages.number_of(key) if isinstance(key, int) else None

    def choose(self, ranges: Sequence[tuple[int, int]]) -> QueueSelection:
        """The tasks in these rows as they are numbered now, first and last of each range included."""
        return QueueSelection(self.reader.queue, self.view, self.pages.choose(ranges))

    # -- What was read -------------------------------------------------------------------------------------------

    def row_to_keep(self, view: QueueQuery) -> QueueRow | None:
        """The row that stays where it is when this view is read again."""
        return self.top_row() if view == self._shown_view else None

    def take_page(self, page: int, rows: list[QueueRow]) -> None:
        """A page that was wished for."""
        self.pages.put(page, rows)
        self._emit(*self.pages.span(page))

    def take_counts(self, counts: dict[TaskStatus, int]) -> None:
        """How many tasks there are now."""
        self.counts = counts
        self.counted.emit()

    def take_rows(self, ids: Sequence[int], found: Mapping[int, QueueRow]) -> bool:
        """Tasks that changed or are new, those that were found; False if the order is to be read again."""
        fresh, updated, is_good = [], [], True
        for task in ids:
            row, number = found.get(task), self.pages.number_of(task)
            if number is None:
                if row is not None:
                    fresh.append(row)
            elif row is not None and self._update(row, number):
                updated.append(number)
            else:
                is_good = False
        self._emit_rows(updated)
        if fresh:
            is_good = self._insert(sorted(fresh, key=lambda row: -row.id)) and is_good
        self.counted.emit()
        return is_good

    def replace(
        self,
        view: QueueQuery,
        counts: dict[TaskStatus, int],
        length: int,
        anchors: list[RowKey],
        pages: Mapping[int, list[QueueRow]],
    ) -> None:
        """The order was read: rows get other numbers."""
        self.reader.generation += 1
        self.counts = dict(counts)
        self.about_to_reorder.emit(view == self._shown_view)
        self.beginResetModel()
        self._shown_view = view
        if not self.is_known:
            logs.root.debug("The queue is shown")
            self.is_known = True
        self.reader.forget_wishes()
        self.pages.fill(length, anchors, pages)
        self.endResetModel()
        self.reordered.emit()
        self.counted.emit()

    def _update(self, row: QueueRow, number: int) -> bool:
        """Put a newer state of a row into its place; False if its place is another one now."""
        old = self.pages.loaded(number)
        if old is None or row.version < old.version:
            return True
        if not self._fits(row) or self._sort_value(row) != self._sort_value(old):
            return False
        self.pages.swap(row)
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

    def _insert(self, fresh: list[QueueRow]) -> bool:
        """New tasks on top of all others; False if they are too many."""
        if len(self.pages.head) + len(fresh) > PAGE:
            return False
        self.about_to_reorder.emit(True)
        self.beginInsertRows(QModelIndex(), 0, len(fresh) - 1)
        self.pages.add_on_top(fresh)
        for row in fresh:
            self.counts[row.status] = self.counts.get(row.status, 0) + 1
        self.endInsertRows()
        self.reordered.emit()
        self.counted.emit()
        return True

    # -- What is painted again -----------------------------------------------------------------------------------

    def _on_progress(self, news: dict[int, LiveProgress]) -> None:
        numbers = (self.pages.number_of(task) for task in news)
        self._emit_rows([number for number in numbers if number is not None])

    def _emit_rows(self, numbers: list[int]) -> None:
        """One signal for all of them: a view repaints no more than it shows, and slots run once."""
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
