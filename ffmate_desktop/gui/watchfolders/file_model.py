"""The files of a watchfolder as a table of any length: pages of rows, read by key when they scroll into view."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from enum import IntEnum
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal

from ffmate_desktop.domain.queue import PAGE_SIZE
from ffmate_desktop.domain.status import LiveProgress
from ffmate_desktop.domain.watchfolder import Counts, FileState, WatchedFile
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.base.progress_tracker import STALE_AFTER
from ffmate_desktop.gui.watchfolders.text import file_state, translate, why
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.plain_text import plain, tool_tip

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.watchfolders import FileFilterView, WatchfolderService

MOST_PAGES = 40
SHORTEST_PAUSE = 0.4
"""Seconds between two reads; longer if a read takes long."""

_NO_INDEX = QModelIndex()


class FileColumn(IntEnum):
    """In the order of the table."""

    NAME = 0
    STATE = 1
    WHY = 2
    SIZE = 3
    FOUND = 4


class FileModel(QAbstractTableModel):
    """The most recently found files first. `counts`: how many files match the search text, by state.

    `about_to_reorder` and `reordered` enclose a change of the row numbers, so that a view can follow its files.
    """

    about_to_reorder = Signal()
    reordered = Signal()
    counted = Signal()

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._service: WatchfolderService | None = None
        self._folder: UUID | None = None
        self.retries = 0
        self._states: frozenset[FileState] = frozenset()
        self._text = ""
        self.seen = range(0)
        """The visible rows; set by the view."""
        self.counts: Counts = {}
        self.is_known = False
        self._length = 0
        self._anchors: list[int] = []
        self._pages: OrderedDict[int, list[WatchedFile]] = OrderedDict()
        self._fetching: set[int] = set()
        self._live: dict[int, tuple[float, float]] = {}
        self._active = self._stale = False
        self._reading: asyncio.Task[None] | None = None
        self._generation = 0
        bridge.anything_changed.connect(self.reload)
        bridge.watchfolders_changed.connect(self.reload)
        bridge.tasks_changed.connect(self.reload)
        bridge.progress.connect(self._on_progress)

    def attach(self, service: WatchfolderService) -> None:
        self._service = service
        self.reload()

    def detach(self) -> None:
        self._service = None

    def set_active(self, active: bool) -> None:
        """Whether the table is visible; nothing is read while it isn't."""
        self._active = active
        self.reload()

    def show_files(self, folder: UUID | None, states: frozenset[FileState], text: str) -> None:
        """Show the files of a folder in these states (none: all) whose paths contain the text."""
        if (folder, states, text) == (self._folder, self._states, self._text):
            return
        self._folder, self._states, self._text = folder, states, text
        self._generation += 1
        if self._reading is not None:  # of another filter: don't wait for its pause
            self._reading.cancel()
            self._reading = None
        self.is_known = False
        self.seen = range(0)
        self._replace(0, [], {}, {})
        self.reload()

    # -- For the view --------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """All matching files, read or not."""
        return 0 if parent.isValid() else self._length

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(FileColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text for screen readers and tool tips; the delegate paints the row itself."""
        if role not in _TEXT_ROLES:
            return None
        file = self.file_at(index.row())
        if file is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return plain(self.text(file, FileColumn(index.column())))
        return tool_tip(f"{file.path}\n{file_state(file)}: {self.why(file)}")

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _title(FileColumn(section))
        return None

    def file_at(self, number: int) -> WatchedFile | None:
        """The file in this row; None, and a read starts, if its page isn't loaded."""
        page, offset = divmod(number, PAGE_SIZE)
        rows = self._pages.get(page)
        if rows is None:
            self._fetch(page)
            return None
        self._pages.move_to_end(page)
        return rows[offset] if offset < len(rows) else None

    def number_of(self, file: int) -> int | None:
        """The row of a file, if it is loaded."""
        for page, rows in self._pages.items():
            for offset, row in enumerate(rows):
                if row.id == file:
                    return page * PAGE_SIZE + offset
        return None

    def why(self, file: WatchedFile) -> str:
        percent, received = self._live.get(file.task_id or 0, (None, 0.0))
        return why(file, self.retries, percent if monotonic() - received < STALE_AFTER else None)

    def text(self, file: WatchedFile, column: FileColumn) -> str:
        match column:
            case FileColumn.NAME:
                return file.path
            case FileColumn.STATE:
                return file_state(file)
            case FileColumn.WHY:
                return self.why(file)
            case FileColumn.SIZE:
                return formatting.size(file.size)
            case FileColumn.FOUND:
                return formatting.timestamp(file.first_seen_at)

    # -- Reading -------------------------------------------------------------------------------------------------

    def reload(self, _change: object = None) -> None:
        """Soon read the counts, the keys and the visible rows again."""
        self._stale = True
        if self._reading is None and self._active and self._service is not None and self._folder is not None:
            work = self._read(self._service, self._folder, self._generation)
            self._reading = self._bridge.run_quietly(work, "reading files of a watchfolder")
            self._reading.add_done_callback(self._on_end)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        if task is self._reading:
            self._reading = None
            if self._stale:
                self.reload()

    def _filter(self) -> FileFilterView:
        from ffmate_desktop.services.watchfolders import FileFilterView  # noqa: PLC0415 - see above

        return FileFilterView(self._states, self._text)

    async def _read(self, service: WatchfolderService, folder: UUID, generation: int) -> None:
        began = monotonic()
        self._stale = False
        view = self._filter()
        first, counts = await asyncio.gather(
            service.files(folder, view, limit=PAGE_SIZE), service.counts(folder, self._text)
        )
        anchors, length = [row.id for row in first[:1]], len(first)
        if length == PAGE_SIZE:
            # something to show while the keys are read
            if not self.is_known and generation == self._generation:
                self._show_read(self._total(counts, PAGE_SIZE), anchors, {0: first}, counts)
            anchors = await service.file_anchors(folder, view, PAGE_SIZE)
            length = self._total(counts, (len(anchors) - 1) * PAGE_SIZE + 1)
        pages = {0: first}
        for page in self._pages_in_view(anchors):
            if page not in pages and page < len(anchors):
                pages[page] = await service.files(folder, view, before=anchors[page] + 1, limit=PAGE_SIZE)
        if generation == self._generation:
            self._show_read(length, anchors, pages, counts)
            await asyncio.sleep(max(SHORTEST_PAUSE, 5 * (monotonic() - began)))

    def _total(self, counts: Counts, least: int) -> int:
        return max(least, sum(counts.get(state, 0) for state in self._states or FileState))

    def _pages_in_view(self, anchors: list[int]) -> list[int]:
        """The pages of the visible files now: keys descend from page to page."""
        ids = [file.id for number in self.seen[:1] if (file := self._loaded(number)) is not None]
        descending = [-anchor for anchor in anchors]
        pages = [max(0, bisect_right(descending, -file_id) - 1) for file_id in ids]
        return [near for page in pages for near in (page, page + 1)]

    def _loaded(self, number: int) -> WatchedFile | None:
        rows = self._pages.get(number // PAGE_SIZE, [])
        return rows[number % PAGE_SIZE] if number % PAGE_SIZE < len(rows) else None

    def _show_read(
        self, length: int, anchors: list[int], pages: dict[int, list[WatchedFile]], counts: Counts
    ) -> None:
        self.is_known = True
        tasks = {row.task_id for rows in pages.values() for row in rows}
        self._live = {task: live for task, live in self._live.items() if task in tasks}
        same = (length, anchors) == (self._length, self._anchors)
        if same and all(_ids(rows) == _ids(pages.get(page, rows)) for page, rows in self._pages.items()):
            self.counts = counts
            self._pages = OrderedDict({**self._pages, **pages})
            for page in [page for page in self._pages if page not in pages]:
                del self._pages[page]  # it may be out of date
            if length:
                self.dataChanged.emit(self.index(0, 0), self.index(length - 1, len(FileColumn) - 1))
            self.counted.emit()
        else:
            self._replace(length, anchors, pages, counts)

    def _replace(
        self, length: int, anchors: list[int], pages: dict[int, list[WatchedFile]], counts: Counts
    ) -> None:
        self.about_to_reorder.emit()
        self.beginResetModel()
        self._length, self._anchors, self.counts = length, anchors, counts
        self._pages = OrderedDict(pages)
        self.endResetModel()
        self.reordered.emit()
        self.counted.emit()

    def _fetch(self, page: int) -> None:
        service, folder = self._service, self._folder
        if service is None or folder is None or page in self._fetching or page >= len(self._anchors):
            return
        self._fetching.add(page)
        work = self._read_page(service, folder, page, self._anchors[page], self._generation)
        self._bridge.run_quietly(work, "reading files of a watchfolder")

    async def _read_page(
        self, service: WatchfolderService, folder: UUID, page: int, anchor: int, generation: int
    ) -> None:
        try:
            rows = await service.files(folder, self._filter(), before=anchor + 1, limit=PAGE_SIZE)
        finally:
            self._fetching.discard(page)
        if generation == self._generation and self._anchors[page : page + 1] == [anchor]:
            self._pages[page] = rows
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)
            last = min(page * PAGE_SIZE + PAGE_SIZE, self._length) - 1
            self.dataChanged.emit(self.index(page * PAGE_SIZE, 0), self.index(last, len(FileColumn) - 1))

    def _on_progress(self, progress: dict[int, LiveProgress]) -> None:
        if not self._active:
            return
        numbers_of = {
            row.task_id: page * PAGE_SIZE + offset
            for page, rows in self._pages.items()
            for offset, row in enumerate(rows)
            if row.state is FileState.RUNNING
        }
        for task, live in progress.items():
            number = numbers_of.get(task)
            if number is not None:
                self._live[task] = live.percent, monotonic()
                self.dataChanged.emit(self.index(number, 0), self.index(number, len(FileColumn) - 1))


def _ids(rows: list[WatchedFile]) -> list[int]:
    return [row.id for row in rows]


def _title(column: FileColumn) -> str:
    return {
        FileColumn.NAME: translate("watch", "File"),
        FileColumn.STATE: translate("watch", "State"),
        FileColumn.WHY: translate("watch", "Reason"),
        FileColumn.SIZE: translate("watch", "Size"),
        FileColumn.FOUND: translate("watch", "Found"),
    }[column]


_TEXT_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.ToolTipRole,
)
