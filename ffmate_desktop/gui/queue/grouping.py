"""The switch between tasks and batches. The table of batches is built on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QToolButton

from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.queue.actions import QueueActions

if TYPE_CHECKING:
    from ffmate_desktop.gui.base.page import Page
    from ffmate_desktop.gui.queue.grouped_model import GroupedModel
    from ffmate_desktop.gui.queue.grouped_view import GroupedView
    from ffmate_desktop.services.cluster_services import WindowServices

_GROUPED = "queue/grouped"


class QueueGrouping(QObject):
    """Emits `built` with the GroupedView, once, and `toggled` with True for batches, False for tasks."""

    built = Signal(object)
    toggled = Signal(bool)

    def __init__(
        self, page: Page, stack: QStackedWidget, tracker: ProgressTracker, actions: QueueActions
    ) -> None:
        super().__init__(page)
        self._page, self._stack, self._tracker, self._actions = page, stack, tracker, actions
        self._services: WindowServices | None = None
        self._view: GroupedView | None = None
        self._model: GroupedModel | None = None
        self.button = QToolButton()
        self.button.setText(self.tr("Batches"))
        self.button.setToolTip(self.tr("Group tasks by batch and show the progress of each batch"))
        self.button.setAccessibleName(self.tr("Group tasks by batch"))
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setCheckable(True)
        page.theme.set_icon(self.button, "layers", "text_2")
        self.button.toggled.connect(self._on_toggled)

    @property
    def is_on(self) -> bool:
        return self.button.isChecked()

    @property
    def view(self) -> GroupedView:
        if self._view is None:
            self._build()
        assert self._view is not None  # noqa: S101 - it was just built
        return self._view

    @property
    def model(self) -> GroupedModel:
        if self._model is None:
            self._build()
        assert self._model is not None  # noqa: S101 - as above
        return self._model

    def restore(self) -> None:
        self.button.setChecked(str(self._page.window_state.value(_GROUPED, "false")) == "true")

    def _build(self) -> None:
        from ffmate_desktop.gui.queue.grouped_model import GroupedModel  # noqa: PLC0415 - loaded on first use
        from ffmate_desktop.gui.queue.grouped_view import GroupedView  # noqa: PLC0415 - as above

        page = self._page
        self._model = GroupedModel(page.bridge, self._tracker)
        self._model.setParent(self)
        self._view = GroupedView(page.theme, self._model, page.window_state)
        self._stack.addWidget(self._view)
        self._actions.add_table(self._view, self._model)
        if self._services is not None:
            self._model.attach(self._services.queue)
        self.built.emit(self._view)

    def attach(self, services: WindowServices) -> None:
        self._services = services
        if self._model is not None:
            self._model.attach(services.queue)

    def detach(self) -> None:
        self._services = None
        if self._model is not None:
            self._model.detach()

    def set_active(self, is_shown: bool) -> None:
        """Read batches only while they are visible."""
        if self._model is not None:
            self._model.reader.set_active(is_shown and self.is_on)

    def _on_toggled(self, on: bool) -> None:
        self._page.window_state.setValue(_GROUPED, "true" if on else "false")
        if on and self._model is None:
            self._build()
        self.set_active(self._page.is_shown)
        self.toggled.emit(on)
