"""The small pieces that rows and cards are painted of: cut texts, icons, bars, badges."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import painter_text

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class CellPainter:
    """Draws with the colours of the theme as it is."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.badge_font = fonts.bold(11)
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
        return self._metrics_of(font).horizontalAdvance(painter_text(text))

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
        text = painter_text(text)
        if self.width_of(font, text) > rect.width():
            text = self._metrics_of(font).elidedText(text, mode, rect.width())
        painter.drawText(rect, align, text)

    def icon(self, painter: QPainter, left: int, top: int, name: str, color: str, size: int = 14) -> None:
        """An icon, sharp on this screen."""
        scale = painter.device().devicePixelRatio()
        painter.drawPixmap(left, top, self._theme.pixmap(name, color, size, scale))

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
