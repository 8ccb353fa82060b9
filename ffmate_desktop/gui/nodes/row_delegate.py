"""A node as a row of the table."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from ffmate_desktop.gui.nodes.display import LOOKS, NodeDisplay, NodeHealth, heard, machine, word
from ffmate_desktop.gui.nodes.model import NodeColumn, NodesModel, cell_text, share
from ffmate_desktop.gui.nodes.paint import NodePainter, heat
from ffmate_desktop.gui.rows.paint import RIGHT
from ffmate_desktop.gui.rows.row_delegate import Index, TableRowDelegate
from ffmate_desktop.gui.theme.theme import Theme

ROW_HEIGHT = 56


class NodeRowDelegate(TableRowDelegate):
    """One for all columns."""

    def __init__(self, theme: Theme, model: NodesModel) -> None:
        self._parts = NodePainter(theme)
        super().__init__(self._parts, ROW_HEIGHT)
        self._theme, self._model = theme, model

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        view = self._model.view_at(index.row())
        if view is None:
            return
        parts = self._parts
        cell = self.paint_background(painter, option)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        match NodeColumn(index.column()):
            case NodeColumn.NODE:
                self._paint_name(painter, cell, view)
            case NodeColumn.STATE:
                self._paint_state(painter, cell, view)
            case NodeColumn.SLOTS:
                parts.slots(painter, cell, view, right=False)
            case NodeColumn.CPU:
                self._paint_share(painter, cell, view.node.cpu if view.standing.is_alive else None)
            case NodeColumn.MEMORY:
                self._paint_share(painter, cell, view.node.memory if view.standing.is_alive else None)
            case column:
                text = cell_text(view, column)
                color = "text" if view.tasks else "text_2"
                if column is NodeColumn.RUNS and view.standing in (NodeHealth.LATE, NodeHealth.LOST):
                    color = LOOKS[view.standing][1]
                parts.text(painter, cell, text, self._medium, color)
        painter.restore()

    def _paint_name(self, painter: QPainter, cell: QRect, view: NodeDisplay) -> None:
        parts = self._parts
        badge = self.tr("This computer") if view.is_here else ""
        room = cell.width() - (parts.badge_width(badge) + 10 if badge else 0)
        wide = min(room, parts.width_of(self._bold, view.name) + 2)
        parts.text(painter, QRect(cell.left(), cell.top() + 9, wide, 19), view.name, self._bold, "text")
        if badge:
            parts.badge(painter, cell.left() + wide + 8, cell.top() + 19, "monitor", badge, "link")
        line = QRect(cell.left(), cell.top() + 28, cell.width(), 18)
        parts.text(painter, line, machine(view), self._plain, "text_2")

    def _paint_state(self, painter: QPainter, cell: QRect, view: NodeDisplay) -> None:
        parts, color = self._parts, LOOKS[view.standing][1]
        parts.state(painter, cell.left(), cell.center().y(), view.standing)
        left = cell.left() + 24
        is_plain = view.standing in (NodeHealth.ONLINE, NodeHealth.LEFT)
        first = QRect(left, cell.top() + 9, cell.right() - left, 19)
        parts.text(painter, first, word(view), self._bold, "text" if is_plain else color)
        parts.text(painter, first.translated(0, 19), heard(view), self._plain, "text_2")

    def _paint_share(self, painter: QPainter, cell: QRect, percent: float | None) -> None:
        self._parts.bar(painter, cell.adjusted(0, 0, -46, 0), percent, heat(percent))
        self._parts.text(painter, cell, share(percent), self._medium, "text", RIGHT)
