"""The bar above the table of tasks: filters, order and columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from ffmate_desktop.domain.queue import NO_BATCH, QueueFilter, SortColumn
from ffmate_desktop.gui.queue.order_button import OrderButton
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.plain_text import menu_text, plain
from ffmate_desktop.gui.widgets.segments import Segments

if TYPE_CHECKING:
    from ffmate_desktop.domain.queue import BatchGroup

_MAX_NAME = 48


class QueueToolbar(QWidget):
    """Emits `filters_requested` when the filter menu needs its nodes and batches (answer with `open_filters`),
    `filter_chosen` with a node, a batch or neither, and `columns_requested` with the position for the column menu."""

    filters_requested = Signal()
    filter_chosen = Signal(object, object)
    """Node (str or None), batch (UUID or None)."""
    columns_requested = Signal(QPoint)

    def __init__(self, theme: Theme, is_offered: Callable[[SortColumn, bool], bool], groups: QWidget) -> None:
        super().__init__()
        self._theme = theme
        titles = [self.tr("All"), self.tr("Running"), self.tr("Queued"), self.tr("Failed"), self.tr("Done")]
        self.tabs = Segments([*titles, self.tr("Cancelled")], self.tr("Filter by status"))
        self.order = OrderButton(theme, is_offered)
        self.clear_filter = QPushButton()
        self.clear_filter.setProperty("class", "quiet")
        theme.set_icon(self.clear_filter, "x", "text_2")
        self.clear_filter.setToolTip(self.tr("Clear the node or batch filter"))
        self.clear_filter.clicked.connect(lambda: self.filter_chosen.emit(None, None))
        self.clear_filter.hide()
        self.filter = self._button("filter", self.tr("Filter by node or batch"))
        self.filter.clicked.connect(self.filters_requested)
        self.columns = self._button("columns-3", self.tr("Choose columns"))
        self.columns.clicked.connect(lambda: self.columns_requested.emit(_below(self.columns)))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.tabs)
        row.addWidget(self.clear_filter)
        row.addStretch(1)
        for button in (self.filter, self.columns, groups, self.order):
            row.addWidget(button)

    def _button(self, icon: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setToolTip(plain(name))
        button.setAccessibleName(plain(name))
        self._theme.set_icon(button, icon, "text_2")
        return button

    def set_enabled(self, enabled: bool) -> None:
        """Disabled for batches, which have no filters and only one order."""
        for control in (self.tabs, self.order, self.filter):
            control.setEnabled(enabled)

    def show_filter(self, where: QueueFilter) -> None:
        """Show which node or batch the tasks are filtered by."""
        if where.node is not None:
            self.clear_filter.setText(menu_text(self.tr("Node: {0}").format(where.node)))
        elif where.batch is not None:
            self.clear_filter.setText(
                self.tr("Single tasks") if where.batch == NO_BATCH else self.tr("One batch")
            )
        self.clear_filter.setVisible(where.node is not None or where.batch is not None)

    def open_filters(self, nodes: Sequence[str], batches: Sequence[BatchGroup], where: QueueFilter) -> None:
        """Open the filter menu below its button."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._add_entry(menu, self.tr("All nodes and batches"), None, None, where)
        menu.addSection(self.tr("Nodes"))
        for node in nodes:
            self._add_entry(menu, node, node, None, where)
        if batches:
            menu.addSection(self.tr("Newest batches"))
            self._add_entry(menu, self.tr("Single tasks"), None, NO_BATCH, where)
        for group in batches:
            name = group.name
            short = name if len(name) <= _MAX_NAME else f"{name[:30]}…{name[-16:]}"
            text = f"{short}  ({formatting.number(group.state.total)})"
            self._add_entry(menu, text, None, group.state.uuid, where)
        menu.popup(_below(self.filter))

    def _add_entry(
        self, menu: QMenu, text: str, node: str | None, batch: UUID | None, where: QueueFilter
    ) -> None:
        action = menu.addAction(menu_text(text))
        action.setCheckable(True)
        action.setChecked((node, batch) == (where.node, where.batch))
        action.triggered.connect(lambda: self.filter_chosen.emit(node, batch))


def _below(button: QWidget) -> QPoint:
    return button.mapToGlobal(QPoint(0, button.height() + 4))
