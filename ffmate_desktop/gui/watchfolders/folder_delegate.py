"""Paints a row of the watchfolder table."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from ffmate_desktop.domain.watchfolder import FileState
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.rows.paint import CellPainter
from ffmate_desktop.gui.rows.pixmap_cache import TILE, PixmapCache
from ffmate_desktop.gui.rows.row_delegate import TableRowDelegate
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.watchfolders.folder_model import OPEN, FolderColumn, FolderModel
from ffmate_desktop.gui.watchfolders.text import (
    LOOKS,
    FolderDisplay,
    FolderHealth,
    folder_health_text,
    health_detail,
    last_scan,
)
from ffmate_desktop.gui.widgets import formatting

ROW_HEIGHT = 56
_PLAIN = (FolderHealth.WATCHING, FolderHealth.SCANNING, FolderHealth.NEW)


class FolderRowDelegate(TableRowDelegate):
    """Paints all columns; greyed while `is_stale`, because the data may be out of date."""

    def __init__(self, theme: Theme, model: FolderModel) -> None:
        self._painter, self._pixmaps = CellPainter(theme), PixmapCache(theme)
        super().__init__(self._painter, ROW_HEIGHT)
        self._model = model
        self.is_stale = False

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view = self._model.view_at(index.row())
        if view is None:
            return
        column = FolderColumn(index.column())
        cell = self.paint_background(painter, option, marked=column is FolderColumn.NAME)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.is_stale:
            painter.setOpacity(0.5)
        match column:
            case FolderColumn.NAME:
                self._paint_name(painter, cell, view)
            case FolderColumn.STATE:
                self._paint_state(painter, cell, view)
            case FolderColumn.FILES:
                self._paint_files(painter, cell, view)
            case FolderColumn.PRESET:
                self._painter.text(painter, cell, view.preset, self._medium, "text")
            case FolderColumn.SCAN:
                when, node = last_scan(view)
                self._two_lines(painter, cell, when, node)
        painter.restore()

    def _paint_name(self, painter: QPainter, cell: QRect, view: FolderDisplay) -> None:
        icon, color = "folder-sync", LOOKS[view.health][1]
        scale = painter.device().devicePixelRatio()
        painter.drawPixmap(cell.left() + 2, cell.top() + 11, self._pixmaps.tile(icon, color, scale))
        left = cell.left() + TILE + 14
        first = QRect(left, cell.top() + 9, cell.right() - left, 19)
        self._painter.text(painter, first, view.folder.name, self._bold, "text")
        mode = Qt.TextElideMode.ElideMiddle
        line = first.translated(0, 19)
        self._painter.text(painter, line, view.folder.path, self._plain, "text_2", mode=mode)

    def _paint_state(self, painter: QPainter, cell: QRect, view: FolderDisplay) -> None:
        icon, color = LOOKS[view.health]
        self._painter.icon(painter, cell.left(), cell.top() + 12, icon, color)
        left = cell.left() + 22
        first = QRect(left, cell.top() + 9, cell.right() - left, 19)
        shown = "text" if view.health in _PLAIN else color
        self._painter.text(painter, first, folder_health_text(view.health), self._bold, shown)
        self._painter.text(painter, first.translated(0, 19), health_detail(view), self._plain, "text_2")

    def _paint_files(self, painter: QPainter, cell: QRect, view: FolderDisplay) -> None:
        """Icon and number for open, done and failed files; below, how many were skipped."""
        if not view.counts:
            self._painter.text(painter, cell, self.tr("No files yet"), self._medium, "text_3")
            return
        left, middle = cell.left(), cell.top() + 18
        for icon, color, states in _FIGURES:
            count = view.count(*states)
            text = formatting.number(count)
            self._painter.icon(painter, left, middle - 7, icon, color if count else "text_3")
            width = self._painter.width_of(self._medium, text)
            room = QRect(left + 19, middle - 10, width + 4, 20)
            self._painter.text(painter, room, text, self._medium, "text" if count else "text_3")
            left += 19 + width + 14
        rest = view.count(FileState.SKIPPED, FileState.OUTPUT)
        below = self.tr("{0} skipped").format(formatting.number(rest)) if rest else ""
        line = QRect(cell.left(), cell.top() + 28, cell.width(), 19)
        self._painter.text(painter, line, below, self._plain, "text_2")

    def _two_lines(self, painter: QPainter, cell: QRect, first: str, second: str) -> None:
        if not second:
            self._painter.text(painter, cell, first, self._medium, "text_3")
            return
        line = QRect(cell.left(), cell.top() + 9, cell.width(), 19)
        self._painter.text(painter, line, first, self._medium, "text")
        self._painter.text(painter, line.translated(0, 19), second, self._plain, "text_2")


_FIGURES = (
    ("clock", "queued", OPEN),
    ("circle-check", "done", (FileState.DONE,)),
    ("triangle-alert", "failed", (FileState.FAILED,)),
)
