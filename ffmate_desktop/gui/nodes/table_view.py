"""The table of nodes."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTableView

from ffmate_desktop.gui.nodes.model import NodeColumn, NodesModel
from ffmate_desktop.gui.nodes.row_delegate import ROW_HEIGHT, NodeRowDelegate
from ffmate_desktop.gui.rows.table_style import style_table
from ffmate_desktop.gui.theme.theme import Theme

_WIDTHS = {
    NodeColumn.NODE: 270,
    NodeColumn.STATE: 170,
    NodeColumn.SLOTS: 130,
    NodeColumn.CPU: 130,
    NodeColumn.MEMORY: 130,
    NodeColumn.SPEED: 90,
}
_MIN_TASKS_WIDTH = 160
_BY_IMPORTANCE = (
    NodeColumn.NODE,
    NodeColumn.STATE,
    NodeColumn.SLOTS,
    NodeColumn.SPEED,
    NodeColumn.CPU,
    NodeColumn.MEMORY,
)


class NodesTable(QTableView):
    """Emits `menu_requested` with the name of a node and the global position for its menu."""

    menu_requested = Signal(str, QPoint)

    def __init__(self, theme: Theme, model: NodesModel) -> None:
        super().__init__()
        self._model = model
        self.setAccessibleName(self.tr("Nodes as a table"))
        style_table(self, ROW_HEIGHT)
        self._delegate = NodeRowDelegate(theme, model)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorClearable(True)  # the third click restores the order of the cluster
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        header.setSectionResizeMode(NodeColumn.TASKS, QHeaderView.ResizeMode.Stretch)
        theme.changed.connect(self.viewport().update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the least important columns if they do not fit."""
        available = self.viewport().width() - _MIN_TASKS_WIDTH
        for column in _BY_IMPORTANCE:
            available -= _WIDTHS[column]
            self.setColumnHidden(column, available < 0 and column is not NodeColumn.NODE)
        super().resizeEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu at the mouse, or at the row if opened by keyboard."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._open_menu()
            return
        display = self._model.display_at(self.rowAt(event.pos().y()))
        if display is not None:
            self.menu_requested.emit(display.name, event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open_menu()
        else:
            super().keyPressEvent(event)

    def _open_menu(self) -> None:
        row = self.currentIndex().row()
        display = self._model.display_at(row)
        if display is not None:
            corner = QPoint(40, self.rowViewportPosition(row) + ROW_HEIGHT - 8)
            self.menu_requested.emit(display.name, self.viewport().mapToGlobal(corner))
