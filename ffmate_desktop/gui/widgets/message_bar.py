"""The message bar at the top of the window: what happened, what to do next, and a button to do it."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.plain_text import plain

_SECONDS = 12


class MessageBar(QFrame):
    """Shows one message at a time; a new one replaces it."""

    shown_changed = Signal(bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._on_click: Callable[[], object] | None = None
        self.setProperty("class", "bar")
        self._icon = QLabel()
        self._title = label(look="strong", wraps=True)
        self._text = label(look="second", wraps=True)
        self._button = QPushButton()
        self._button.clicked.connect(self._on_button)
        self._close = QToolButton()
        self._close.setAccessibleName(self.tr("Dismiss message"))
        self._close.setToolTip(self.tr("Dismiss"))
        self._close.clicked.connect(self.dismiss)
        theme.set_icon(self._close, "x", "text_2")
        self._timer = QTimer(self, singleShot=True, interval=1000 * _SECONDS)
        self._timer.timeout.connect(self.dismiss)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self._title)
        texts.addWidget(self._text)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 11, 10, 11)
        row.setSpacing(14)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(texts, 1)
        row.addWidget(self._button)
        row.addWidget(self._close)
        theme.changed.connect(self._paint_icon)
        self._kind = "info"
        self.hide()

    @property
    def title(self) -> str:
        """The title shown, or an empty string."""
        return "" if self.isHidden() else self._title.text()

    def show_message(
        self,
        title: str,
        text: str = "",
        *,
        kind: str = "warning",
        button: str = "",
        on_click: Callable[[], object] | None = None,
        stays: bool = False,
        seconds: int = _SECONDS,
    ) -> None:
        """`kind` is info, good, warning or failed. The button calls `on_click` and dismisses the message.

        A message with a button stays until dismissed, unless `seconds` is given.
        """
        self._kind, self._on_click = kind, on_click
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self.setAccessibleName(plain(f"{title} {text}".strip()))
        self._paint_icon()
        self.show()
        self.shown_changed.emit(True)
        if stays or (button and seconds == _SECONDS):
            self._timer.stop()
        else:
            self._timer.start(1000 * seconds)

    def dismiss(self) -> None:
        self._timer.stop()
        self._on_click = None
        self.hide()
        self.shown_changed.emit(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def _on_button(self) -> None:
        on_click = self._on_click
        self.dismiss()
        if on_click is not None:
            on_click()

    def _paint_icon(self) -> None:
        icon, color = {
            "info": ("info", "link"),
            "good": ("circle-check", "done"),
            "warning": ("triangle-alert", "warning"),
        }.get(self._kind, ("octagon-x", "failed"))
        self._icon.setPixmap(self._theme.pixmap(icon, color, 20, self.devicePixelRatioF()))
