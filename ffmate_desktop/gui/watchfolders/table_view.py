"""What the tables of watchfolders and of their files share: looks, columns that make room, menus by key and mouse."""

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QTableView

from ffmate_desktop.gui.rows.table_style import style_table
from ffmate_desktop.gui.widgets.plain_text import plain


class WatchTable(QTableView):
    """`menu_requested` carries a place on the screen; `opened` that a row was double-clicked, or Enter pressed.

    The first column takes the room that is left; of `widths` the last columns go first when there is none.
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
        """Once the model is set."""
        self.setItemDelegate(delegate)
        for column, width in self._widths.items():
            self.setColumnWidth(column, width)
        self.horizontalHeader().setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The least important columns go first when there is no room."""
        room = self.viewport().width() - self._least
        for column, width in self._widths.items():
            room -= width
            self.setColumnHidden(column, room < 0)
        super().resizeEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By the mouse where it is, by the keyboard at the row."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._menu_by_key()
        elif self.rowAt(event.pos().y()) >= 0:
            self.menu_requested.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    def _menu_by_key(self) -> None:
        row = self.currentIndex().row()
        if row >= 0:
            place = QPoint(40, self.rowViewportPosition(row) + self._row_height - 8)
            self.menu_requested.emit(self.viewport().mapToGlobal(place))
