"""A push button that can do with its icon."""

from PySide6.QtWidgets import QPushButton

from ffmate_desktop.gui.widgets.plain_text import plain


class ShortenedButton(QPushButton):
    """Give it an icon as well."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._whole = text
        self.setAccessibleName(plain(text.removesuffix(" …")))

    def set_short(self, short: bool) -> None:
        """The icon alone, with the text as its tool tip; or both."""
        self.setText("" if short else self._whole)
        self.setToolTip(plain(self._whole.removesuffix(" …") if short else ""))
