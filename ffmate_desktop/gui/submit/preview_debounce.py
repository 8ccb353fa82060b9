"""Previews a submission shortly after the last change. Only the latest request counts."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.submit.choice import SubmitChoice
from ffmate_desktop.services.media_search import MediaFile
from ffmate_desktop.services.preview import PreviewRow, PreviewService

_DELAY = 150
"""Milliseconds to wait after a change."""

FIRST_FILES = 100
"""Files to preview first when there are many: every file gets the full checks of a submission."""


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """What to preview. Pass a copy of `choice`: it is read in a thread."""

    choice: SubmitChoice
    files: Sequence[MediaFile]
    preset: Preset | None

    def make_tasks(self) -> list[NewTask]:
        return self.choice.make_tasks(self.files, self.preset)


class PreviewDebouncer(QObject):
    """Emits `ready` with one PreviewRow per file, or `failed` if no tasks can be made at all."""

    first_rows_ready = Signal(list)
    """PreviewRows of the first files, if there are many."""
    files_checked = Signal(int)
    """How many files have been checked so far."""
    ready = Signal(list)
    failed = Signal(UserError)

    def __init__(self, bridge: Bridge, service: PreviewService, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge, self._service = bridge, service
        self._request: PreviewRequest | None = None
        self._previewing: asyncio.Task[None] | None = None
        self._tasks: list[NewTask] = []
        self._rows: list[PreviewRow] = []
        self.is_current = False
        self._timer = QTimer(self, singleShot=True, interval=_DELAY)
        self._timer.timeout.connect(self._start_preview)

    def schedule(self, request: PreviewRequest) -> None:
        """Preview this request after a short delay. Replaces any earlier request."""
        self.is_current, self._request = False, request
        self._timer.start()

    def cancel(self) -> None:
        self.is_current, self._request = False, None
        self._timer.stop()
        if self._previewing is not None:
            self._previewing.cancel()

    @property
    def accepted(self) -> list[NewTask]:
        """The tasks without errors. Empty until the preview is ready."""
        if not self.is_current:
            return []
        return [task for task, row in zip(self._tasks, self._rows, strict=True) if not row.issue.is_error]

    def _start_preview(self) -> None:
        request = self._request
        if request is not None:
            if self._previewing is not None:
                self._previewing.cancel()
            self._previewing = self._bridge.run_quietly(self._preview(request), "previewing a submission")

    async def _preview(self, request: PreviewRequest) -> None:
        try:
            tasks = await asyncio.to_thread(request.make_tasks)
            if len(tasks) > FIRST_FILES:
                self.first_rows_ready.emit(
                    await self._service.preview(tasks[:FIRST_FILES], source=TaskSource.WINDOW)
                )
            rows = await self._service.preview(
                tasks, source=TaskSource.WINDOW, on_progress=self.files_checked.emit
            )
        except UserError as error:
            self.failed.emit(error)
            return
        if request is self._request:
            self._tasks, self._rows, self.is_current = tasks, rows, True
            self.ready.emit(rows)
