"""The button that shows and changes the order of the queue."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QToolButton

from ffmate_desktop.domain.queue import SortColumn
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import menu_text, plain


class OrderButton(QToolButton):
    """Emits `chosen` with a column and whether it descends. Orders that `is_offered` rejects are disabled."""

    chosen = Signal(SortColumn, bool)

    def __init__(self, theme: Theme, is_offered: Callable[[SortColumn, bool], bool]) -> None:
        super().__init__()
        self._is_offered = is_offered
        self._shown = (SortColumn.CREATED, True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setAccessibleName(self.tr("Task order"))
        theme.set_icon(self, "chevron-down", "text_2")
        self.clicked.connect(self._open)

    def show_order(self, column: SortColumn, descending: bool) -> None:
        self._shown = (column, descending)
        self.setText(next(text for text, *order in self._orders() if order == [column, descending]))
        self.setToolTip(plain(self.text()))

    def set_short(self, short: bool) -> None:
        """Show only the icon, or icon and text."""
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(style.ToolButtonIconOnly if short else style.ToolButtonTextBesideIcon)

    def _orders(self) -> list[tuple[str, SortColumn, bool]]:
        return [
            (self.tr("Newest first"), SortColumn.CREATED, True),
            (self.tr("Oldest first"), SortColumn.CREATED, False),
            (self.tr("Next to run first"), SortColumn.PRIORITY, True),
            (self.tr("Last to run first"), SortColumn.PRIORITY, False),
            (self.tr("Recently finished first"), SortColumn.FINISHED, True),
            (self.tr("Finished longest ago first"), SortColumn.FINISHED, False),
            (self.tr("Name, A to Z"), SortColumn.NAME, False),
            (self.tr("Name, Z to A"), SortColumn.NAME, True),
        ]

    def _open(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        for text, column, descending in self._orders():
            action = menu.addAction(menu_text(text))
            action.setCheckable(True)
            action.setChecked((column, descending) == self._shown)
            action.setEnabled(self._is_offered(column, descending))
            action.triggered.connect(
                lambda _checked=False, column=column, descending=descending: self.chosen.emit(
                    column, descending
                )
            )
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 4)))
