"""Paints a file of a dry run: its path, and below it its output or the reason why it gets none."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ffmate_desktop.gui.rows.paint import CellPainter
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.watchfolders.dry_run_model import DryRunModel
from ffmate_desktop.gui.watchfolders.text import FILE_LOOKS
from ffmate_desktop.gui.widgets import formatting

_ROW = 46


class DryRunDelegate(QStyledItemDelegate):
    """For views on a DryRunModel."""

    def __init__(self, theme: Theme, model: DryRunModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._parts = model, CellPainter(theme)
        self._bold, self._plain = fonts.bold(13), fonts.text(12)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        file, area, parts = self._model.file_at(index.row()), QRect(option.rect), self._parts
        if index.row():
            painter.setPen(parts.color("line"))
            painter.drawLine(area.topLeft() + QPoint(12, 0), area.topRight() - QPoint(12, 0))
        icon, color = ("circle-check", "done") if file.takes else FILE_LOOKS[file.state]
        parts.icon(painter, area.left() + 14, area.top() + 15, icon, color, 16)
        size = formatting.size(file.size)
        wide = parts.width_of(self._plain, size)
        room = QRect(area.left() + 42, area.top() + 5, area.width() - 72 - wide, 18)
        beside = QRect(area.right() - 14 - wide, room.top(), wide + 2, 18)
        parts.text(painter, beside, size, self._plain, "text_2")
        middle, left = Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideLeft
        parts.text(painter, room, file.path, self._bold, "text", mode=middle)
        room.translate(0, 18)
        if file.takes and file.output:
            parts.text(painter, room, f"→  {file.output}", self._plain, "text_2", mode=left)
        else:
            parts.text(painter, room, file.reason, self._plain, "text_2")
