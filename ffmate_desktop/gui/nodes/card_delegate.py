"""Paints the card of a node: name, health, slots, load, speed and tasks."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.nodes.display import (
    HEALTH_STYLES,
    NodeDisplay,
    NodeHealth,
    heartbeat_text,
    machine_text,
    node_health_text,
    outlook_text,
)
from ffmate_desktop.gui.nodes.model import NodesModel, fps_text, percent_text
from ffmate_desktop.gui.nodes.paint import NodePainter, load_color, tile_icon
from ffmate_desktop.gui.rows.paint import LEFT, RIGHT
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.sparkline import MAX_SAMPLES, paint_line, points_of

translate = QCoreApplication.translate

HEIGHT = 292
PADDING = 18
TILE = 40
MENU = 28
"""Side length of the menu button in the upper right corner."""

_LINE = 24
_BAR = 62
_SHOWN_TASKS = 2
_SPARK = 152


class NodeCardDelegate(QStyledItemDelegate):
    """`card_rect` returns the rectangle of a row's card. `hovered` is the row under the mouse, `on_menu` whether the
    mouse is on its menu button."""

    def __init__(self, theme: Theme, model: NodesModel, card_rect: Callable[[Index], QRect]) -> None:
        super().__init__()
        self._theme, self._model, self._card_rect = theme, model, card_rect
        self._node_painter = NodePainter(theme)
        self.hovered, self.on_menu = -1, False
        self._name, self._strong, self._plain = fonts.bold(15), fonts.bold(12), fonts.text(12)
        self._medium, self._figure = fonts.medium(13), fonts.bold(18)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Not used for layout: the view sets the grid."""
        return QSize(300, HEIGHT)

    def menu_rect(self, index: Index) -> QRect:
        card = self._card_rect(index)
        return QRect(card.right() - MENU - 9, card.top() + 12, MENU, MENU)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        display = self._model.display_at(index.row())
        if display is None:
            return
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = self._card_rect(index)
        self._paint_ground(painter, card, display, state)
        self._paint_menu(painter, index, bool(state & QStyle.StateFlag.State_Selected))
        inner = card.adjusted(PADDING, 0, -PADDING, 0)
        self._paint_head(painter, inner, display)
        self._paint_state(painter, inner, display)
        if not display.health.is_alive:
            painter.setOpacity(0.65)
        self._paint_load(painter, inner, card.top() + 106, display)
        self._paint_speed(painter, inner, card.top() + 142, display)
        painter.setOpacity(1.0)
        painter.fillRect(inner.left(), card.top() + 200, inner.width(), 1, self._node_painter.color("line"))
        self._paint_tasks(painter, inner, card.top() + 209, display)
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, card: QRect, display: NodeDisplay, state: "QStyle.StateFlag"
    ) -> None:
        node_painter = self._node_painter
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
        border = node_painter.color("accent" if is_selected or has_focus else "line")
        if display.health in (NodeHealth.LATE, NodeHealth.LOST) and not is_selected:
            border = node_painter.tint(HEALTH_STYLES[display.health][1], 0.55)
        area = QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(border, 1.0))
        painter.setBrush(node_painter.color("surface"))
        painter.drawRoundedRect(area, 10, 10)
        if display.health is not NodeHealth.ONLINE:  # a tint that stands out at a glance
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(node_painter.tint(HEALTH_STYLES[display.health][1], 0.05))
            painter.drawRoundedRect(area, 10, 10)

    def _paint_menu(self, painter: QPainter, index: Index, is_selected: bool) -> None:
        is_hovered = index.row() == self.hovered
        area = self.menu_rect(index)
        if is_hovered and self.on_menu:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._node_painter.color("raised"))
            painter.drawRoundedRect(area, 6, 6)
        color = "text" if is_hovered or is_selected else "text_3"
        self._node_painter.icon(painter, area.left() + 6, area.top() + 6, "ellipsis", color, 16)

    def _paint_head(self, painter: QPainter, inner: QRect, display: NodeDisplay) -> None:
        node_painter = self._node_painter
        top = inner.top() + 17
        tile = QRectF(inner.left(), top, TILE, TILE).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(node_painter.color("line"), 1))
        painter.setBrush(node_painter.color("raised"))
        painter.drawRoundedRect(tile, 8, 8)
        color = "text_2" if display.health.is_alive else "text_3"
        node_painter.icon(painter, inner.left() + 10, top + 10, tile_icon(display), color, 20)
        left = inner.left() + TILE + 12
        available = inner.right() - MENU + 8 - left
        badge = translate("nodes", "This computer") if display.is_here else ""
        if badge:
            available -= node_painter.badge_width(badge) + 10
        width = min(available, node_painter.width_of(self._name, display.name) + 2)
        node_painter.text(painter, QRect(left, top - 1, width, 22), display.name, self._name, "text")
        if badge:
            node_painter.badge(painter, left + width + 10, top + 10, "monitor", badge, "link")
        line = QRect(left, top + 20, inner.right() - left, 20)
        node_painter.text(painter, line, machine_text(display), self._plain, "text_3")

    def _paint_state(self, painter: QPainter, inner: QRect, display: NodeDisplay) -> None:
        node_painter = self._node_painter
        middle = inner.top() + 77
        node_painter.paint_health(painter, inner.left() + 1, middle, display.health)
        row = QRect(inner.left(), middle - 11, inner.width(), 22)
        squares = node_painter.paint_slots(painter, row, display, right=True)
        title = row.adjusted(0, 0, -squares - 10, 0)
        node_painter.text(painter, title, translate("nodes", "Slots"), self._medium, "text_2", RIGHT)
        words = row.adjusted(24, 0, -squares - 56, 0)
        color = HEALTH_STYLES[display.health][1] if display.health is not NodeHealth.ONLINE else "text"
        if display.health is NodeHealth.LEFT:
            color = "text_2"
        shown = node_health_text(display)
        node_painter.text(painter, words, shown, self._strong, color)
        rest = words.adjusted(node_painter.width_of(self._strong, shown), 0, 0, 0)
        node_painter.text(painter, rest, f"  ·  {heartbeat_text(display)}", self._plain, "text_2")

    def _paint_load(self, painter: QPainter, inner: QRect, top: int, display: NodeDisplay) -> None:
        node, node_painter = display.node, self._node_painter
        alive = display.health.is_alive
        for row, (title, value) in enumerate(
            ((translate("nodes", "CPU"), node.cpu), (translate("nodes", "Memory"), node.memory))
        ):
            percent = value if alive else None
            line = QRect(inner.left(), top - 11 + row * 23, inner.width(), 22)
            node_painter.text(painter, line, title, self._medium, "text_2")
            node_painter.bar(painter, line.adjusted(60, 0, -50, 0), percent, load_color(percent))
            node_painter.text(painter, line, percent_text(percent), self._medium, "text", RIGHT)

    def _paint_speed(self, painter: QPainter, inner: QRect, top: int, display: NodeDisplay) -> None:
        node_painter = self._node_painter
        node_painter.text(
            painter,
            QRect(inner.left(), top + 2, inner.width() - _SPARK, 26),
            fps_text(display),
            self._figure,
            "text",
        )
        words = QRect(inner.left(), top + 27, inner.width() - _SPARK, 18)
        node_painter.text(painter, words, translate("nodes", "frames per second"), self._plain, "text_2")
        width = min(_SPARK, inner.width() // 2)
        area = QRectF(inner.right() - width, top + 6, width - 5, 32)
        values = [0.0] * (MAX_SAMPLES - len(display.samples)) + list(display.samples)
        color = "spark" if display.health is NodeHealth.ONLINE else "text_3"
        paint_line(painter, self._theme, color, points_of(values, area, minimum=0.0), area.bottom())

    # -- What it runs --------------------------------------------------------------------------------------------

    def _paint_tasks(self, painter: QPainter, inner: QRect, top: int, display: NodeDisplay) -> None:
        """At most two tasks, then a line about the others or about what comes next."""
        node_painter = self._node_painter
        line = QRect(inner.left(), top, inner.width(), _LINE)
        words, color = outlook_text(display), "text_2"
        if display.health in (NodeHealth.LATE, NodeHealth.LOST):
            node_painter.text(painter, line, words, self._strong, HEALTH_STYLES[display.health][1])
            line.translate(0, _LINE)
            words = ""
        shown = display.tasks[:_SHOWN_TASKS]
        if len(display.tasks) > _SHOWN_TASKS and display.health is NodeHealth.LATE:
            shown = display.tasks[: _SHOWN_TASKS - 1]
        for task in shown:
            node_painter.icon(painter, line.left(), line.center().y() - 6, "file-video", "text_2")
            bar = QRect(line.right() - 46 - _BAR, line.top(), _BAR, _LINE)
            name = QRect(line.left() + 22, line.top(), bar.left() - 14 - line.left() - 22, _LINE)
            node_painter.text(
                painter, name, task.name, self._plain, "text", LEFT, Qt.TextElideMode.ElideMiddle
            )
            node_painter.bar(
                painter, bar, task.progress, "running" if display.health is NodeHealth.ONLINE else "text_3", 5
            )
            node_painter.text(painter, line, formatting.percent(task.progress), self._strong, "text", RIGHT)
            line.translate(0, _LINE)
        rest = len(display.tasks) - len(shown)
        if rest > 0:
            more = (
                translate("nodes", "and 1 more")
                if rest == 1
                else translate("nodes", "and {0} more").format(rest)
            )
            words = more if display.health in (NodeHealth.ONLINE, NodeHealth.LATE) else f"{more}  ·  {words}"
        if words:
            node_painter.text(painter, line, words, self._plain, color)
