"""From paths to tasks: searches folders, opens the sheet, reports what was queued, and can undo it."""

import asyncio
import os
from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.gui.presets.defaults import DEFAULT_PRESET_NAME
from ffmate_desktop.gui.submit.choice import SubmitChoice
from ffmate_desktop.gui.submit.drop_overlay import DropTarget, DropZone
from ffmate_desktop.gui.submit.dropped_paths import paths_from
from ffmate_desktop.gui.submit.sheet import SubmitSheet
from ffmate_desktop.gui.submit.text import file_count_text
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.media_search import MAX_FILES, MediaSearchResult, find_media
from ffmate_desktop.services.tasks import SubmissionResult

UNDO_SECONDS = 20


class SubmitFlow(QObject):
    """Handles paths that are dropped, pasted, chosen or passed on the command line. Owned by the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._bridge = window.context.bridge
        self.sheet: SubmitSheet | None = None
        self._search: asyncio.Task[object] | None = None
        self.target = DropTarget(window, window.context.theme)
        self.target.zone_at = self._zone_at
        self.target.dropped.connect(window.open_files)
        self.target.dropped_in_zone.connect(self._drop_on_page)
        window.files_opened.connect(self.open_paths)
        window.detaching.connect(self.close)
        self._paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), window, self.paste)
        self._restore_preset_name()

    def _zone_at(self, position: QPoint) -> DropZone | None:
        """The current page if it handles drops itself."""
        words = self._window.current_page.drop_hint() if self._window.services is not None else None
        stack = self._window.stack
        area = QRect(stack.mapTo(self._window, QPoint()), stack.size())
        return DropZone(area, *words) if words is not None and area.contains(position) else None

    def _drop_on_page(self, paths: list[str]) -> None:
        self._window.current_page.drop_paths(paths)

    def paste(self) -> None:
        paths = paths_from(QGuiApplication.clipboard().mimeData())
        if paths:
            self._window.open_files(paths)
        else:
            self._window.show_message(
                self.tr("There are no files on the clipboard."),
                self.tr("Copy files in a file manager, or full paths as text, one per line."),
            )

    # -- Searching -----------------------------------------------------------------------------------------------

    def open_paths(self, paths: Sequence[str]) -> None:
        """Search these files and folders for media, then open the sheet."""
        self._search = self._bridge.run(self._find(paths), "looking for media files", self._open_sheet)

    async def _find(self, paths: Sequence[str]) -> MediaSearchResult:
        self._count = 0
        missing = await asyncio.to_thread(_missing, paths)
        if len(missing) == len(paths):
            raise UserError(
                self.tr("The file “{0}” doesn't exist.").format(missing[0])
                if len(missing) == 1
                else self.tr("None of these {0} files exist.").format(formatting.number(len(missing)))
            )
        try:
            return await self._without_outputs(await find_media(paths, on_progress=self._on_progress))
        finally:
            if self._count:
                self._window.messages.dismiss()

    async def _without_outputs(self, found: MediaSearchResult) -> MediaSearchResult:
        """Leave out files that this cluster wrote into the folder."""
        services = self._window.services
        if services is None or self._bridge.outage_since is not None:
            return found
        return found.without(await services.tasks.own_outputs(found.in_folders))

    def _on_progress(self, count: int) -> None:
        self._count = count
        self._window.messages.show_message(
            self.tr("Looking for video, audio and images …"),
            self.tr("{0} so far.").format(file_count_text(count)),
            kind="info",
            button=self.tr("Stop"),
            on_click=self._stop,
        )

    def _stop(self) -> None:
        if self._search is not None:
            self._search.cancel()

    # -- The sheet -----------------------------------------------------------------------------------------------

    def _open_sheet(self, found: MediaSearchResult) -> None:
        services = self._window.services
        if services is None:  # the cluster is being closed
            return
        self._report_skipped(found)
        if not found.files:
            return
        if self.sheet is None:
            context = self._window.context
            self.sheet = SubmitSheet(
                context.theme, context.bridge, context.window_state, services, self._window
            )
            self.sheet.submitted.connect(self._on_submitted)
            self.sheet.paths_dropped.connect(self.open_paths)
            self.sheet.finished.connect(self._on_finished)
            self.sheet.add_files(found.files)
            self.sheet.open()
            self.sheet.presets.search.setFocus()
        else:
            self.sheet.add_files(found.files)

    def _report_skipped(self, found: MediaSearchResult) -> None:
        """Say which files and folders are not in the sheet, and why."""
        if found.unreadable:
            self._window.show_message(
                self.tr("Some folders couldn't be read."),
                ", ".join(found.unreadable[:3]),
                "warning",
            )
        if found.own:
            self._window.show_message(
                self.tr("Skipped {0} written by this cluster.").format(file_count_text(found.own)),
                self.tr("Drop a file on its own to queue it anyway."),
            )
        if not found.files:
            if not (found.unreadable or found.own):
                self._window.show_message(
                    self.tr("No video, audio or images found."),
                    self.tr("Folders only add media files. Drop a file on its own to queue it anyway."),
                    "warning",
                )
        elif found.is_truncated:
            self._window.show_message(
                self.tr("Only the first {0} files were added.").format(formatting.number(MAX_FILES)),
                self.tr("Queue them, then drop the rest."),
                "warning",
            )

    def close(self) -> None:
        self._stop()
        if self.sheet is not None:
            self.sheet.cancel()

    def _on_finished(self, _result: int) -> None:
        if self.sheet is not None:
            self.sheet.deleteLater()
            self.sheet = None

    # -- Undo ----------------------------------------------------------------------------------------------------

    def _on_submitted(self, submitted: SubmissionResult, preset: str) -> None:
        self.target.overlay.preset = preset
        self._window.window_state.setValue("submit/preset_name", preset)
        uuids = submitted.uuids
        self._window.messages.show_message(
            self.tr("Queued {0}.").format(file_count_text(len(uuids))),
            self.tr("Preset: {0}").format(preset) if preset else "",
            kind="good",
            button=self.tr("Undo"),
            on_click=lambda: self._undo(uuids),
            seconds=UNDO_SECONDS,
        )

    def _undo(self, uuids: Sequence[UUID]) -> None:
        services = self._window.services
        if services is not None:
            self._bridge.run(
                self._remove_unfinished(services, uuids), "removing queued files", self._on_undone
            )

    async def _remove_unfinished(self, services: WindowServices, uuids: Sequence[UUID]) -> int:
        """Remove unfinished tasks. Returns how many were already finished."""
        unfinished = [task.uuid for task in await services.tasks.get(uuids) if not task.status.is_done]
        await services.tasks.delete(unfinished)
        return len(uuids) - len(unfinished)

    def _on_undone(self, finished: int) -> None:
        if finished:
            self._window.show_message(
                self.tr("Removed from the queue, except {0}.").format(file_count_text(finished)),
                self.tr("They were already finished."),
            )

    def _restore_preset_name(self) -> None:
        window_state = self._window.window_state
        choice = SubmitChoice.remembered(window_state)
        first = DEFAULT_PRESET_NAME if choice.preset else ""
        self.target.overlay.preset = str(window_state.value("submit/preset_name", first))


def _missing(paths: Sequence[str]) -> list[str]:
    """Unlike `os.path.exists`, `Path.exists` raises for a name that is too long, such as pasted text."""
    return [path for path in paths if not os.path.exists(path)]  # noqa: PTH110 - see above
