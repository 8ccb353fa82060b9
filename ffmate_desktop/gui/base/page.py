"""What every page of the main window is: a header with title and actions, and what it shows below."""

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.page_entries import page_title
from ffmate_desktop.gui.base.preferences_store import PreferencesStore
from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.services.cluster_services import WindowServices

MARGIN = 28
"""Pixels between a page's content and the edge."""


class PageContext:
    """What a page is built with: looks, coroutines, the memory of sizes and choices,
    what is chosen for good, and live progress."""

    def __init__(
        self, theme: Theme, bridge: Bridge, window_state: QSettings, preferences: PreferencesStore
    ) -> None:
        self.theme, self.bridge, self.window_state, self.preferences = (
            theme,
            bridge,
            window_state,
            preferences,
        )
        self.progress_tracker = ProgressTracker(bridge)


class Page(QWidget):
    """Exists before the cluster does: `attach` connects it to a cluster, `detach` disconnects it.

    A subclass sets `key`, adds its content to `body` and its buttons to `buttons`, and emits `count_changed` for the
    number in the sidebar. While `is_shown` is False a page should not read from the database; it catches up in
    `on_shown`.
    """

    key: ClassVar[str]
    """Its name in `contents`."""

    count_changed = Signal(object)
    """int or None: the number beside the name in the sidebar."""
    message = Signal(str, str)
    """A sentence and what to do, for the message bar."""

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self.theme, self.bridge, self.window_state = context.theme, context.bridge, context.window_state
        self.services: WindowServices | None = None
        self.is_shown = False
        self.subtitle = ElidedLabel("second")
        titles = QVBoxLayout()
        titles.setSpacing(1)
        titles.addWidget(label(page_title(self.key), "title"))
        titles.addWidget(self.subtitle)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(10)
        self.header = QWidget()
        row = QHBoxLayout(self.header)
        row.setContentsMargins(MARGIN, 22, MARGIN, 0)
        row.setSpacing(16)
        row.addLayout(titles, 1)
        row.addLayout(self.buttons)
        row.setAlignment(self.buttons, Qt.AlignmentFlag.AlignVCenter)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(MARGIN, 0, MARGIN, 20)
        self.body.setSpacing(14)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self.header)
        column.addLayout(self.body, 1)

    def attach(self, services: WindowServices) -> None:
        """The cluster is open. Extend it to connect signals; `bridge.anything_changed` follows at once."""
        self.services = services

    def detach(self) -> None:
        """The cluster is being closed: nothing may be read any more."""
        self.services = None

    def drop_hint(self) -> tuple[str, str] | None:
        """What a drop on this page does, in a title and a line; None: files are queued, as anywhere else."""
        return None

    def drop_paths(self, paths: Sequence[str]) -> None:
        """Paths were dropped on this page, which says in `drop_hint` what it does with them."""

    def unsaved_changes(self) -> str:
        """What would be lost if the program ended now, in a sentence; empty if nothing."""
        return ""

    def on_shown(self) -> None:
        """The page came into view, with or without a cluster."""

    def on_hidden(self) -> None:
        """The page went out of view."""

    def showEvent(self, event: QShowEvent) -> None:
        """Tell the subclass, once."""
        super().showEvent(event)
        if not self.is_shown:
            self.is_shown = True
            self.on_shown()

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell the subclass, once; a window that is only minimised keeps its page."""
        super().hideEvent(event)
        if self.is_shown and not event.spontaneous():
            self.is_shown = False
            self.on_hidden()
