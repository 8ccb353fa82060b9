"""The dry run in the watchfolder dialog: what would happen to each file with these settings."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListView, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.watchfolder import WatchfolderSettings
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.watchfolders.dry_run_delegate import DryRunDelegate
from ffmate_desktop.gui.watchfolders.dry_run_model import DryRunModel
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.card import card_around
from ffmate_desktop.gui.widgets.labels import label

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.dry_run import DryRun
    from ffmate_desktop.services.watchfolders import WatchfolderService


class DryRunPane(QWidget):
    """`closed`: the user goes back to the settings."""

    closed = Signal()

    def __init__(self, theme: Theme, bridge: Bridge, service: WatchfolderService) -> None:
        super().__init__()
        self._bridge, self._service = bridge, service
        self._scanning: asyncio.Task[None] | None = None
        self.model = DryRunModel()
        self.title = label(look="heading", wraps=True)
        self.details = label(look="second", wraps=True)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setFixedHeight(4)
        self.busy.setAccessibleName(self.tr("Scanning the folder"))
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(DryRunDelegate(theme, self.model, self.view))
        self.view.setUniformItemSizes(True)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName(self.tr("What would happen to each file"))
        self.stop_button = QPushButton(self.tr("Stop"))
        theme.set_icon(self.stop_button, "circle-stop", "text")
        self.stop_button.clicked.connect(self.stop)
        self.back_button = QPushButton(self.tr("Back to settings"))
        theme.set_icon(self.back_button, "chevron-left", "text")
        self.back_button.clicked.connect(self.leave)
        titles = QVBoxLayout()
        titles.setSpacing(2)
        titles.addWidget(self.title)
        titles.addWidget(self.details)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addLayout(titles, 1)
        head.addWidget(self.stop_button)
        head.addWidget(self.back_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.busy)
        column.addWidget(card_around(self.view), 1)

    def start(self, settings: WatchfolderSettings, uuid: UUID | None) -> None:
        """Scan in the background, until done or `stop`."""
        self.stop()
        self.model.set_files([])
        self._show_busy(True)
        self.title.setText(self.tr("Scanning the folder …"))
        self.details.setText(self.tr("This is a dry run: nothing is written, moved or queued."))
        self._scanning = self._bridge.run_quietly(self._scan(settings, uuid), "running a dry run")

    async def _scan(self, settings: WatchfolderSettings, uuid: UUID | None) -> None:
        try:
            run = await self._service.dry_run_settings(settings, uuid)
        except UserError as error:
            self._show_busy(False)
            self.title.setText(error.message)
            self.details.setText(error.hint or "")
        else:
            self._show_run(run, settings)

    def _show_run(self, run: DryRun, settings: WatchfolderSettings) -> None:
        self._show_busy(False)
        self.model.set_files(run.files)
        queued = sum(file.takes for file in run.files)
        texts = (formatting.number(queued), formatting.number(len(run.files)))
        self.title.setText(self.tr("{0} of {1} files would be queued").format(*texts))
        seconds = settings.interval * settings.growth_checks
        details = [self.tr("Each one after it hasn't changed for {0}.").format(formatting.duration(seconds))]
        details = details if queued and seconds else []
        details += run.unreadable[:3]
        self.details.setText(
            " ".join(details) or self.tr("This was a dry run: nothing was written, moved or queued.")
        )
        self.view.scrollToTop()

    def _show_busy(self, busy: bool) -> None:
        self.busy.setVisible(busy)
        self.stop_button.setVisible(busy)

    def stop(self) -> None:
        """Cancel a running scan."""
        if self._scanning is not None and not self._scanning.done():
            self._scanning.cancel()
            self._show_busy(False)
            self.title.setText(self.tr("Stopped"))
        self._scanning = None

    def leave(self) -> None:
        """Stop, and go back to the settings."""
        self.stop()
        self.closed.emit()
