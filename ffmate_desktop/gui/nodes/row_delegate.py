"""Paints a node as a row of the table."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.nodes.display import (
    HEALTH_STYLES,
    NodeDisplay,
    NodeHealth,
    heartbeat_text,
    machine_text,
    node_health_text,
)
from ffmate_desktop.gui.nodes.model import NodeColumn, NodesModel, cell_text, percent_text
from ffmate_desktop.gui.nodes.paint import NodePainter, load_color
from ffmate_desktop.gui.rows.paint import RIGHT
from ffmate_desktop.gui.rows.row_delegate import TableRowDelegate
from ffmate_desktop.gui.theme.theme import Theme

ROW_HEIGHT = 56


class NodeRowDelegate(TableRowDelegate):
    """Paints all columns."""

    def __init__(self, theme: Theme, model: NodesModel) -> None:
        self._node_painter = NodePainter(theme)
        super().__init__(self._node_painter, ROW_HEIGHT)
        self._theme, self._model = theme, model

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        display = self._model.display_at(index.row())
        if display is None:
            return
        node_painter = self._node_painter
        cell = self.paint_background(painter, option)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        match NodeColumn(index.column()):
            case NodeColumn.NODE:
                self._paint_name(painter, cell, display)
            case NodeColumn.STATE:
                self._paint_state(painter, cell, display)
            case NodeColumn.SLOTS:
                node_painter.paint_slots(painter, cell, display, right=False)
            case NodeColumn.CPU:
                self._paint_percent(painter, cell, display.node.cpu if display.health.is_alive else None)
            case NodeColumn.MEMORY:
                self._paint_percent(painter, cell, display.node.memory if display.health.is_alive else None)
            case column:
                text = cell_text(display, column)
                color = "text" if display.tasks else "text_2"
                if column is NodeColumn.TASKS and display.health in (NodeHealth.LATE, NodeHealth.LOST):
                    color = HEALTH_STYLES[display.health][1]
                node_painter.text(painter, cell, text, self._medium, color)
        painter.restore()

    def _paint_name(self, painter: QPainter, cell: QRect, display: NodeDisplay) -> None:
        node_painter = self._node_painter
        badge = self.tr("This computer") if display.is_here else ""
        available = cell.width() - (node_painter.badge_width(badge) + 10 if badge else 0)
        width = min(available, node_painter.width_of(self._bold, display.name) + 2)
        node_painter.text(
            painter, QRect(cell.left(), cell.top() + 9, width, 19), display.name, self._bold, "text"
        )
        if badge:
            node_painter.badge(painter, cell.left() + width + 8, cell.top() + 19, "monitor", badge, "link")
        line = QRect(cell.left(), cell.top() + 28, cell.width(), 18)
        node_painter.text(painter, line, machine_text(display), self._plain, "text_2")

    def _paint_state(self, painter: QPainter, cell: QRect, display: NodeDisplay) -> None:
        node_painter, color = self._node_painter, HEALTH_STYLES[display.health][1]
        node_painter.paint_health(painter, cell.left(), cell.center().y(), display.health)
        left = cell.left() + 24
        is_plain = display.health in (NodeHealth.ONLINE, NodeHealth.LEFT)
        first = QRect(left, cell.top() + 9, cell.right() - left, 19)
        node_painter.text(
            painter, first, node_health_text(display), self._bold, "text" if is_plain else color
        )
        node_painter.text(painter, first.translated(0, 19), heartbeat_text(display), self._plain, "text_2")

    def _paint_percent(self, painter: QPainter, cell: QRect, percent: float | None) -> None:
        self._node_painter.bar(painter, cell.adjusted(0, 0, -46, 0), percent, load_color(percent))
        self._node_painter.text(painter, cell, percent_text(percent), self._medium, "text", RIGHT)
