"""The batches with how far each of them is: a page at a time, read again while somebody looks and tasks change."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal

from ffmate_desktop.domain.queue import NO_BATCH, PAGE, BatchGroup
from ffmate_desktop.gui.base.bridge import Bridge

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.queue import QueueService

SHORTEST_PAUSE = 1.0
"""Seconds between two readings; longer when one takes long."""


class BatchReader(QObject):
    """Reads only while `set_active(True)`. `read` carries the groups, newest first, behind that of single tasks."""

    read = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._queue: QueueService | None = None
        self._wanted = PAGE
        self.has_more = False
        self._active = self._reading = self._dirty = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._read)
        self._pause = SHORTEST_PAUSE
        bridge.anything_changed.connect(self._mark)
        bridge.tasks_changed.connect(self._mark)
        bridge.progress.connect(self._mark)

    def attach(self, queue: QueueService) -> None:
        """The cluster is open."""
        self._queue = queue
        self._reading = False  # what was cancelled before its first step ended without a word
        self._mark()

    def detach(self) -> None:
        """Read nothing any more."""
        self._queue = None

    def set_active(self, active: bool) -> None:
        """Whether somebody looks."""
        self._active = active
        if active:
            self._read()

    def want_more(self) -> None:
        """Somebody looks at the last batch that was read."""
        if self.has_more and not self._reading:
            self._wanted += PAGE
            self._read()

    def _mark(self, _news: object = None) -> None:
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
                self._pause = max(SHORTEST_PAUSE, 10 * (monotonic() - began))
                if self._dirty:
                    self._mark()

        self._bridge.run_quietly(read(), "reading the batches")

    async def _read_all(self, queue: QueueService) -> None:
        groups: list[BatchGroup] = []
        while len(groups) < self._wanted:
            page = await queue.newest_batches(PAGE, groups[-1] if groups else None)
            groups += page
            if len(page) < PAGE:
                break
        self.has_more = len(groups) >= self._wanted
        singles = await queue.batches([NO_BATCH])
        if self._queue is queue:
            self.read.emit([*(BatchGroup("", None, state) for state in singles), *groups])


def is_single(uuid: UUID) -> bool:
    """Whether it stands for the tasks without a batch."""
    return uuid == NO_BATCH
