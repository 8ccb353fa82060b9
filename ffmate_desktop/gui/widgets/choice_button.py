"""A button with a menu of which any number of entries may be ticked; none ticked means all."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import menu_text, plain


class ChoiceButton(QToolButton):
    """`everything` is its text while nothing is ticked, `several` makes one of a number; `changed` tells a choice."""

    changed = Signal()

    def __init__(self, theme: Theme, everything: str, several: Callable[[int], str], nameless: str) -> None:
        super().__init__()
        self._everything, self._several, self._nameless = everything, several, nameless
        self._entries: list[str] = []
        self.chosen: frozenset[str] | None = None
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setProperty("class", "filter")
        theme.set_icon(self, "chevron-down", "text_2")
        self.clicked.connect(self.open_menu)
        self._show()

    def set_entries(self, entries: Sequence[str]) -> None:
        """What there is to choose; what is ticked stays ticked, also when it is gone."""
        self._entries = sorted({*entries, *(self.chosen or ())})

    @property
    def entries(self) -> list[str]:
        """What there is to choose."""
        return list(self._entries)

    def choose(self, chosen: frozenset[str] | None) -> None:
        """Tick these, or show all again."""
        chosen = chosen or None
        if chosen != self.chosen:
            self.chosen = chosen
            self.set_entries(self._entries)
            self._show()
            self.changed.emit()

    def open_menu(self) -> None:
        """Show the entries below the button."""
        self.menu_of_entries().popup(self.mapToGlobal(QPoint(0, self.height() + 4)))

    def menu_of_entries(self) -> QMenu:
        """The menu, which deletes itself when it is closed."""
        menu = _StayingMenu(self)
        every = menu.addAction(menu_text(self._everything))
        every.triggered.connect(lambda: self.choose(None))
        menu.addSeparator()
        for entry in self._entries:
            action = menu.addAction(menu_text(entry or self._nameless))
            action.setCheckable(True)
            action.setChecked(entry in (self.chosen or ()))
            action.toggled.connect(lambda on, entry=entry: self._tick(entry, on))
        return menu

    def _tick(self, entry: str, on: bool) -> None:
        now = self.chosen or frozenset()
        self.choose(now | {entry} if on else now - {entry})

    def _show(self) -> None:
        if self.chosen is None:
            text = self._everything
        elif len(self.chosen) == 1:
            text = next(iter(self.chosen)) or self._nameless
        else:
            text = self._several(len(self.chosen))
        self.setText(menu_text(text))
        self.setAccessibleName(plain(text))


class _StayingMenu(QMenu):
    """Stays open while entries are ticked."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A tick does not close it."""
        action = self.actionAt(event.position().toPoint())
        if action is not None and action.isCheckable() and action.isEnabled():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)
