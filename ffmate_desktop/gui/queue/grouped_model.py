"""The queue grouped by batch: a row for each batch, followed by its tasks while it is open."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal

from ffmate_desktop.domain.queue import BatchGroup, QueueFilter, QueueQuery, QueueRow
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.queue.batch_reader import BatchReader
from ffmate_desktop.gui.queue.columns import QueueColumn, title
from ffmate_desktop.gui.queue.group_text import group_text
from ffmate_desktop.gui.queue.model import QueueModel
from ffmate_desktop.gui.queue.selection import QueueSelection, WholeBatch
from ffmate_desktop.gui.widgets.plain_text import plain

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.domain.status import LiveProgress
    from ffmate_desktop.services.queue import QueueService


class GroupedModel(QAbstractTableModel):
    """A RowSource like QueueModel. The tasks of an open batch come from a QueueModel of their own.

    The key of a row is the id of its task or the uuid of its batch.
    """

    counts_changed = Signal()
    about_to_reorder = Signal(bool)
    reordered = Signal()

    def __init__(self, bridge: Bridge, tracker: ProgressTracker) -> None:
        super().__init__()
        self._bridge, self._tracker = bridge, tracker
        self._queue: QueueService | None = None
        self.top_row: Callable[[], QueueRow | None] = lambda: None
        self.is_known = False
        self._groups: list[BatchGroup] = []
        self._open_batches: dict[UUID, QueueModel] = {}
        self._closed_batches: dict[UUID, QueueModel] = {}
        self._starts: list[int] = [0]  # the row of each group, and the number of all rows
        self.reader = BatchReader(bridge, self)
        self.reader.groups_read.connect(self._on_groups_read)

    def attach(self, queue: QueueService) -> None:
        self._queue = queue
        self.reader.attach(queue)
        for rows in self._open_batches.values():
            rows.attach(queue)

    def detach(self) -> None:
        """Stop reading. The rows stay visible."""
        self._queue = None
        self.reader.detach()
        for rows in self._open_batches.values():
            rows.detach()

    # -- For views -----------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else self._starts[-1]

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(QueueColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        group, offset = self._locate(index.row())
        if group is None:
            return None
        if offset is not None:
            rows = self._open_batches[group.state.uuid]
            return rows.data(rows.index(offset, index.column()), role)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return plain(group_text(group, QueueColumn(index.column())))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return title(QueueColumn(section))
        return None

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self.reader.has_more

    def fetchMore(self, _parent: Index) -> None:
        """Qt calls this when the last row is in view."""
        self.reader.load_more()

    def group_at(self, number: int) -> BatchGroup | None:
        """The batch if this row is its head."""
        group, offset = self._locate(number)
        return group if offset is None else None

    def head_of(self, number: int) -> int:
        """The head row of this row's batch."""
        return self._starts[self._section(number)]

    def row_at(self, number: int) -> QueueRow | None:
        """The task in this row. None for the head of a batch and while the task is being read."""
        group, offset = self._locate(number)
        return (
            None if group is None or offset is None else self._open_batches[group.state.uuid].row_at(offset)
        )

    def loaded_row(self, number: int) -> QueueRow | None:
        group, offset = self._locate(number)
        return (
            None
            if group is None or offset is None
            else self._open_batches[group.state.uuid].loaded_row(offset)
        )

    def live_progress(self, row: QueueRow) -> LiveProgress | None:
        return self._tracker.newest(row.id, row.epoch) if row.status.is_active else None

    def key_at(self, number: int) -> object:
        group = self.group_at(number)
        row = self.loaded_row(number)
        return group.state.uuid if group is not None else row.id if row is not None else None

    def row_number_of(self, key: object) -> int | None:
        for start, group in zip(self._starts, self._groups, strict=False):
            if group.state.uuid == key:
                return start
            rows = self._open_batches.get(group.state.uuid)
            if rows is not None and isinstance(key, int) and (found := rows.row_number_of(key)) is not None:
                return start + 1 + found
        return None

    def selection(self, ranges: Sequence[tuple[int, int]]) -> QueueSelection:
        """The tasks in these ranges of rows, and all tasks of batches whose head is among them."""
        parts: list[QueueSelection | WholeBatch] = []
        for section, group in enumerate(self._groups):
            start, end = self._starts[section], self._starts[section + 1]
            uuid = group.state.uuid
            touched = [(max(first, start), min(last, end - 1)) for first, last in ranges]
            touched = [(first, last) for first, last in touched if first <= last]
            if any(first == start for first, _ in touched):
                parts.append(WholeBatch(uuid))
            elif touched:
                inside = [(first - start - 1, last - start - 1) for first, last in touched]
                parts.append(self._open_batches[uuid].selection(inside))
        return QueueSelection(self._queue, QueueQuery(), list(parts))

    # -- Opening and closing -------------------------------------------------------------------------------------

    def is_open(self, batch: UUID) -> bool:
        return batch in self._open_batches

    def set_open(self, batch: UUID, is_open: bool) -> None:
        if is_open == (batch in self._open_batches) or self._queue is None:
            return
        self.about_to_reorder.emit(True)
        self.beginResetModel()
        if is_open:
            rows = self._closed_batches.pop(batch, None) or self._rows_in(batch)
            self._open_batches[batch] = rows
            rows.attach(self._queue)
        else:
            rows = self._open_batches.pop(batch)
            rows.detach()
            self._closed_batches[batch] = rows
        self._count_rows()
        self.endResetModel()
        self.reordered.emit()
        if is_open:
            rows.reload()

    def _rows_in(self, batch: UUID) -> QueueModel:
        rows = QueueModel(self._bridge, self._tracker)
        rows.query = QueueQuery(where=QueueFilter(batch=batch), descending=False)
        rows.setParent(self)
        rows.top_row = partial(self._top_row_in, batch)
        rows.dataChanged.connect(partial(self._on_rows_changed, batch))
        rows.about_to_reorder.connect(partial(self._on_about_to_reorder, batch))
        rows.reordered.connect(partial(self._on_reordered, batch))
        return rows

    def _top_row_in(self, batch: UUID) -> QueueRow | None:
        row = self.top_row()
        return row if row is not None and row.batch == batch else None

    def _on_rows_changed(
        self, batch: UUID, first: QModelIndex, last: QModelIndex, _roles: object = None
    ) -> None:
        head = self.row_number_of(batch)
        if head is not None and batch in self._open_batches:
            top, bottom = head + 1 + first.row(), head + 1 + last.row()
            self.dataChanged.emit(self.index(top, 0), self.index(bottom, len(QueueColumn) - 1))

    def _on_about_to_reorder(self, batch: UUID, _same: bool) -> None:
        if batch in self._open_batches:
            self.about_to_reorder.emit(True)
            self.beginResetModel()

    def _on_reordered(self, batch: UUID) -> None:
        if batch in self._open_batches:
            self._count_rows()
            self.endResetModel()
            self.reordered.emit()

    # -- Rows ----------------------------------------------------------------------------------------------------

    def _on_groups_read(self, groups: list[BatchGroup]) -> None:
        self.is_known = True
        if [group.state.uuid for group in groups] == [group.state.uuid for group in self._groups]:
            self._groups = groups
            for number in self._starts[:-1]:
                self.dataChanged.emit(self.index(number, 0), self.index(number, len(QueueColumn) - 1))
        else:
            self.about_to_reorder.emit(True)
            self.beginResetModel()
            self._groups = groups
            self._count_rows()
            self.endResetModel()
            self.reordered.emit()
        self.counts_changed.emit()

    def _count_rows(self) -> None:
        heights = (
            1 + (rows.rowCount() if (rows := self._open_batches.get(group.state.uuid)) is not None else 0)
            for group in self._groups
        )
        self._starts = [0, *accumulate(heights)]

    def _section(self, number: int) -> int:
        return bisect_right(self._starts, number) - 1

    def _locate(self, number: int) -> tuple[BatchGroup | None, int | None]:
        """The batch of a row and the index of its task, None for the head."""
        if not 0 <= number < self._starts[-1]:
            return None, None
        section = self._section(number)
        offset = number - self._starts[section] - 1
        return self._groups[section], None if offset < 0 else offset
