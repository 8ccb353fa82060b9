"""Which tasks the queue shows: by status, text, node and batch; and in which order, which is remembered."""

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
"""Milliseconds after the last key before a search begins."""

_BATCHES = 12
"""As many of the newest as a menu bears."""

TABS: tuple[frozenset[TaskStatus], ...] = (
    ALL_STATUSES,
    ACTIVE,
    frozenset({TaskStatus.QUEUED}),
    frozenset({TaskStatus.DONE_ERROR}),
    frozenset({TaskStatus.DONE_SUCCESSFUL}),
    frozenset({TaskStatus.DONE_CANCELED}),
)


class QueueFilters(QObject):
    """Listens to the bar, the search and the header of the table, and tells the model."""

    def __init__(
        self,
        page: Page,
        model: QueueModel,
        view: QueueTableView,
        bar: QueueToolbar,
        search: QLineEdit,
        groups: QueueGrouping,
    ) -> None:
        super().__init__(page)
        self._page, self._model, self._view = page, model, view
        self._bar, self._search, self._groups = bar, search, groups
        self._typing = QTimer(self, singleShot=True, interval=_TYPING)
        self._typing.timeout.connect(self.apply)
        search.textChanged.connect(lambda _text: self._typing.start())
        search.returnPressed.connect(self.apply)
        bar.tabs.chosen.connect(lambda _number: self.apply())
        bar.order.chosen.connect(self.set_order)
        bar.filter_chosen.connect(self.show_only)
        bar.filters_requested.connect(self._read_filters)
        view.sort_requested.connect(self._sort_by)
        name = str(page.window_state.value(_SORT, SortColumn.CREATED.value))
        column = SortColumn(name) if name in set(SortColumn) else SortColumn.CREATED
        self.set_order(column, str(page.window_state.value(_DESCENDING, "true")) == "true")

    # -- Filters -------------------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Show what fits status and text."""
        self._typing.stop()
        where = replace(
            self._model.query.where,
            statuses=TABS[self._bar.tabs.current],
            text=self._search.text().strip(),
        )
        self._model.set_query(replace(self._model.query, where=where))

    def show_only(self, node: str | None, batch: UUID | None) -> None:
        """The tasks of one node or one batch, or all again."""
        self._groups.button.setChecked(False)
        where = replace(self._model.query.where, node=node, batch=batch)
        self._bar.show_only(where)
        self._model.set_query(replace(self._model.query, where=where))

    def _read_filters(self) -> None:
        services = self._page.services
        if services is not None:
            self._page.bridge.run(self._offer_filters(services), "reading nodes and batches")

    async def _offer_filters(self, services: WindowServices) -> None:
        nodes = sorted({node.identifier for node in await services.nodes.all()})
        batches = await services.queue.newest_batches(_BATCHES)
        self._bar.open_filters(nodes, batches, self._model.query.where)

    def search_all(self, text: str) -> None:
        """The tasks that fit this text, whatever their state, node and batch."""
        self._bar.tabs.choose(0)
        self._search.setText(text)
        self.show_only(None, None)
        self.apply()

    def show_counts(self) -> None:
        """Behind the tabs."""
        counts = self._model.counts
        self._bar.tabs.set_counts([sum(counts.get(status, 0) for status in tab) for tab in TABS])

    # -- Order ---------------------------------------------------------------------------------------------------

    def _sort_by(self, column: SortColumn) -> None:
        view = self._model.query
        self.set_order(
            column, not view.descending if view.column is column else column is not SortColumn.NAME
        )

    def set_order(self, column: SortColumn, descending: bool) -> None:
        """Show this order and remember it, unless there are too many tasks for it."""
        page = self._page
        if page.services is not None and not self.is_offered(column, descending):
            page.message.emit(
                self.tr("There are too many tasks to sort by this column."),
                self.tr("Filter them first, for example by status."),
            )
            return
        page.window_state.setValue(_SORT, column.value)
        page.window_state.setValue(_DESCENDING, "true" if descending else "false")
        self._bar.order.show_order(column, descending)
        self._view.show_sorting(column, descending)
        self._model.set_query(replace(self._model.query, column=column, descending=descending))

    def is_offered(self, column: SortColumn, descending: bool) -> bool:
        """Whether so many rows can be shown in this order."""
        view = replace(self._model.query, column=column, descending=descending)
        return self._page.services is not None and self._page.services.queue.can_sort(
            view, self._model.rowCount()
        )
