"""The queue page: statistics, filters, the table of tasks, and the details of one task."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ffmate_desktop.domain.queue import ALL_STATUSES, QueueFilter, SortColumn
from ffmate_desktop.gui.base.page import Page, PageContext
from ffmate_desktop.gui.queue.actions import QueueActions
from ffmate_desktop.gui.queue.detail import NARROW, QueueDetail
from ffmate_desktop.gui.queue.filters import QueueFilters
from ffmate_desktop.gui.queue.grouping import QueueGrouping
from ffmate_desktop.gui.queue.model import QueueModel
from ffmate_desktop.gui.queue.stats import StatsRow
from ffmate_desktop.gui.queue.toolbar import QueueToolbar
from ffmate_desktop.gui.queue.view import QueueTableView
from ffmate_desktop.gui.widgets.card import card_around
from ffmate_desktop.gui.widgets.empty_state import EmptyState
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.gui.widgets.search_field import SearchField
from ffmate_desktop.gui.widgets.shortened_button import ShortenedButton
from ffmate_desktop.services.cluster_services import WindowServices

if TYPE_CHECKING:
    from ffmate_desktop.gui.queue.detail_pane import DetailPane
    from ffmate_desktop.gui.queue.order_button import OrderButton
    from ffmate_desktop.gui.widgets.segments import Segments

_TINY = 560
"""Pixels; a narrower page shows the buttons of its header without texts."""


class QueuePage(Page):
    """Emits `files_requested` to choose files, `resubmit_requested` with a file to queue differently, and
    `pause_requested` to pause or resume this computer."""

    key = "queue"
    files_requested = Signal()
    resubmit_requested = Signal(str)
    pause_requested = Signal()

    def __init__(self, context: PageContext) -> None:
        super().__init__(context)
        self.tracker = context.progress_tracker
        self.model = QueueModel(self.bridge, self.tracker)
        self.view = QueueTableView(self.theme, self.model, self.window_state)
        self.actions_ = QueueActions(self, self.view, self.model, self.theme, self.bridge)
        self.actions_.message.connect(self.message)
        self.stats = StatsRow(self.theme, self.bridge, self.tracker)
        self.stats.summary_changed.connect(self.subtitle.setText)
        self._build_header()
        self._build_body()
        self.filters = QueueFilters(self, self.model, self.view, self.toolbar, self.search, self.grouping)
        self._connect()
        self.grouping.restore()

    # -- Building ------------------------------------------------------------------------------------------------

    def _build_header(self) -> None:
        hint, name = self.tr("Search name, path or preset"), self.tr("Search the queue")
        self.search = SearchField(self.theme, hint, name, width=270)
        self.new_task = ShortenedButton(self.tr("New task"))
        self.new_task.setProperty("class", "primary")
        self.theme.set_icon(self.new_task, "plus", "on_accent")
        self.new_task.clicked.connect(self.files_requested)
        self._is_tiny = False
        self.pause = QPushButton()
        self.pause.clicked.connect(self.pause_requested)
        self.show_paused(False)
        self.buttons.addWidget(self.search)
        self.buttons.addWidget(self.pause)
        self.buttons.addWidget(self.new_task)

    def show_paused(self, paused: bool) -> None:
        self._pause_text = self.tr("Resume") if paused else self.tr("Pause")
        self.pause.setText("" if self._is_tiny else self._pause_text)
        self.pause.setAccessibleName(plain(self._pause_text))
        self.pause.setToolTip(
            self.tr("Take tasks on this computer again")
            if paused
            else self.tr("Take no new tasks on this computer. Running tasks continue.")
        )
        self.pause.setAccessibleDescription(plain(self.pause.toolTip()))
        self.theme.set_icon(self.pause, "play" if paused else "pause", "text")

    def _build_table(self) -> QFrame:
        self._table_stack.addWidget(self.view)
        self._no_match = label(self.tr("No tasks match this filter."), "lead")
        self._no_match.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._table_stack.addWidget(self._no_match)
        return card_around(self._table_stack)

    def _build_body(self) -> None:
        self._table_area = table = QWidget()
        self._table_stack = QStackedWidget()
        self.grouping = QueueGrouping(self, self._table_stack, self.tracker, self.actions_)
        column = QVBoxLayout(table)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.toolbar = QueueToolbar(self.theme, self._is_order_offered, self.grouping.button)
        column.addWidget(self.toolbar)
        column.addWidget(self._build_table(), 1)
        self.details = QueueDetail(self, table, self.tracker, self.actions_)
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self.stats)
        column.addWidget(self.details.splitter, 1)
        self.empty = EmptyState(
            self.theme,
            self.tr("Drop files here to start"),
            self.tr(
                "Drag video or audio onto this window, or choose files. Every node in your cluster helps "
                "encode them."
            ),
            self.tr("Choose files"),
        )
        self.empty.button_clicked.connect(self.files_requested)
        self.body.addWidget(self._content, 1)
        self.body.addWidget(self.empty, 1)
        self.empty.hide()

    def _connect(self) -> None:
        self.toolbar.columns_requested.connect(self._open_columns)
        self.grouping.toggled.connect(self._show_groups)
        self.grouping.built.connect(self._connect_view)
        self.actions_.node_filter_requested.connect(lambda node: self.filters.filter_by(node, None))
        self.actions_.batch_filter_requested.connect(lambda batch: self.filters.filter_by(None, batch))
        self._connect_view(self.view)
        self.model.dataChanged.connect(lambda *_: self.details.refresh(self.model))
        self.model.reordered.connect(lambda: self.details.refresh(self.model))
        self.details.changed.connect(self._adapt_to_width)
        self.details.resubmit_requested.connect(self.resubmit_requested)
        self.model.counts_changed.connect(self._show_counts)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.search.setFocus)

    def _connect_view(self, view: QueueTableView) -> None:
        """Connect a table: the one of tasks, and the one of batches once it is built."""
        details = self.details
        view.selected_rows_changed.connect(lambda: details.follow(view))
        view.row_activated.connect(lambda: details.open(view))
        view.doubleClicked.connect(lambda _index: details.open(view))
        details.changed.connect(lambda: view.setFocus() if view.isVisible() else None)
        self.bridge.outage_changed.connect(lambda since: view.set_stale(since is not None))

    # -- The cluster ---------------------------------------------------------------------------------------------

    def attach(self, services: WindowServices) -> None:
        super().attach(services)
        self.actions_.services = services
        self.model.attach(services.queue)
        self.stats.attach(services)
        self.grouping.attach(services)
        self.details.attach(services)

    def detach(self) -> None:
        super().detach()
        self.actions_.services = None
        self.model.detach()
        self.stats.detach()
        self.grouping.detach()
        self.details.detach()

    def on_shown(self) -> None:
        """Statistics and batches are read only while visible."""
        self.stats.set_active(True)
        self.grouping.set_active(True)
        self.table.setFocus()

    def on_hidden(self) -> None:
        self.stats.set_active(False)
        self.grouping.set_active(False)

    @property
    def table(self) -> QueueTableView:
        """The visible table: of tasks or of batches."""
        return self.grouping.view if self.grouping.is_on else self.view

    @property
    def tabs(self) -> Segments:
        return self.toolbar.tabs

    @property
    def order(self) -> OrderButton:
        return self.toolbar.order

    @property
    def detail_pane(self) -> DetailPane:
        return self.details.pane

    # -- Layout --------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._adapt_to_width()

    def _adapt_to_width(self) -> None:
        """In a narrow window, the details replace the table and the toolbar is shortened."""
        is_open = self.details.is_open
        is_narrow = self.width() < NARROW
        self._table_area.setVisible(not (is_narrow and is_open))
        self.tabs.set_short(self.width() < (NARROW + 290 if is_open and not is_narrow else NARROW))
        self.search.set_width(160 if is_narrow else 270)
        self._is_tiny = self.width() < _TINY
        self.pause.setText("" if self._is_tiny else self._pause_text)
        self.new_task.set_short(self._is_tiny)
        style = Qt.ToolButtonStyle
        self.order.set_short(is_narrow)
        has_text = self.width() >= (NARROW + 420 if is_open else NARROW)
        self.grouping.button.setToolButtonStyle(
            style.ToolButtonTextBesideIcon if has_text else style.ToolButtonIconOnly
        )

    # -- What is shown -------------------------------------------------------------------------------------------

    def _is_order_offered(self, column: SortColumn, descending: bool) -> bool:
        return self.filters.is_offered(column, descending)

    def _open_columns(self, position: QPoint) -> None:
        self.table.open_columns(position)

    def _show_groups(self, on: bool) -> None:
        self.toolbar.set_enabled(not on)
        self.search.setEnabled(not on)
        if on:
            self.view.clearSelection()
            self.actions_.use_table(self.grouping.view, self.grouping.model)
        else:
            self.actions_.use_table(self.view, self.model)
        self._show_table_or_hint()

    def _show_table_or_hint(self) -> None:
        if self.grouping.is_on:
            self._table_stack.setCurrentWidget(self.grouping.view)
        else:
            self._table_stack.setCurrentWidget(self.view if self.model.rowCount() else self._no_match)

    def show_task(self, task: int, text: str) -> None:
        """Search for this text, then select this task and open its details."""
        before = self.model.query

        def select() -> None:
            self.model.reordered.disconnect(select)
            number = self.model.row_number_of(task)
            if number is not None:
                self.view.selectRow(number)
                self.details.open(self.view)

        self.filters.search_all(text)
        self.model.reordered.connect(select)
        if self.model.query == before:  # the query did not change, so nothing is read again
            select()

    def _show_counts(self) -> None:
        self.filters.show_counts()
        total = sum(self.model.counts.values())
        where = replace(self.model.query.where, statuses=ALL_STATUSES)
        if where == QueueFilter():
            self.count_changed.emit(total)
            is_empty = total == 0
            had_focus = self.empty.isAncestorOf(self.focusWidget() or self)
            self.empty.setVisible(is_empty)
            self._content.setVisible(not is_empty)
            if had_focus and not is_empty:  # otherwise Qt moves the focus to the sidebar
                self.view.setFocus()
            self.header.setVisible(not is_empty)
        self._show_table_or_hint()
