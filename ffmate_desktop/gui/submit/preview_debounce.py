"""Asks what a submission would become, a moment after the last change; only the newest question counts."""

import asyncio
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.services.preview import PreviewRow, PreviewService

_TYPING = 150
"""Milliseconds after the last change."""

FIRST = 100
"""So many files are looked at before all of them are: every one is checked as if it were submitted."""


class PreviewDebouncer(QObject):
    """`known` brings one PreviewRow for each of `tasks`; `refused` a UserError, when no tasks can be made at all."""

    begun = Signal(list)
    """Rows of the first files, when there are so many that all of them take a while."""
    looked = Signal(int)
    """So many files have been looked at by now."""
    known = Signal(list)
    refused = Signal(object)

    def __init__(self, bridge: Bridge, service: PreviewService, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge, self._service = bridge, service
        self._make: Callable[[], list[NewTask]] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._tasks: list[NewTask] = []
        self._rows: list[PreviewRow] = []
        self.is_fresh = False
        self._timer = QTimer(self, singleShot=True, interval=_TYPING)
        self._timer.timeout.connect(self._ask)

    def later(self, make: Callable[[], list[NewTask]]) -> None:
        """Something changed: ask, soon, about what `make` returns; it is called in a thread."""
        self.is_fresh, self._make = False, make
        self._timer.start()

    def forget(self) -> None:
        """There is nothing to ask."""
        self.is_fresh, self._make = False, None
        self._timer.stop()
        if self._asking is not None:
            self._asking.cancel()

    @property
    def good(self) -> list[NewTask]:
        """What would not be refused; empty until it is known."""
        if not self.is_fresh:
            return []
        return [task for task, row in zip(self._tasks, self._rows, strict=True) if not row.trouble.is_error]

    def _ask(self) -> None:
        make = self._make
        if make is not None:
            if self._asking is not None:
                self._asking.cancel()
            self._asking = self._bridge.run_quietly(self._preview(make), "looking ahead at a submission")

    async def _preview(self, make: Callable[[], list[NewTask]]) -> None:
        try:
            tasks = await asyncio.to_thread(make)
            if len(tasks) > FIRST:
                self.begun.emit(await self._service.preview(tasks[:FIRST], source=TaskSource.WINDOW))
            rows = await self._service.preview(tasks, source=TaskSource.WINDOW, on_progress=self.looked.emit)
        except UserError as error:
            self.refused.emit(error)
            return
        if make is self._make:
            self._tasks, self._rows, self.is_fresh = tasks, rows, True
            self.known.emit(rows)
