"""The base of both watchfolder tables: style, columns that hide when space is short, context menus."""

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QTableView

from ffmate_desktop.gui.rows.table_style import style_table
from ffmate_desktop.gui.widgets.plain_text import plain


class WatchTable(QTableView):
    """`menu_requested` carries a screen position; `opened` follows a double-click or Enter.

    The first column takes the remaining width. When space is short, the last columns of `widths` are hidden first.
    """

    menu_requested = Signal(object)
    opened = Signal()

    def __init__(self, name: str, row_height: int, widths: Mapping[int, int], least: int) -> None:
        super().__init__()
        self._row_height, self._widths, self._least = row_height, widths, least
        self.setAccessibleName(plain(name))
        style_table(self, row_height)
        self.doubleClicked.connect(lambda _index: self.opened.emit())

    def dress(self, delegate: QStyledItemDelegate, stretched: int) -> None:
        """Set delegate and column widths; call it after `setModel`."""
        self.setItemDelegate(delegate)
        for column, width in self._widths.items():
            self.setColumnWidth(column, width)
        self.horizontalHeader().setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)

    def resizeEvent(self, event: QResizeEvent) -> None:
        room = self.viewport().width() - self._least
        for column, width in self._widths.items():
            room -= width
            self.setColumnHidden(column, room < 0)
        super().resizeEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """At the pointer, or at the row if opened with the keyboard."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._menu_by_key()
        elif self.rowAt(event.pos().y()) >= 0:
            self.menu_requested.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    def _menu_by_key(self) -> None:
        row = self.currentIndex().row()
        if row >= 0:
            place = QPoint(40, self.rowViewportPosition(row) + self._row_height - 8)
            self.menu_requested.emit(self.viewport().mapToGlobal(place))
