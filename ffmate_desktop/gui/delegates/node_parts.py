"""The small pieces that cards and rows of nodes are painted of: shapes of state, slots, bars, badges."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from ffmate_desktop.gui.models.node_view import LOOKS, NodeView, Standing
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
SQUARE, GAP = 11, 4
MOST_SQUARES = 8
HOT = 90.0
"""Percent of the processor or memory from which on the bar warns."""


class NodeParts:
    """Draws with the colours of the theme as it is."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.badge_font = fonts.bold(11)
        self._numbers = fonts.medium(13)
        self._metrics: dict[int, tuple[QFont, QFontMetrics]] = {}
        self._colors: dict[str, QColor] = {}
        theme.changed.connect(self._colors.clear)

    def color(self, name: str) -> QColor:
        """The colour of a token."""
        found = self._colors.get(name)
        if found is None:
            found = self._colors[name] = self._theme.tokens.color(name)
        return found

    def width_of(self, font: QFont, text: str) -> int:
        """Pixels that a text takes."""
        return self._metrics_of(font).horizontalAdvance(text)

    def _metrics_of(self, font: QFont) -> QFontMetrics:
        found = self._metrics.get(id(font))
        if found is None:  # the font is kept with it, so that no other gets its id
            found = self._metrics[id(font)] = (font, QFontMetrics(font))
        return found[1]

    def tint(self, name: str, part: float | None = None) -> QColor:
        """The colour of a token, thinned."""
        return self._theme.tokens.tint(name, part)

    def text(
        self,
        painter: QPainter,
        rect: QRect,
        text: str,
        font: QFont,
        color: str,
        align: Qt.AlignmentFlag = LEFT,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        """One line, cut where it does not fit."""
        painter.setFont(font)
        painter.setPen(self.color(color))
        if self.width_of(font, text) > rect.width():
            text = self._metrics_of(font).elidedText(text, mode, rect.width())
        painter.drawText(rect, align, text)

    def icon(self, painter: QPainter, left: int, top: int, name: str, color: str, size: int = 14) -> None:
        """An icon, sharp on this screen."""
        scale = painter.device().devicePixelRatio()
        painter.drawPixmap(left, top, self._theme.pixmap(name, color, size, scale))

    def state(self, painter: QPainter, left: int, middle: int, standing: Standing) -> None:
        """The shape of a state, 14 pixels wide."""
        icon, color = LOOKS[standing]
        if icon:
            self.icon(painter, left, middle - 7, icon, color)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.tint(color, 0.25))
        painter.drawEllipse(QPointF(left + 7, middle), 7, 7)
        painter.setBrush(self.color(color))
        painter.drawEllipse(QPointF(left + 7, middle), 4, 4)

    def slots(self, painter: QPainter, rect: QRect, view: NodeView, *, right: bool) -> int:
        """A square a slot, filled when something runs in it; a number where there are too many. Returns the width."""
        used, slots = view.node.running, view.node.slots
        if max(used, slots) > MOST_SQUARES or slots == 0:
            text = f"{used} / {slots}"
            self.text(painter, rect, text, self._numbers, "text", RIGHT if right else LEFT)
            return self.width_of(self._numbers, text)
        count = max(used, slots)
        width = count * (SQUARE + GAP) - GAP
        left = rect.right() + 1 - width if right else rect.left()
        top = rect.center().y() - SQUARE / 2 + 0.5
        takes = view.standing is Standing.ONLINE
        for number in range(count):
            area = QRectF(left + number * (SQUARE + GAP), top, SQUARE, SQUARE)
            if number < used:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.color("running" if view.standing.is_alive else "track"))
            else:
                painter.setPen(QPen(self.color("text_3" if takes else "line_strong"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                area.adjust(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(area, 3, 3)
        return width

    def bar(self, painter: QPainter, rect: QRect, percent: float | None, color: str, height: int = 6) -> None:
        """How much of the whole, across the middle of `rect`."""
        area = QRectF(rect.left(), rect.center().y() - height / 2 + 0.5, rect.width(), height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.color("track"))
        painter.drawRoundedRect(area, height / 2, height / 2)
        if percent:
            area.setWidth(max(float(height), area.width() * min(100.0, percent) / 100))
            painter.setBrush(self.color(color))
            painter.drawRoundedRect(area, height / 2, height / 2)

    def badge(self, painter: QPainter, left: int, middle: int, icon: str, text: str, color: str) -> int:
        """Icon and word on a tinted pill; returns its width."""
        width = self.badge_width(text)
        area = QRectF(left, middle - 10, width, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.tint(color))
        painter.drawRoundedRect(area, 10, 10)
        self.icon(painter, left + 8, middle - 6, icon, color, 12)
        self.text(painter, QRect(left + 24, middle - 10, width - 30, 20), text, self.badge_font, color)
        return width

    def badge_width(self, text: str) -> int:
        """Pixels that a badge with this text takes."""
        return 24 + self.width_of(self.badge_font, text) + 10


def heat(percent: float | None) -> str:
    """The colour of a bar of load."""
    return "failed" if percent is not None and percent >= HOT else "spark"


def tile_icon(view: NodeView) -> str:
    """What kind of computer it seems to be."""
    if view.is_here:
        return "laptop"
    return "server" if view.node.os == "linux" else "monitor"
