"""A field to search in, for the header of a page: wide where there is room, and never over its neighbours."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLineEdit, QSizePolicy

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import plain

_LEAST = 92
"""Pixels: the icon and the beginning of a word."""


class SearchField(QLineEdit):
    """`width` is what it takes where there is room."""

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
        """Take so much from now on."""
        if width != self._width:
            self._width = width
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As wide as wanted."""
        return QSize(self._width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """It may shrink before its neighbours are cut."""
        return QSize(_LEAST, super().minimumSizeHint().height())
