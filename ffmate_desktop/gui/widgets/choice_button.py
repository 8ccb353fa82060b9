"""A button with a menu in which any number of entries can be checked; none checked means all."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import menu_text, plain


class ChoiceButton(QToolButton):
    """Its text is `all_text` while nothing is checked, and `count_text(n)` for n entries; `empty_text` names ""."""

    changed = Signal()

    def __init__(
        self, theme: Theme, all_text: str, count_text: Callable[[int], str], empty_text: str
    ) -> None:
        super().__init__()
        self._all_text, self._count_text, self._empty_text = all_text, count_text, empty_text
        self._entries: list[str] = []
        self.chosen: frozenset[str] | None = None
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setProperty("class", "filter")
        theme.set_icon(self, "chevron-down", "text_2")
        self.clicked.connect(self.open_menu)
        self._show()

    def set_entries(self, entries: Sequence[str]) -> None:
        """Set the entries. Checked entries stay, even if they are no longer among them."""
        self._entries = sorted({*entries, *(self.chosen or ())})

    @property
    def entries(self) -> list[str]:
        return list(self._entries)

    def choose(self, chosen: frozenset[str] | None) -> None:
        """Check these entries, or none."""
        chosen = chosen or None
        if chosen != self.chosen:
            self.chosen = chosen
            self.set_entries(self._entries)
            self._show()
            self.changed.emit()

    def open_menu(self) -> None:
        self.menu_of_entries().popup(self.mapToGlobal(QPoint(0, self.height() + 4)))

    def menu_of_entries(self) -> QMenu:
        """A menu that deletes itself when it closes."""
        menu = _StayingMenu(self)
        show_all = menu.addAction(menu_text(self._all_text))
        show_all.triggered.connect(lambda: self.choose(None))
        menu.addSeparator()
        for entry in self._entries:
            action = menu.addAction(menu_text(entry or self._empty_text))
            action.setCheckable(True)
            action.setChecked(entry in (self.chosen or ()))
            action.toggled.connect(lambda on, entry=entry: self._toggle(entry, on))
        return menu

    def _toggle(self, entry: str, on: bool) -> None:
        current = self.chosen or frozenset()
        self.choose(current | {entry} if on else current - {entry})

    def _show(self) -> None:
        if self.chosen is None:
            text = self._all_text
        elif len(self.chosen) == 1:
            text = next(iter(self.chosen)) or self._empty_text
        else:
            text = self._count_text(len(self.chosen))
        self.setText(menu_text(text))
        self.setAccessibleName(plain(text))


class _StayingMenu(QMenu):
    """Stays open while entries are checked."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.actionAt(event.position().toPoint())
        if action is not None and action.isCheckable() and action.isEnabled():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)
