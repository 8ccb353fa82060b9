"""An icon as a label, in a colour of the theme."""

from PySide6.QtWidgets import QLabel

from ffmate_desktop.gui.theme.theme import Theme


class IconLabel(QLabel):
    """Follows the theme."""

    def __init__(self, theme: Theme, icon: str = "", color: str = "text_2", size: int = 16) -> None:
        super().__init__()
        self._theme, self._icon, self._color, self._size = theme, icon, color, size
        self.setFixedSize(size, size)
        theme.changed.connect(self._paint)
        self._paint()

    def show_icon(self, icon: str, color: str) -> None:
        self._icon, self._color = icon, color
        self._paint()

    def _paint(self) -> None:
        if self._icon:
            self.setPixmap(self._theme.pixmap(self._icon, self._color, self._size, self.devicePixelRatioF()))
