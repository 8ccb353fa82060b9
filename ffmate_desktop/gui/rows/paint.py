"""The building blocks of rows and cards: elided text, icons, bars and badges."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import painter_text

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class CellPainter:
    """Paints with the colours of the current theme."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.badge_font = fonts.bold(11)
        self._metrics: dict[int, tuple[QFont, QFontMetrics]] = {}
        self._colors: dict[str, QColor] = {}
        theme.changed.connect(self._colors.clear)

    def color(self, name: str) -> QColor:
        color = self._colors.get(name)
        if color is None:
            color = self._colors[name] = self._theme.tokens.color(name)
        return color

    def width_of(self, font: QFont, text: str) -> int:
        return self._metrics_of(font).horizontalAdvance(painter_text(text))

    def _metrics_of(self, font: QFont) -> QFontMetrics:
        entry = self._metrics.get(id(font))
        if entry is None:  # storing the font keeps its id from being reused
            entry = self._metrics[id(font)] = (font, QFontMetrics(font))
        return entry[1]

    def tint(self, name: str, alpha: float | None = None) -> QColor:
        return self._theme.tokens.tint(name, alpha)

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
        """One line, elided where it doesn't fit."""
        painter.setFont(font)
        painter.setPen(self.color(color))
        text = painter_text(text)
        if self.width_of(font, text) > rect.width():
            text = self._metrics_of(font).elidedText(text, mode, rect.width())
        painter.drawText(rect, align, text)

    def icon(self, painter: QPainter, left: int, top: int, name: str, color: str, size: int = 14) -> None:
        scale = painter.device().devicePixelRatio()
        painter.drawPixmap(left, top, self._theme.pixmap(name, color, size, scale))

    def bar(self, painter: QPainter, rect: QRect, percent: float | None, color: str, height: int = 6) -> None:
        """A progress bar across the middle of `rect`."""
        area = QRectF(rect.left(), rect.center().y() - height / 2 + 0.5, rect.width(), height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.color("track"))
        painter.drawRoundedRect(area, height / 2, height / 2)
        if percent:
            area.setWidth(max(float(height), area.width() * min(100.0, percent) / 100))
            painter.setBrush(self.color(color))
            painter.drawRoundedRect(area, height / 2, height / 2)

    def badge(self, painter: QPainter, left: int, middle: int, icon: str, text: str, color: str) -> int:
        """Icon and text on a tinted pill; returns its width."""
        width = self.badge_width(text)
        area = QRectF(left, middle - 10, width, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.tint(color))
        painter.drawRoundedRect(area, 10, 10)
        self.icon(painter, left + 8, middle - 6, icon, color, 12)
        self.text(painter, QRect(left + 24, middle - 10, width - 30, 20), text, self.badge_font, color)
        return width

    def badge_width(self, text: str) -> int:
        return 24 + self.width_of(self.badge_font, text) + 10
