"""A push button for a QAction: same text and shortcut, hidden while the action is disabled."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import plain


class ActionButton(QPushButton):
    """Triggers its action, and is hidden while the action is disabled."""

    def __init__(self, theme: Theme, action: QAction, icon: str, look: str = "") -> None:
        super().__init__(action.text())
        self._action = action
        theme.set_icon(self, icon, "failed" if look == "danger" else "text")
        if look:
            self.setProperty("class", look)
        self.setToolTip(action.shortcut().toString())
        self.setAccessibleName(plain(action.text()))
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def set_short(self, short: bool) -> None:
        """Show only the icon, with the text as tool tip; or both."""
        keys = self._action.shortcut().toString()
        self.setText("" if short else self._action.text())
        self.setToolTip(plain(f"{self._action.text()}  {keys}" if short else keys))

    def _follow(self) -> None:
        self.setVisible(self._action.isEnabled())
