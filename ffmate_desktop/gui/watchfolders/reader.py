"""Reads the watchfolders when a notification says that they changed, and informs the views."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.watchfolders.text import FolderDisplay

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.domain.watchfolder import Counts
    from ffmate_desktop.services.cluster_services import WindowServices

SHORTEST_PAUSE = 0.4
"""Seconds between two reads; longer if a read takes long, as with hundreds of thousands of files."""

_TICK = 5_000
"""Milliseconds between checks for late scans; they read nothing."""


class FolderReader(QObject):
    """`views` are all watchfolders. Files are counted only while the page is visible (`set_active`)."""

    changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._services: WindowServices | None = None
        self._active = self._stale = False
        self._reading: asyncio.Task[None] | None = None
        self.is_known = False
        self.views: dict[UUID, FolderDisplay] = {}
        self._counts: dict[UUID, Counts] = {}
        self._read_at = monotonic()
        self._tick = QTimer(self, interval=_TICK)
        self._tick.timeout.connect(self._age)
        bridge.anything_changed.connect(self.read)
        bridge.watchfolders_changed.connect(self.read)
        bridge.presets_changed.connect(self.read)
        bridge.tasks_changed.connect(self._on_tasks)

    def attach(self, services: WindowServices) -> None:
        self._services = services

    def detach(self) -> None:
        self._services = None

    def set_active(self, active: bool) -> None:
        """Whether the page is visible."""
        self._active = active
        if active:
            self._tick.start()
            self.read()
        else:
            self._tick.stop()

    def _on_tasks(self, _changed: object) -> None:
        if self._active and self.views:
            self.read()

    def read(self) -> None:
        self._stale = True
        if self._reading is None and self._services is not None:
            self._reading = self._bridge.run_quietly(self._read(self._services), "reading the watchfolders")
            self._reading.add_done_callback(self._on_end)

    def _on_end(self, _task: asyncio.Task[None]) -> None:
        self._reading = None
        if self._stale and self._services is not None:
            self.read()

    async def _read(self, services: WindowServices) -> None:
        began = monotonic()
        self._stale = False
        from ffmate_desktop.services.watch_overlap import overlapping_names  # noqa: PLC0415 - see above

        folders = await services.watchfolders.all()
        presets = {preset.uuid: preset.name for preset in await services.presets.all()} if folders else {}
        if self._active and folders:
            self._counts = await services.watchfolders.all_counts()
        gone = QCoreApplication.translate("watch", "Deleted preset")
        self._read_at = monotonic()
        others = overlapping_names(folders)
        self.views = {
            folder.uuid: FolderDisplay(
                folder,
                presets.get(folder.preset, gone),
                self._counts.get(folder.uuid, {}),
                overlapping=others.get(folder.uuid, ()),
            )
            for folder in folders
        }
        self.is_known = True
        self.changed.emit()
        await asyncio.sleep(max(SHORTEST_PAUSE, 5 * (monotonic() - began)))

    def _age(self) -> None:
        age = monotonic() - self._read_at
        self.views = {uuid: replace(view, age=age) for uuid, view in self.views.items()}
        self.changed.emit()
