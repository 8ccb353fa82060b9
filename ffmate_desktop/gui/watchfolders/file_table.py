"""The files of a watchfolder as a table, which keeps its place while files are found."""

from PySide6.QtGui import QResizeEvent

from ffmate_desktop.domain.watchfolder import WatchedFile
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.watchfolders.file_delegate import ROW_HEIGHT, FileRowDelegate
from ffmate_desktop.gui.watchfolders.file_model import FileColumn, FileModel
from ffmate_desktop.gui.watchfolders.table_view import WatchTable

_WIDTHS: dict[int, int] = {
    FileColumn.STATE: 150,
    FileColumn.WHY: 330,
    FileColumn.SIZE: 96,
    FileColumn.FOUND: 116,
}


class FileTable(WatchTable):
    """Keeps selection and scroll position on the same files while rows come and go."""

    def __init__(self, theme: Theme, model: FileModel) -> None:
        super().__init__(self.tr("Files of the watchfolder"), ROW_HEIGHT, _WIDTHS, 190)
        self._files = model
        self._anchor: tuple[int | None, int | None, int] = (None, None, 0)
        self.delegate = FileRowDelegate(theme, model)
        self.setModel(model)
        self.dress(self.delegate, FileColumn.NAME)
        model.about_to_reorder.connect(self._remember_position)
        model.reordered.connect(self._restore_position)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._report_visible())
        theme.changed.connect(self.viewport().update)

    @property
    def current(self) -> WatchedFile | None:
        """The selected file, if it is loaded."""
        row = self.currentIndex().row()
        return self._files.file_at(row) if row >= 0 else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the reason most of the room: it is often longer than a name."""
        super().resizeEvent(event)
        rest = sum(width for column, width in _WIDTHS.items() if column != FileColumn.WHY)
        self.setColumnWidth(
            FileColumn.WHY, max(_WIDTHS[FileColumn.WHY], (self.viewport().width() - rest) * 3 // 5)
        )

    def _report_visible(self) -> None:
        top = self.rowAt(0)
        self._files.seen = (
            range(top, max(top, self.rowAt(self.viewport().height() - 1)) + 1) if top > 0 else range(0)
        )

    def _remember_position(self) -> None:
        top = self.rowAt(0)
        file = self._files.file_at(top) if top > 0 else None
        current = self.current
        offset = self.rowViewportPosition(top) if file is not None else 0
        self._anchor = (current.id if current else None, file.id if file else None, offset)

    def _restore_position(self) -> None:
        current, top, offset = self._anchor
        row = self._files.number_of(current) if current is not None else None
        if row is not None:
            self.selectRow(row)
        place = self._files.number_of(top) if top is not None else None
        self.verticalScrollBar().setValue(0 if place is None else place * ROW_HEIGHT - offset)
        self._report_visible()
