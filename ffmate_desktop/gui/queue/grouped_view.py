"""The table of the queue grouped by batch."""

from __future__ import annotations

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from ffmate_desktop.gui.queue.columns import QueueColumn
from ffmate_desktop.gui.queue.delegate import PADDING
from ffmate_desktop.gui.queue.group_delegate import ARROW, GroupDelegate
from ffmate_desktop.gui.queue.grouped_model import GroupedModel
from ffmate_desktop.gui.queue.view import QueueTableView
from ffmate_desktop.gui.theme.theme import Theme


class GroupedView(QueueTableView):
    """A batch opens and closes with a click on its arrow, a double click, Enter, and the arrow keys."""

    def __init__(self, theme: Theme, model: GroupedModel, window_state: QSettings) -> None:
        self._grouped = model
        super().__init__(theme, model, window_state, GroupDelegate(theme, model))
        self.setAccessibleName(self.tr("Batches and their tasks"))
        self.horizontalHeader().setSectionsClickable(False)
        self.horizontalHeader().setSortIndicatorShown(False)

    def count_groups(self) -> int:
        numbers = (
            number for first, last in self.ranges() for number in range(first, min(last, first + 5000) + 1)
        )
        return sum(self._grouped.group_at(number) is not None for number in numbers)

    def count_tasks(self) -> int:
        total = 0
        for first, last in self.ranges():
            number = first
            while number <= last:
                group = self._grouped.group_at(number)
                total += group.state.total if group is not None else 1
                is_open = group is not None and self._grouped.is_open(group.state.uuid)
                number += 1 + (group.state.total if group is not None and is_open else 0)
        return total

    def toggle(self, number: int, is_open: bool | None = None) -> bool:
        """Open or close the batch in this row. False if the row isn't a batch."""
        group = self._grouped.group_at(number)
        if group is None:
            return False
        uuid = group.state.uuid
        self._grouped.set_open(uuid, not self._grouped.is_open(uuid) if is_open is None else is_open)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on the arrow does not select."""
        position = event.position().toPoint()
        index = self.indexAt(position)
        left = self.columnViewportPosition(QueueColumn.TASK)
        on_arrow = index.column() == QueueColumn.TASK and position.x() < left + PADDING + ARROW
        if on_arrow and event.button() == Qt.MouseButton.LeftButton and self.toggle(index.row()):
            event.accept()
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self.toggle(self.rowAt(round(event.position().y()))):
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right work as in a tree."""
        number = self.currentIndex().row()
        has_no_modifiers = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = event.key()
        if number < 0 or not has_no_modifiers:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Right:
            self.toggle(number, True)
        elif key == Qt.Key.Key_Left:
            if not self.toggle(number, False):
                self.selectRow(self._grouped.head_of(number))
        elif key not in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or not self.toggle(number):
            super().keyPressEvent(event)
