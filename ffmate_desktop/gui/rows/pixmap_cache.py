"""Small pictures that the rows of a table are made of, drawn once: chips, bars and tiles."""

from collections import OrderedDict
from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPixmap

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme

CHIP_HEIGHT = 24
BAR_HEIGHT = 6
TILE = 34
_KEPT = 4000


class PixmapCache:
    """`scale` is that of the screen that is painted on."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._kept: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()
        self._metrics = QFontMetrics(fonts.bold(12))
        theme.changed.connect(self._kept.clear)

    def chip(self, icon: str, text: str, color: str, scale: float, room: int = 400) -> QPixmap:
        """A status: icon and word on a tinted pill, which is no wider than `room`."""
        text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, room - 26 - 11))
        key = ("chip", icon, text, color, scale)
        if (kept := self._kept.get(key)) is not None:
            return kept

        def draw(painter: QPainter, area: QRectF) -> None:
            tokens = self._theme.tokens
            painter.setBrush(tokens.tint(color))
            painter.drawRoundedRect(area, CHIP_HEIGHT / 2, CHIP_HEIGHT / 2)
            painter.drawPixmap(8, 5, self._theme.pixmap(icon, color, 14, scale))
            painter.setFont(fonts.bold(12))
            painter.setPen(tokens.color(color))
            painter.drawText(area.adjusted(26, 0, 0, 0), _LEFT, text)

        width = 26 + self._metrics.horizontalAdvance(text) + 11
        return self._stamp(key, width, CHIP_HEIGHT, scale, draw)

    def bar(self, percent: float, color: str, width: int, scale: float) -> QPixmap:
        """How far something is."""
        filled = round(width * min(100.0, max(0.0, percent)) / 100)

        def draw(painter: QPainter, area: QRectF) -> None:
            tokens = self._theme.tokens
            painter.setBrush(tokens.color("track"))
            painter.drawRoundedRect(area, BAR_HEIGHT / 2, BAR_HEIGHT / 2)
            if filled:
                area.setWidth(max(filled, BAR_HEIGHT))
                painter.setBrush(tokens.color(color))
                painter.drawRoundedRect(area, BAR_HEIGHT / 2, BAR_HEIGHT / 2)

        return self._stamp(("bar", filled, color, width, scale), width, BAR_HEIGHT, scale, draw)

    def tile(self, icon: str, color: str, scale: float) -> QPixmap:
        """An icon on a tinted square."""

        def draw(painter: QPainter, area: QRectF) -> None:
            painter.setBrush(self._theme.tokens.tint(color))
            painter.drawRoundedRect(area, 8, 8)
            inset = (TILE - 18) // 2
            painter.drawPixmap(inset, inset, self._theme.pixmap(icon, color, 18, scale))

        return self._stamp(("tile", icon, color, scale), TILE, TILE, scale, draw)

    def _stamp(
        self,
        key: tuple[object, ...],
        width: int,
        height: int,
        scale: float,
        draw: Callable[[QPainter, QRectF], None],
    ) -> QPixmap:
        found = self._kept.get(key)
        if found is None:
            found = QPixmap(round(width * scale), round(height * scale))
            found.setDevicePixelRatio(scale)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            draw(painter, QRectF(0, 0, width, height))
            painter.end()
            self._kept[key] = found
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
