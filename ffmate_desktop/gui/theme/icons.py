"""Lucide icons in any colour and size, drawn once and cached."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer


class Icons:
    """The icons in a folder of SVG files whose strokes are `currentColor`.

    `scale` returns the highest device pixel ratio of all screens.
    """

    def __init__(self, folder: Path, scale: Callable[[], float]) -> None:
        self._folder, self._scale = folder, scale
        self._sources: dict[str, bytes] = {}
        self._pixmaps: dict[tuple[str, int, float, int], QPixmap] = {}
        self._icons: dict[tuple[str, int, int], QIcon] = {}

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(path.stem for path in self._folder.glob("*.svg"))

    def pixmap(self, name: str, color: QColor, size: int, scale: float) -> QPixmap:
        """A square of `size` device-independent pixels, for a screen with this scale."""
        key = (name, size, scale, color.rgba())
        pixmap = self._pixmaps.get(key)
        if pixmap is None:
            pixmap = self._pixmaps[key] = self._draw(name, color, size, scale)
        return pixmap

    def icon(self, name: str, color: QColor, size: int = 16, gap: int = 0) -> QIcon:
        """For buttons and menus. `gap` adds empty pixels at the right, between the icon and a text."""
        key = (name, color.rgba(), gap)
        icon = self._icons.get(key)
        if icon is None:
            icon = QIcon()
            for scale in sorted({1.0, self._scale()}):
                icon.addPixmap(self._draw(name, color, size, scale, gap))
            self._icons[key] = icon
        return icon

    def _draw(self, name: str, color: QColor, size: int, scale: float, gap: int = 0) -> QPixmap:
        source = self._sources.get(name)
        if source is None:
            source = self._sources[name] = (self._folder / f"{name}.svg").read_bytes()
        renderer = QSvgRenderer(QByteArray(source.replace(b"currentColor", color.name().encode())))
        pixels = round(size * scale)
        image = QImage(pixels + round(gap * scale), pixels, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setOpacity(color.alphaF())
        renderer.render(painter, QRectF(0, 0, pixels, pixels))
        painter.end()
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(scale)
        return pixmap
