"""Reads the batches and their progress, page by page, while they are visible and tasks change."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from ffmate_desktop.domain.queue import NO_BATCH, PAGE_SIZE, BatchGroup
from ffmate_desktop.gui.base.bridge import Bridge

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.queue import QueueService

MIN_PAUSE = 1.0
"""Seconds between two reads; longer when a read is slow."""


class BatchReader(QObject):
    """Reads only while active. Emits `groups_read` with BatchGroups: single tasks, then batches, newest first."""

    groups_read = Signal(list)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._queue: QueueService | None = None
        self._limit = PAGE_SIZE
        self.has_more = False
        self._active = self._reading = self._dirty = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._read)
        self._pause = MIN_PAUSE
        bridge.anything_changed.connect(self._schedule)
        bridge.tasks_changed.connect(self._schedule)
        bridge.progress.connect(self._schedule)

    def attach(self, queue: QueueService) -> None:
        self._queue = queue
        self._reading = False  # a coroutine cancelled before its first step never runs its `finally`
        self._schedule()

    def detach(self) -> None:
        self._queue = None

    def set_active(self, active: bool) -> None:
        self._active = active
        if active:
            self._read()

    def load_more(self) -> None:
        if self.has_more and not self._reading:
            self._limit += PAGE_SIZE
            self._read()

    def _schedule(self, _change: object = None) -> None:
        self._dirty = True
        if self._active and not self._reading and not self._timer.isActive():
            self._timer.start(round(1000 * self._pause))

    def _read(self) -> None:
        queue = self._queue
        if queue is None or self._reading or not self._active:
            return
        self._reading, self._dirty = True, False

        async def read() -> None:
            began = monotonic()
            try:
                await self._read_all(queue)
            finally:
                self._reading = False
                self._pause = max(MIN_PAUSE, 10 * (monotonic() - began))
                if self._dirty:
                    self._schedule()

        self._bridge.run_quietly(read(), "reading the batches")

    async def _read_all(self, queue: QueueService) -> None:
        groups: list[BatchGroup] = []
        while len(groups) < self._limit:
            page = await queue.newest_batches(PAGE_SIZE, groups[-1] if groups else None)
            groups += page
            if len(page) < PAGE_SIZE:
                break
        self.has_more = len(groups) >= self._limit
        singles = await queue.batches([NO_BATCH])
        if self._queue is queue:
            self.groups_read.emit([*(BatchGroup("", None, state) for state in singles), *groups])
