"""Shown instead of an empty list: a picture, a sentence, and a button for the next step."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QRadialGradient
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import label


class EmptyState(QWidget):
    """Emits `button_clicked`. The button is optional."""

    button_clicked = Signal()

    def __init__(
        self,
        theme: Theme,
        title: str,
        text: str,
        button: str = "",
        icon: str = "plus",
        picture: str = "list-video",
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(_Picture(theme, picture), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        heading = label(title, "big")
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(heading)
        column.addSpacing(6)
        text_label = label(text, "lead", wraps=True)
        text_label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        text_label.setFixedWidth(430)
        row = QHBoxLayout()  # with an alignment, the label would get the height for the full width
        row.addStretch(1)
        row.addWidget(text_label)
        row.addStretch(1)
        column.addLayout(row)
        if button:
            self.button = QPushButton(button)
            self.button.setProperty("class", "primary")
            self.button.setMinimumWidth(160)
            self.button.clicked.connect(self.button_clicked)
            theme.set_icon(self.button, icon, "on_accent")
            column.addSpacing(22)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)


class _Picture(QWidget):
    """Three stacked tasks, the middle one in progress, with a glow behind."""

    def __init__(self, theme: Theme, icon: str) -> None:
        super().__init__()
        self._theme, self._icon = theme, icon
        self.setFixedSize(220, 184)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        glow = QRadialGradient(QPointF(0, 0), 104)
        glow.setColorAt(0, tokens.tint("accent", 0.22 if tokens.is_dark else 0.12))
        glow.setColorAt(1, tokens.tint("accent", 0.0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(glow)
        painter.save()
        painter.translate(110, 90)
        painter.scale(1, 86 / 104)  # scales the gradient too, so that it fades out at every edge
        painter.drawEllipse(QPointF(0, 0), 104, 104)
        painter.restore()
        for top in (36, 122):
            painter.setOpacity(0.55)
            self._card(painter, QRectF(36, top, 148, 30), 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color("track"))
            painter.drawRoundedRect(QRectF(46, top + 8, 14, 14), 4, 4)
            painter.drawRoundedRect(QRectF(70, top + 12, 70, 6), 3, 3)
        painter.setOpacity(1.0)
        self._card(painter, QRectF(12, 66, 196, 54), 11)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.tint("accent", 0.22))
        painter.drawRoundedRect(QRectF(24, 77, 32, 32), 8, 8)
        painter.drawPixmap(31, 84, self._theme.pixmap(self._icon, "link", 18, self.devicePixelRatioF()))
        painter.setBrush(tokens.color("track"))
        painter.drawRoundedRect(QRectF(68, 84, 92, 7), 3.5, 3.5)
        painter.drawRoundedRect(QRectF(68, 99, 124, 5), 2.5, 2.5)
        painter.setBrush(tokens.color("accent"))
        painter.drawRoundedRect(QRectF(68, 99, 46, 5), 2.5, 2.5)

    def _card(self, painter: QPainter, area: QRectF, radius: float) -> None:
        painter.setPen(self._theme.tokens.color("line_strong"))
        painter.setBrush(self._theme.tokens.color("surface"))
        painter.drawRoundedRect(area, radius, radius)
