"""A graph of frames per second over time."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QSizePolicy

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.gui.widgets.sparkline import paint_line

HEIGHT = 118
LEFT, TOP, BOTTOM, RIGHT = 50, 40, 14, 16


class SpeedGraph(QFrame):
    """Plots (seconds, frames/s) samples, oldest first."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._samples: list[tuple[float, float]] = []
        self.setProperty("class", "inset")
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_samples(self, samples: Sequence[tuple[float, float]]) -> None:
        self._samples = list(samples)
        if self._samples:
            self.setAccessibleName(
                plain(self.tr("Speed: {0} frames per second").format(round(self._samples[-1][1])))
            )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self._theme.tokens
        area = QRectF(self.rect())
        painter.setFont(fonts.bold(12))
        painter.setPen(tokens.color("text_2"))
        painter.drawText(area.adjusted(13, 10, 0, 0), Qt.AlignmentFlag.AlignLeft, self.tr("Speed"))
        if not self._samples:
            painter.setFont(fonts.text(12))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.tr("Waiting for the first frames"))
            return
        painter.setPen(tokens.color("text"))
        newest = self.tr("{0} fps").format(round(self._samples[-1][1]))
        painter.drawText(area.adjusted(0, 10, -12, 0), Qt.AlignmentFlag.AlignRight, newest)
        maximum = _round_up(max(value for _, value in self._samples))
        plot = area.adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
        painter.setFont(fonts.text(11))
        for value in (0.0, maximum / 2, maximum):
            y = plot.bottom() - plot.height() * value / maximum
            painter.setPen(tokens.color("line"))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            if value != maximum / 2:
                painter.setPen(tokens.color("text_3"))
                place = QRectF(0, y - 8, LEFT - 10, 16)
                painter.drawText(
                    place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:g}"
                )
        paint_line(painter, self._theme, "running", self._points(plot, maximum), plot.bottom())

    def _points(self, plot: QRectF, maximum: float) -> list[QPointF]:
        begin, end = self._samples[0][0], self._samples[-1][0]
        span = max(end - begin, 1.0)
        return [
            QPointF(
                plot.right() - plot.width() * (end - moment) / span,
                plot.bottom() - plot.height() * min(value, maximum) / maximum,
            )
            for moment, value in self._samples
        ]


def _round_up(value: float) -> float:
    """The next round number for an axis."""
    step = 10.0
    while step * 5 < value:
        step *= 10 if step * 10 < value else 2
    for factor in (1, 2, 3, 4, 5):
        if value <= step * factor:
            return step * factor
    return step * 5
