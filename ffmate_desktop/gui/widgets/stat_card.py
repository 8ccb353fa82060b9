"""A card with one statistic: title, value, and a sparkline."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.gui.widgets.sparkline import Sparkline

_MIN_WIDTH_FOR_LINE = 160


class StatCard(QFrame):
    """`show_value` sets the texts, `sample` extends the sparkline."""

    def __init__(self, theme: Theme, icon: str, color: str, title: str) -> None:
        super().__init__()
        self._theme, self._icon_name, self._color, self._title = theme, icon, color, title
        self.setProperty("class", "card")
        self.setFixedHeight(90)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._icon = QLabel()
        self._value = label("–", "number")
        self._line = ElidedLabel("third")
        self._spark = Sparkline(theme, color)
        head = QHBoxLayout()
        head.setSpacing(7)
        head.addWidget(self._icon)
        name = ElidedLabel("caption")
        name.setText(title)
        head.addWidget(name, 1)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self._value)
        texts.addWidget(self._line)
        body = QHBoxLayout()
        body.setSpacing(12)
        body.addLayout(texts)
        body.addWidget(self._spark, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 6, 12)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(body, 1)
        theme.changed.connect(self._paint_icon)
        self._paint_icon()

    def show_value(self, value: str, line: str) -> None:
        self._value.setText(value)
        self._line.setText(line)
        self.setAccessibleName(plain(f"{self._title}: {value} {line}"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._spark.setVisible(self.width() >= _MIN_WIDTH_FOR_LINE)

    def sample(self, value: float) -> None:
        self._spark.add(value)

    def _paint_icon(self) -> None:
        self._icon.setPixmap(self._theme.pixmap(self._icon_name, self._color, 15, self.devicePixelRatioF()))
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
