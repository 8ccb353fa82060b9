"""A small line graph of recent values, with a dot at the newest."""

from collections import deque

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ffmate_desktop.gui.theme.theme import Theme

MAX_SAMPLES = 60
_END = 7.0


class Sparkline(QWidget):
    """The newest value is at the right."""

    def __init__(self, theme: Theme, color: str) -> None:
        super().__init__()
        self._theme, self._color = theme, color
        self._values: deque[float] = deque(maxlen=MAX_SAMPLES)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.changed.connect(self.update)

    def add(self, value: float) -> None:
        self._values.append(value)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 34)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if len(self._values) < 2:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(2, 4, -_END, -4)
        paint_line(painter, self._theme, self._color, points_of(list(self._values), area), area.bottom())


def points_of(values: list[float], area: QRectF, *, minimum: float | None = None) -> list[QPointF]:
    """Points for the values in `area`. Its lower edge is `minimum`, by default the smallest value."""
    minimum = min(values) if minimum is None else minimum
    span = max(values) - minimum
    step = area.width() / (MAX_SAMPLES - 1)
    left = area.right() - step * (len(values) - 1)
    return [
        QPointF(left + n * step, area.bottom() - (area.height() * (v - minimum) / span if span else 0.0))
        for n, v in enumerate(values)
    ]


def paint_line(
    painter: QPainter, theme: Theme, color: str, points: list[QPointF], bottom: float, *, dot: bool = True
) -> None:
    """Paint a line through the points, shaded down to `bottom`."""
    tokens = theme.tokens
    line = QPainterPath(points[0])
    for point in points[1:]:
        line.lineTo(point)
    shade = QPainterPath(line)
    shade.lineTo(points[-1].x(), bottom)
    shade.lineTo(points[0].x(), bottom)
    shade.closeSubpath()
    gradient = QLinearGradient(0, min(point.y() for point in points), 0, bottom + 1)
    gradient.setColorAt(0, tokens.tint(color, 0.22))
    gradient.setColorAt(1, tokens.tint(color, 0.0))
    painter.fillPath(shade, gradient)
    pen = QPen(tokens.color(color), 1.6)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(line, pen)
    if dot:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.tint(color, 0.3))
        painter.drawEllipse(points[-1], 5, 5)
        painter.setBrush(tokens.color(color))
        painter.drawEllipse(points[-1], 2.6, 2.6)
