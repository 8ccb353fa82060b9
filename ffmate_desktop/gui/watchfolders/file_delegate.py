"""Paints a row of the file table: name and folder, state and reason."""

from pathlib import PurePosixPath

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from ffmate_desktop.domain.watchfolder import FileState, WatchedFile
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.rows.paint import CellPainter
from ffmate_desktop.gui.rows.pixmap_cache import CHIP_HEIGHT, PixmapCache
from ffmate_desktop.gui.rows.row_delegate import TableRowDelegate
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.watchfolders.file_model import FileColumn, FileModel
from ffmate_desktop.gui.watchfolders.text import FILE_LOOKS, file_state

ROW_HEIGHT = 44


class FileRowDelegate(TableRowDelegate):
    """Paints all columns; greyed while `is_stale`, because the data may be out of date."""

    def __init__(self, theme: Theme, model: FileModel) -> None:
        self._painter, self._pixmaps = CellPainter(theme), PixmapCache(theme)
        super().__init__(self._painter, ROW_HEIGHT)
        self._model = model
        self.is_stale = False

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        column = FileColumn(index.column())
        cell = self.paint_background(painter, option, marked=column is FileColumn.NAME)
        file = self._model.file_at(index.row())
        if file is None:
            if column is FileColumn.NAME:
                painter.fillRect(cell.left(), cell.top() + 18, 160, 8, self._painter.color("track"))
            return
        painter.save()
        if self.is_stale or file.gone:
            painter.setOpacity(0.5)
        self._paint(painter, cell, file, column)
        painter.restore()

    def _paint(self, painter: QPainter, cell: QRect, file: WatchedFile, column: FileColumn) -> None:
        parts = self._painter
        match column:
            case FileColumn.NAME:
                self._paint_name(painter, cell, file)
            case FileColumn.STATE:
                icon, color = FILE_LOOKS[file.state]
                scale = painter.device().devicePixelRatio()
                chip = self._pixmaps.chip(icon, file_state(file), color, scale, cell.width())
                painter.drawPixmap(cell.left(), cell.top() + (cell.height() - CHIP_HEIGHT) // 2, chip)
            case FileColumn.WHY:
                failed = file.state is FileState.FAILED
                text = self._model.text(file, column)
                parts.text(painter, cell, text, self._plain, "failed" if failed else "text_2")
            case FileColumn.SIZE | FileColumn.FOUND:
                parts.text(painter, cell, self._model.text(file, column), self._medium, "text")

    def _paint_name(self, painter: QPainter, cell: QRect, file: WatchedFile) -> None:
        path = PurePosixPath(file.path)
        folder = "" if str(path.parent) == "." else str(path.parent)
        middle = Qt.TextElideMode.ElideMiddle
        if not folder:
            self._painter.text(painter, cell, path.name, self._bold, "text", mode=middle)
            return
        first = QRect(cell.left(), cell.top() + 4, cell.width(), 18)
        self._painter.text(painter, first, path.name, self._bold, "text", mode=middle)
        line = first.translated(0, 17)
        self._painter.text(painter, line, folder, self._plain, "text_2", mode=Qt.TextElideMode.ElideLeft)
