"""The table of watchfolders. The selected folder stays selected when rows move."""

from uuid import UUID

from PySide6.QtCore import QModelIndex, Qt, Signal

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.watchfolders.folder_delegate import ROW_HEIGHT, FolderRowDelegate
from ffmate_desktop.gui.watchfolders.folder_model import FolderColumn, FolderModel
from ffmate_desktop.gui.watchfolders.table_view import WatchTable

_WIDTHS: dict[int, int] = {
    FolderColumn.STATE: 168,
    FolderColumn.FILES: 200,
    FolderColumn.SCAN: 132,
    FolderColumn.PRESET: 170,
}


class FolderTable(WatchTable):
    """`chosen`: another folder, or none, is selected."""

    chosen = Signal()

    def __init__(self, theme: Theme, model: FolderModel) -> None:
        super().__init__(self.tr("Watchfolders"), ROW_HEIGHT, _WIDTHS, 240)
        self._folders = model
        self.delegate = FolderRowDelegate(theme, model)
        self.setModel(model)
        self.dress(self.delegate, FolderColumn.NAME)
        self.setSortingEnabled(True)
        self.sortByColumn(FolderColumn.NAME, Qt.SortOrder.AscendingOrder)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        theme.changed.connect(self.viewport().update)

    @property
    def current(self) -> UUID | None:
        """The selected folder."""
        view = self._folders.view_at(self.currentIndex().row())
        return view.folder.uuid if view is not None else None

    def choose(self, uuid: UUID) -> bool:
        """Select this folder; False if it isn't shown."""
        row = self._folders.row_of(uuid)
        if row is None:
            return False
        self.selectRow(row)
        return True

    def _on_current(self, _now: QModelIndex, _before: QModelIndex) -> None:
        self.chosen.emit()
