"""The queue as batches: a row for each, and below those that are open their tasks, however many."""

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
from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.queue.batch_reader import BatchReader
from ffmate_desktop.gui.queue.columns import QueueColumn, title
from ffmate_desktop.gui.queue.group_text import group_text
from ffmate_desktop.gui.queue.model import Index, QueueModel, Role
from ffmate_desktop.gui.queue.selection import QueueSelection, WholeBatch
from ffmate_desktop.gui.widgets.plain_text import plain

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.domain.status import LiveProgress
    from ffmate_desktop.services.queue import QueueService


class GroupedModel(QAbstractTableModel):
    """Looks like a QueueModel to a view. The tasks of an open batch are a QueueModel of their own, read by pages.

    Rows have keys that last: the id of a task, the uuid of a batch.
    """

    counted = Signal()
    about_to_reorder = Signal(bool)
    reordered = Signal()

    def __init__(self, bridge: Bridge, tracker: ProgressTracker) -> None:
        super().__init__()
        self._bridge, self._tracker = bridge, tracker
        self._queue: QueueService | None = None
        self.top_row: Callable[[], QueueRow | None] = lambda: None
        self.is_known = False
        self._groups: list[BatchGroup] = []
        self._open: dict[UUID, QueueModel] = {}
        self._closed: dict[UUID, QueueModel] = {}
        self._starts: list[int] = [0]  # the row of each group, and the number of all rows
        self.watch = BatchReader(bridge, self)
        self.watch.read.connect(self._take)

    def attach(self, queue: QueueService) -> None:
        """The cluster is open."""
        self._queue = queue
        self.watch.attach(queue)
        for rows in self._open.values():
            rows.attach(queue)

    def detach(self) -> None:
        """Read nothing any more; what is shown stays."""
        self._queue = None
        self.watch.detach()
        for rows in self._open.values():
            rows.detach()

    # -- What a view asks ----------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Batches, and the tasks of those that are open."""
        return 0 if parent.isValid() else self._starts[-1]

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """The same as in the list of tasks."""
        return 0 if parent.isValid() else len(QueueColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text for screen readers and copying; delegates take the whole row."""
        group, offset = self._place(index.row())
        if group is None:
            return None
        if offset is not None:
            rows = self._open[group.state.uuid]
            return rows.data(rows.index(offset, index.column()), role)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return plain(group_text(group, QueueColumn(index.column())))
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return title(QueueColumn(section))
        return None

    def canFetchMore(self, parent: Index) -> bool:
        """Whether there are older batches."""
        return not parent.isValid() and self.watch.has_more

    def fetchMore(self, _parent: Index) -> None:
        """Qt asks when the last row is seen."""
        self.watch.want_more()

    def group_at(self, number: int) -> BatchGroup | None:
        """The batch whose head is in this row."""
        group, offset = self._place(number)
        return group if offset is None else None

    def head_of(self, number: int) -> int:
        """The row of the batch to which this row belongs."""
        return self._starts[self._section(number)]

    def row_at(self, number: int) -> QueueRow | None:
        """The task in this row; None for the head of a batch, and while the task is being read."""
        group, offset = self._place(number)
        return None if group is None or offset is None else self._open[group.state.uuid].row_at(offset)

    def loaded(self, number: int) -> QueueRow | None:
        """The task in this row if it has been read."""
        group, offset = self._place(number)
        return None if group is None or offset is None else self._open[group.state.uuid].loaded(offset)

    def live_of(self, row: QueueRow) -> LiveProgress | None:
        """The newest progress of a running task, if it was heard live."""
        return self._tracker.newest(row.id, row.epoch) if row.status.is_active else None

    def key_at(self, number: int) -> object:
        """What finds this row again: the id of a task that was read, the uuid of a batch."""
        group = self.group_at(number)
        row = self.loaded(number)
        return group.state.uuid if group is not None else row.id if row is not None else None

    def number_of(self, key: object) -> int | None:
        """The row with this key."""
        for start, group in zip(self._starts, self._groups, strict=False):
            if group.state.uuid == key:
                return start
            rows = self._open.get(group.state.uuid)
            if rows is not None and isinstance(key, int) and (found := rows.number_of(key)) is not None:
                return start + 1 + found
        return None

    def choose(self, ranges: Sequence[tuple[int, int]]) -> QueueSelection:
        """The tasks in these rows, and all tasks of batches whose head is among them."""
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
                parts.append(self._open[uuid].choose(inside))
        return QueueSelection(self._queue, QueueQuery(), list(parts))

    # -- Opening and closing -------------------------------------------------------------------------------------

    def is_open(self, batch: UUID) -> bool:
        """Whether the tasks of this batch are shown."""
        return batch in self._open

    def set_open(self, batch: UUID, is_open: bool) -> None:
        """Show the tasks of a batch, or only its head."""
        if is_open == (batch in self._open) or self._queue is None:
            return
        self.about_to_reorder.emit(True)
        self.beginResetModel()
        if is_open:
            rows = self._closed.pop(batch, None) or self._rows_of(batch)
            self._open[batch] = rows
            rows.attach(self._queue)
        else:
            rows = self._open.pop(batch)
            rows.detach()
            self._closed[batch] = rows
        self._count()
        self.endResetModel()
        self.reordered.emit()
        if is_open:
            rows.reload()

    def _rows_of(self, batch: UUID) -> QueueModel:
        rows = QueueModel(self._bridge, self._tracker)
        rows.view = QueueQuery(where=QueueFilter(batch=batch), descending=False)
        rows.setParent(self)
        rows.top_row = partial(self._top_of, batch)
        rows.dataChanged.connect(partial(self._on_rows, batch))
        rows.about_to_reorder.connect(partial(self._before, batch))
        rows.reordered.connect(partial(self._after, batch))
        return rows

    def _top_of(self, batch: UUID) -> QueueRow | None:
        row = self.top_row()
        return row if row is not None and row.batch == batch else None

    def _on_rows(self, batch: UUID, first: QModelIndex, last: QModelIndex, _roles: object = None) -> None:
        head = self.number_of(batch)
        if head is not None and batch in self._open:
            top, bottom = head + 1 + first.row(), head + 1 + last.row()
            self.dataChanged.emit(self.index(top, 0), self.index(bottom, len(QueueColumn) - 1))

    def _before(self, batch: UUID, _same: bool) -> None:
        if batch in self._open:
            self.about_to_reorder.emit(True)
            self.beginResetModel()

    def _after(self, batch: UUID) -> None:
        if batch in self._open:
            self._count()
            self.endResetModel()
            self.reordered.emit()

    # -- Rows ----------------------------------------------------------------------------------------------------

    def _take(self, groups: list[BatchGroup]) -> None:
        self.is_known = True
        if [one.state.uuid for one in groups] == [one.state.uuid for one in self._groups]:
            self._groups = groups
            for number in self._starts[:-1]:
                self.dataChanged.emit(self.index(number, 0), self.index(number, len(QueueColumn) - 1))
        else:
            self.about_to_reorder.emit(True)
            self.beginResetModel()
            self._groups = groups
            self._count()
            self.endResetModel()
            self.reordered.emit()
        self.counted.emit()

    def _count(self) -> None:
        heights = (
            1 + (rows.rowCount() if (rows := self._open.get(group.state.uuid)) is not None else 0)
            for group in self._groups
        )
        self._starts = [0, *accumulate(heights)]

    def _section(self, number: int) -> int:
        return bisect_right(self._starts, number) - 1

    def _place(self, number: int) -> tuple[BatchGroup | None, int | None]:
        """The batch of a row, and which of its tasks it is, or None for its head."""
        if not 0 <= number < self._starts[-1]:
            return None, None
        section = self._section(number)
        offset = number - self._starts[section] - 1
        return self._groups[section], None if offset < 0 else offset


__all__ = ["GroupedModel", "Role"]
