"""A push button that can shrink to its icon."""

from PySide6.QtWidgets import QPushButton

from ffmate_desktop.gui.widgets.plain_text import plain


class ShortenedButton(QPushButton):
    """Needs an icon for its short form."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._full_text = text
        self.setAccessibleName(plain(text.removesuffix(" …")))

    def set_short(self, short: bool) -> None:
        """Show only the icon, with the text as tool tip; or both."""
        self.setText("" if short else self._full_text)
        self.setToolTip(plain(self._full_text.removesuffix(" …") if short else ""))
