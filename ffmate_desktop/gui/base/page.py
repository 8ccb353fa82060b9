"""Base class of the main window's pages: a header with title and actions, and the content below."""

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
"""Pixels between a page's content and its edge."""


class PageContext:
    """What every page needs: theme, bridge, saved window state, preferences and live progress."""

    def __init__(
        self, theme: Theme, bridge: Bridge, window_state: QSettings, preferences: PreferencesStore
    ) -> None:
        self.theme, self.bridge = theme, bridge
        self.window_state, self.preferences = window_state, preferences
        self.progress_tracker = ProgressTracker(bridge)


class Page(QWidget):
    """Exists before the cluster does: `attach` connects it to a cluster, `detach` disconnects it.

    A subclass sets `key`, adds its content to `body` and its buttons to `buttons`, and emits `count_changed` for the
    number in the sidebar. While `is_shown` is False a page should not read from the database; it catches up in
    `on_shown`.
    """

    key: ClassVar[str]
    """Its key in `page_entries.PAGES`."""

    count_changed = Signal(object)
    """int or None: the number next to its name in the sidebar."""
    message = Signal(str, str)
    """Title and text for the message bar."""

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
        """Called when the cluster opens; `bridge.anything_changed` follows. Override to connect signals."""
        self.services = services

    def detach(self) -> None:
        """Called when the cluster closes: stop reading."""
        self.services = None

    def drop_hint(self) -> tuple[str, str] | None:
        """Title and text for what a drop on this page does; None if it queues the files, as on other pages."""
        return None

    def drop_paths(self, paths: Sequence[str]) -> None:
        """Handle dropped paths, on a page with a `drop_hint`."""

    def unsaved_changes(self) -> str:
        """A sentence saying what would be lost if the program quit now; empty if nothing."""
        return ""

    def on_shown(self) -> None:
        """Called when the page becomes visible, with or without a cluster."""

    def on_hidden(self) -> None:
        """Called when the page is hidden."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.is_shown:
            self.is_shown = True
            self.on_shown()

    def hideEvent(self, event: QHideEvent) -> None:
        """Minimising the window doesn't hide the page."""
        super().hideEvent(event)
        if self.is_shown and not event.spontaneous():
            self.is_shown = False
            self.on_hidden()
