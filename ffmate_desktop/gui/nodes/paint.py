"""Paints what only nodes have: the icon of their health, and their slots."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from ffmate_desktop.gui.nodes.display import HEALTH_STYLES, NodeDisplay, NodeHealth
from ffmate_desktop.gui.rows.paint import LEFT, RIGHT, CellPainter
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme

SQUARE, GAP = 11, 4
MAX_SQUARES = 8
HOT = 90.0
"""CPU or memory load in percent at which the bar turns red."""


class NodePainter(CellPainter):
    """Adds health and slots to what all tables paint."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._numbers = fonts.medium(13)

    def paint_health(self, painter: QPainter, left: int, middle: int, health: NodeHealth) -> None:
        """The icon of a health state, 14 pixels wide."""
        icon, color = HEALTH_STYLES[health]
        if icon:
            self.icon(painter, left, middle - 7, icon, color)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.tint(color, 0.25))
        painter.drawEllipse(QPointF(left + 7, middle), 7, 7)
        painter.setBrush(self.color(color))
        painter.drawEllipse(QPointF(left + 7, middle), 4, 4)

    def paint_slots(self, painter: QPainter, rect: QRect, display: NodeDisplay, *, right: bool) -> int:
        """One square per slot, filled if in use, or a number if there are too many. Returns the width."""
        used, slots = display.node.running, display.node.slots
        if max(used, slots) > MAX_SQUARES or slots == 0:
            text = f"{used} / {slots}"
            self.text(painter, rect, text, self._numbers, "text", RIGHT if right else LEFT)
            return self.width_of(self._numbers, text)
        count = max(used, slots)
        width = count * (SQUARE + GAP) - GAP
        left = rect.right() + 1 - width if right else rect.left()
        top = rect.center().y() - SQUARE / 2 + 0.5
        takes_tasks = display.health is NodeHealth.ONLINE
        for number in range(count):
            area = QRectF(left + number * (SQUARE + GAP), top, SQUARE, SQUARE)
            if number < used:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.color("running" if display.health.is_alive else "track"))
            else:
                painter.setPen(QPen(self.color("text_3" if takes_tasks else "line_strong"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                area.adjust(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(area, 3, 3)
        return width


def load_color(percent: float | None) -> str:
    """The color of a load bar."""
    return "failed" if percent is not None and percent >= HOT else "spark"


def tile_icon(display: NodeDisplay) -> str:
    """An icon for the kind of computer, guessed from its system."""
    if display.is_here:
        return "laptop"
    return "server" if display.node.os == "linux" else "monitor"
