"""A thin bar that shows a share, and a dot that shows a state."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ffmate_desktop.gui.theme.theme import Theme


class Meter(QWidget):
    """A bar for a value from 0 to 1."""

    def __init__(self, theme: Theme, *, color: str = "accent", thickness: int = 5) -> None:
        super().__init__()
        self._theme, self._color, self._thickness = theme, color, thickness
        self._value = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set_value(self, value: float, color: str | None = None) -> None:
        """Show this value, optionally in another colour."""
        color = color or self._color
        if (value, color) != (self._value, self._color):
            self._value, self._color = min(1.0, max(0.0, value)), color
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(80, self._thickness)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        area = QRectF(0, (self.height() - self._thickness) / 2, self.width(), self._thickness)
        radius = self._thickness / 2
        painter.setBrush(self._theme.tokens.color("track"))
        painter.drawRoundedRect(area, radius, radius)
        if self._value > 0:
            area.setWidth(max(float(self._thickness), area.width() * self._value))
            painter.setBrush(self._theme.tokens.color(self._color))
            painter.drawRoundedRect(area, radius, radius)


class StateDot(QWidget):
    """A dot for good, a triangle for care, a cross for bad: shapes, so that colour isn't needed."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._state = "idle"
        self.setFixedSize(14, 14)
        theme.changed.connect(self.update)

    def set_state(self, state: str) -> None:
        """`good`, `care`, `bad` or `idle`."""
        if state != self._state:
            self._state = state
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        tokens = self._theme.tokens
        middle = QPointF(7, 7)
        if self._state == "care":
            painter.drawPixmap(
                0, 0, self._theme.pixmap("triangle-alert", "warning", 14, self.devicePixelRatioF())
            )
        elif self._state == "bad":
            painter.drawPixmap(0, 0, self._theme.pixmap("x", "failed", 14, self.devicePixelRatioF()))
        else:
            color = "done" if self._state == "good" else "text_3"
            painter.setBrush(tokens.tint(color, 0.25))
            painter.drawEllipse(middle, 7, 7)
            painter.setBrush(tokens.color(color))
            painter.drawEllipse(middle, 4, 4)
