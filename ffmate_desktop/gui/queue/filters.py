"""Which tasks the queue shows, filtered by status, text, node and batch, and in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QLineEdit

from ffmate_desktop.domain.queue import ALL_STATUSES, SortColumn
from ffmate_desktop.domain.status import ACTIVE, TaskStatus
from ffmate_desktop.gui.queue.model import QueueModel
from ffmate_desktop.gui.queue.toolbar import QueueToolbar

if TYPE_CHECKING:
    from ffmate_desktop.gui.base.page import Page
    from ffmate_desktop.gui.queue.grouping import QueueGrouping
    from ffmate_desktop.gui.queue.view import QueueTableView
    from ffmate_desktop.services.cluster_services import WindowServices

_SORT, _DESCENDING = "queue/sort", "queue/descending"
_TYPING = 200
"""Milliseconds between the last key press and the search."""

_BATCHES = 12
"""How many of the newest batches the filter menu lists."""

TABS: tuple[frozenset[TaskStatus], ...] = (
    ALL_STATUSES,
    ACTIVE,
    frozenset({TaskStatus.QUEUED}),
    frozenset({TaskStatus.DONE_ERROR}),
    frozenset({TaskStatus.DONE_SUCCESSFUL}),
    frozenset({TaskStatus.DONE_CANCELED}),
)


class QueueFilters(QObject):
    """Turns input from toolbar, search field and table header into the query of the model."""

    def __init__(
        self,
        page: Page,
        model: QueueModel,
        view: QueueTableView,
        toolbar: QueueToolbar,
        search: QLineEdit,
        grouping: QueueGrouping,
    ) -> None:
        super().__init__(page)
        self._page, self._model, self._view = page, model, view
        self._toolbar, self._search, self._grouping = toolbar, search, grouping
        self._typing = QTimer(self, singleShot=True, interval=_TYPING)
        self._typing.timeout.connect(self.apply)
        search.textChanged.connect(lambda _text: self._typing.start())
        search.returnPressed.connect(self.apply)
        toolbar.tabs.chosen.connect(lambda _number: self.apply())
        toolbar.order.chosen.connect(self.set_order)
        toolbar.filter_chosen.connect(self.filter_by)
        toolbar.filters_requested.connect(self._read_filters)
        view.sort_requested.connect(self._sort_by)
        name = str(page.window_state.value(_SORT, SortColumn.CREATED.value))
        column = SortColumn(name) if name in set(SortColumn) else SortColumn.CREATED
        self.set_order(column, str(page.window_state.value(_DESCENDING, "true")) == "true")

    # -- Filters -------------------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Filter by the chosen status and the search text."""
        self._typing.stop()
        where = replace(
            self._model.query.where,
            statuses=TABS[self._toolbar.tabs.current],
            text=self._search.text().strip(),
        )
        self._model.set_query(replace(self._model.query, where=where))

    def filter_by(self, node: str | None, batch: UUID | None) -> None:
        """Filter by one node or one batch, or by neither."""
        self._grouping.button.setChecked(False)
        where = replace(self._model.query.where, node=node, batch=batch)
        self._toolbar.show_filter(where)
        self._model.set_query(replace(self._model.query, where=where))

    def _read_filters(self) -> None:
        services = self._page.services
        if services is not None:
            self._page.bridge.run(self._offer_filters(services), "reading nodes and batches")

    async def _offer_filters(self, services: WindowServices) -> None:
        nodes = sorted({node.identifier for node in await services.nodes.all()})
        batches = await services.queue.newest_batches(_BATCHES)
        self._toolbar.open_filters(nodes, batches, self._model.query.where)

    def search_all(self, text: str) -> None:
        """Search for this text in any status, node and batch."""
        self._toolbar.tabs.choose(0)
        self._search.setText(text)
        self.filter_by(None, None)
        self.apply()

    def show_counts(self) -> None:
        """Show the counts on the tabs."""
        counts = self._model.counts
        self._toolbar.tabs.set_counts([sum(counts.get(status, 0) for status in tab) for tab in TABS])

    # -- Order ---------------------------------------------------------------------------------------------------

    def _sort_by(self, column: SortColumn) -> None:
        view = self._model.query
        self.set_order(
            column, not view.descending if view.column is column else column is not SortColumn.NAME
        )

    def set_order(self, column: SortColumn, descending: bool) -> None:
        """Apply this order and remember it, unless there are too many tasks to sort that way."""
        page = self._page
        if page.services is not None and not self.is_offered(column, descending):
            page.message.emit(
                self.tr("There are too many tasks to sort by this column."),
                self.tr("Filter them first, for example by status."),
            )
            return
        page.window_state.setValue(_SORT, column.value)
        page.window_state.setValue(_DESCENDING, "true" if descending else "false")
        self._toolbar.order.show_order(column, descending)
        self._view.show_sorting(column, descending)
        self._model.set_query(replace(self._model.query, column=column, descending=descending))

    def is_offered(self, column: SortColumn, descending: bool) -> bool:
        """Whether this order is possible for the current number of tasks."""
        view = replace(self._model.query, column=column, descending=descending)
        return self._page.services is not None and self._page.services.queue.can_sort(
            view, self._model.rowCount()
        )
