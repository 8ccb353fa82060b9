"""Base class of row delegates: row height, fonts, and the background of a cell."""

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.rows.paint import CellPainter
from ffmate_desktop.gui.theme import fonts

PADDING = 13


class TableRowDelegate(QStyledItemDelegate):
    """Paints all columns of a table whose rows are `height` pixels high."""

    def __init__(self, parts: CellPainter, height: int) -> None:
        super().__init__()
        self._cell_painter, self._height = parts, height
        self._bold, self._plain, self._medium = fonts.bold(13), fonts.text(12), fonts.medium(13)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(80, self._height)

    def paint_background(
        self, painter: QPainter, option: QStyleOptionViewItem, *, marked: bool = False
    ) -> QRect:
        """Paint a cell's background and return the area for its content.

        With `marked`, a selected row also gets a bar at the left edge of this cell.
        """
        parts, rect = self._cell_painter, QRect(option.rect)
        if QStyle.StateFlag(option.state) & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, parts.color("selected"))
            if marked:
                painter.fillRect(rect.left(), rect.top(), 3, rect.height(), parts.color("accent"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, parts.color("line"))
        return rect.adjusted(PADDING, 0, -PADDING, -1)
