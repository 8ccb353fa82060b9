"""Caches the chips, bars and tiles that table rows are painted from."""

from collections import OrderedDict
from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPixmap

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme

CHIP_HEIGHT = 24
BAR_HEIGHT = 6
TILE = 34
_MAX_PIXMAPS = 4000


class PixmapCache:
    """`scale` is the device pixel ratio of the screen."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._pixmaps: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()
        self._metrics = QFontMetrics(fonts.bold(12))
        theme.changed.connect(self._pixmaps.clear)

    def chip(self, icon: str, text: str, color: str, scale: float, room: int = 400) -> QPixmap:
        """A status: icon and word on a tinted pill, at most `room` wide."""
        text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, room - 26 - 11))
        key = ("chip", icon, text, color, scale)
        if (cached := self._pixmaps.get(key)) is not None:
            return cached

        def draw(painter: QPainter, area: QRectF) -> None:
            tokens = self._theme.tokens
            painter.setBrush(tokens.tint(color))
            painter.drawRoundedRect(area, CHIP_HEIGHT / 2, CHIP_HEIGHT / 2)
            painter.drawPixmap(8, 5, self._theme.pixmap(icon, color, 14, scale))
            painter.setFont(fonts.bold(12))
            painter.setPen(tokens.color(color))
            painter.drawText(area.adjusted(26, 0, 0, 0), _LEFT, text)

        width = 26 + self._metrics.horizontalAdvance(text) + 11
        return self._cached(key, width, CHIP_HEIGHT, scale, draw)

    def bar(self, percent: float, color: str, width: int, scale: float) -> QPixmap:
        """A progress bar."""
        filled = round(width * min(100.0, max(0.0, percent)) / 100)

        def draw(painter: QPainter, area: QRectF) -> None:
            tokens = self._theme.tokens
            painter.setBrush(tokens.color("track"))
            painter.drawRoundedRect(area, BAR_HEIGHT / 2, BAR_HEIGHT / 2)
            if filled:
                area.setWidth(max(filled, BAR_HEIGHT))
                painter.setBrush(tokens.color(color))
                painter.drawRoundedRect(area, BAR_HEIGHT / 2, BAR_HEIGHT / 2)

        return self._cached(("bar", filled, color, width, scale), width, BAR_HEIGHT, scale, draw)

    def tile(self, icon: str, color: str, scale: float) -> QPixmap:
        """An icon on a tinted square."""

        def draw(painter: QPainter, area: QRectF) -> None:
            painter.setBrush(self._theme.tokens.tint(color))
            painter.drawRoundedRect(area, 8, 8)
            inset = (TILE - 18) // 2
            painter.drawPixmap(inset, inset, self._theme.pixmap(icon, color, 18, scale))

        return self._cached(("tile", icon, color, scale), TILE, TILE, scale, draw)

    def _cached(
        self,
        key: tuple[object, ...],
        width: int,
        height: int,
        scale: float,
        draw: Callable[[QPainter, QRectF], None],
    ) -> QPixmap:
        pixmap = self._pixmaps.get(key)
        if pixmap is None:
            pixmap = QPixmap(round(width * scale), round(height * scale))
            pixmap.setDevicePixelRatio(scale)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            draw(painter, QRectF(0, 0, width, height))
            painter.end()
            self._pixmaps[key] = pixmap
            if len(self._pixmaps) > _MAX_PIXMAPS:
                self._pixmaps.popitem(last=False)
        return pixmap


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
