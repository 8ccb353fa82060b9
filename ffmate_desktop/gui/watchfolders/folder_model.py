"""The watchfolders as a table: sortable by any column, filtered by words."""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt

from ffmate_desktop.domain.watchfolder import FileState
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.watchfolders.text import (
    FolderDisplay,
    explanation,
    file_word,
    folder_health_text,
    health_detail,
    last_scan,
    translate,
)
from ffmate_desktop.gui.widgets.plain_text import plain, tool_tip

_NO_INDEX = QModelIndex()


class FolderColumn(IntEnum):
    """The columns, in order."""

    NAME = 0
    STATE = 1
    FILES = 2
    PRESET = 3
    SCAN = 4


OPEN = (FileState.WAITING, FileState.GROWING, FileState.QUEUED, FileState.RUNNING)
"""States of files that aren't finished."""

# Any: text in one column, numbers in another; one comparison never mixes them.
_KEYS: dict[FolderColumn, Callable[[FolderDisplay], Any]] = {
    FolderColumn.NAME: lambda view: view.folder.name.lower(),
    FolderColumn.STATE: lambda view: view.health.value,
    FolderColumn.FILES: lambda view: sum(view.counts.values()),
    FolderColumn.PRESET: lambda view: view.preset.lower(),
    FolderColumn.SCAN: lambda view: view.folder.last_check or 0,
}


class FolderModel(QAbstractTableModel):
    """Selection and keyboard focus follow a folder to its new row."""

    def __init__(self) -> None:
        super().__init__()
        self._all: dict[UUID, FolderDisplay] = {}
        self._views: list[FolderDisplay] = []
        self._words: list[str] = []
        self.column, self.order = FolderColumn.NAME, Qt.SortOrder.AscendingOrder

    def set_views(self, views: Mapping[UUID, FolderDisplay]) -> None:
        self._all = dict(views)
        self._show()

    def set_filter(self, text: str) -> None:
        """Show the folders that contain every word of the text."""
        self._words = text.lower().split()
        self._show()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by this column, then by name."""
        self.column, self.order = FolderColumn(column), order
        self._show()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._views)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(FolderColumn)

    def view_at(self, row: int) -> FolderDisplay | None:
        return self._views[row] if 0 <= row < len(self._views) else None

    def view_of(self, uuid: UUID | None) -> FolderDisplay | None:
        """The folder, even if the filter hides it."""
        return self._all.get(uuid) if uuid is not None else None

    def row_of(self, uuid: UUID | None) -> int | None:
        return next((row for row, view in enumerate(self._views) if view.folder.uuid == uuid), None)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text for screen readers and tool tips; the delegate paints the row."""
        view = self.view_at(index.row())
        if view is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return plain(folder_text(view, FolderColumn(index.column())))
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                return tool_tip(folder_tip(view))
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _title(FolderColumn(section))
        return None

    def _show(self) -> None:
        views = [view for view in self._all.values() if self._matches(view)]
        views.sort(key=_KEYS[FolderColumn.NAME])
        is_descending = self.order is Qt.SortOrder.DescendingOrder
        views.sort(key=_KEYS[self.column], reverse=is_descending)
        uuids = [view.folder.uuid for view in views]
        if uuids == [view.folder.uuid for view in self._views]:
            self._views = views
            if views:
                self.dataChanged.emit(self.index(0, 0), self.index(len(views) - 1, len(FolderColumn) - 1))
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        owners = [self._views[index.row()].folder.uuid for index in before]
        self._views = views
        places = {uuid: row for row, uuid in enumerate(uuids)}
        after = [
            self.index(places[uuid], index.column()) if uuid in places else QModelIndex()
            for uuid, index in zip(owners, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _matches(self, view: FolderDisplay) -> bool:
        folder = view.folder
        text = f"{folder.name} {folder.path} {folder.description} {view.preset} {' '.join(folder.labels)}"
        return all(word in text.lower() for word in self._words)


def folder_text(view: FolderDisplay, column: FolderColumn) -> str:
    """The text of a cell."""
    match column:
        case FolderColumn.NAME:
            return view.folder.name
        case FolderColumn.STATE:
            return f"{folder_health_text(view.health)}, {health_detail(view)}"
        case FolderColumn.FILES:
            return file_counts_text(view)
        case FolderColumn.PRESET:
            return view.preset
        case FolderColumn.SCAN:
            return " ".join(last_scan(view))


def file_counts_text(view: FolderDisplay) -> str:
    """The number of files in each state that occurs."""
    parts = [f"{count} × {file_word(state)}" for state in FileState if (count := view.count(state))]
    return ", ".join(parts) or translate("watch", "No files yet")


def folder_tip(view: FolderDisplay) -> str:
    """All details of a folder, one per line."""
    folder = view.folder
    lines = [
        f"{folder.name}: {folder_text(view, FolderColumn.STATE)}",
        folder.path,
        folder.description,
        explanation(view),
        translate("watch", "Preset: {0}").format(view.preset),
        file_counts_text(view),
    ]
    return "\n".join(line for line in lines if line)


def _title(column: FolderColumn) -> str:
    return {
        FolderColumn.NAME: translate("watch", "Folder"),
        FolderColumn.STATE: translate("watch", "State"),
        FolderColumn.FILES: translate("watch", "Files"),
        FolderColumn.PRESET: translate("watch", "Preset"),
        FolderColumn.SCAN: translate("watch", "Last scan"),
    }[column]
