"""The search field in a page's header: shrinks before its neighbours are cut."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLineEdit, QSizePolicy

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import plain

_MIN_WIDTH = 92
"""Pixels for the icon and the start of a word."""


class SearchField(QLineEdit):
    """`width` is its preferred width."""

    def __init__(self, theme: Theme, hint: str, name: str, width: int) -> None:
        super().__init__()
        self._width = width
        self.setPlaceholderText(plain(hint))
        self.setAccessibleName(plain(name))
        self.setClearButtonEnabled(True)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        icon = self.addAction(theme.icon("search", "text_3"), QLineEdit.ActionPosition.LeadingPosition)
        theme.changed.connect(lambda: icon.setIcon(theme.icon("search", "text_3")))

    def set_width(self, width: int) -> None:
        """Change the preferred width."""
        if width != self._width:
            self._width = width
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self._width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(_MIN_WIDTH, super().minimumSizeHint().height())
