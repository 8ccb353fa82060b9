"""The details next to the table: which task they show, when they open, and how wide they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.queue.actions import QueueActions
from ffmate_desktop.gui.widgets.action_button import ActionButton

if TYPE_CHECKING:
    from ffmate_desktop.gui.base.page import Page
    from ffmate_desktop.gui.queue.detail_pane import DetailPane
    from ffmate_desktop.gui.queue.model import QueueModel
    from ffmate_desktop.gui.queue.view import QueueTableView
    from ffmate_desktop.services.cluster_services import WindowServices

_DETAIL, _SPLIT = "queue/detail", "queue/split"
NARROW = 900
"""Page width in pixels below which table and details do not fit side by side."""


class QueueDetail(QObject):
    """Emits `changed` when the details open or close, and `resubmit_requested` with a file to queue differently.

    The pane is built on first use.
    """

    changed = Signal()
    resubmit_requested = Signal(str)

    def __init__(self, page: Page, table: QWidget, tracker: ProgressTracker, actions: QueueActions) -> None:
        super().__init__(page)
        self._page, self._tracker, self._actions = page, tracker, actions
        self._window_state: QSettings = page.window_state
        self._services: WindowServices | None = None
        self._pane: DetailPane | None = None
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(16)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(table)
        self.splitter.setStretchFactor(0, 1)

    @property
    def pane(self) -> DetailPane:
        if self._pane is None:
            self._pane = self._build()
        return self._pane

    @property
    def is_open(self) -> bool:
        """Whether the details are visible whenever the page is."""
        return self._pane is not None and self._pane.isVisibleTo(self._page)

    def _build(self) -> DetailPane:
        from ffmate_desktop.gui.queue.detail_pane import DetailPane  # noqa: PLC0415 - loaded on first use

        theme, actions = self._page.theme, self._actions
        pane = DetailPane(theme, self._page.bridge, self._tracker)
        pane.hide()
        self.splitter.addWidget(pane)
        self.splitter.setStretchFactor(1, 0)
        self.splitter.setSizes(self._remembered_widths())
        self.splitter.splitterMoved.connect(
            lambda *_: self._window_state.setValue(_SPLIT, self.splitter.sizes())
        )
        pane.add_button(ActionButton(theme, actions.cancel, "circle-stop", "danger"))
        pane.add_button(ActionButton(theme, actions.restart, "rotate-ccw"))
        pane.add_button(ActionButton(theme, actions.show_folder, "folder-open"))
        pane.closed.connect(self.close)
        pane.resubmit_requested.connect(self.resubmit_requested)
        if self._services is not None:
            pane.attach(self._services)
        return pane

    def _remembered_widths(self) -> list[int]:
        widths = self._window_state.value(_SPLIT)
        fits = isinstance(widths, list) and len(widths) == 2 and all(str(width).isdigit() for width in widths)
        return [int(width) for width in widths] if fits else [780, 372]

    def attach(self, services: WindowServices) -> None:
        self._services = services
        if self._pane is not None:
            self._pane.hide()  # this may be another cluster
            self._pane.show_row(None)
            self._pane.attach(services)

    def detach(self) -> None:
        self._services = None
        if self._pane is not None:
            self._pane.detach()

    def follow(self, view: QueueTableView, *, is_requested: bool = False) -> None:
        """Show the selected task of this view."""
        if view.count_selected() == 0 or view.selected_task() is None:
            if self._pane is not None:
                self._pane.hide()
                self._pane.show_row(None)
            self.changed.emit()
            return
        opens = str(self._window_state.value(_DETAIL, "true")) == "true" and self._page.width() >= NARROW
        if opens or is_requested:
            self.pane.show_row(view.selected_task())
            self.pane.show()
            self.changed.emit()

    def refresh(self, model: QueueModel) -> None:
        """Show the newer state of the task after rows of the model have changed."""
        if self._pane is not None and self._pane.task_id is not None and self._pane.isVisible():
            number = model.row_number_of(self._pane.task_id)
            row = model.loaded_row(number) if number is not None else None
            if row is not None:
                self._pane.show_row(row)

    def open(self, view: QueueTableView) -> None:
        self._window_state.setValue(_DETAIL, "true")
        self.follow(view, is_requested=True)

    def close(self) -> None:
        if self._page.width() >= NARROW:
            self._window_state.setValue(_DETAIL, "false")
        if self._pane is not None:
            self._pane.hide()
        self.changed.emit()
