"""Paints a list of presets: name and description of each, and small headings."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ffmate_desktop.gui.presets.model import PresetModel
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import painter_text

_ROW, _HEADING = 50, 32
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class PresetDelegate(QStyledItemDelegate):
    """Paints the rows of a PresetModel."""

    def __init__(self, theme: Theme, model: PresetModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._model = theme, model

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, _ROW if self._model.preset_at(index.row()) else _HEADING)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tokens = self._theme.tokens
        area: QRect = option.rect
        preset = self._model.preset_at(index.row())
        if preset is None:
            painter.setFont(fonts.bold(11))
            painter.setPen(tokens.color("text_3"))
            inner = area.adjusted(12, 8, -8, 0)
            text = painter_text(str(index.data()))
            elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
            painter.drawText(inner, _LEFT, elided)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        state: QStyle.StateFlag = option.state
        pill = QRectF(area).adjusted(4, 1, -4, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(tokens.color("selected"))
            painter.drawRoundedRect(pill, 7, 7)
            painter.setBrush(tokens.color("accent"))
            painter.drawRoundedRect(QRectF(pill.left(), pill.top() + 10, 3, pill.height() - 20), 1.5, 1.5)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(tokens.color("hover"))
            painter.drawRoundedRect(pill, 7, 7)
        rect = area.adjusted(14, 7, -12, -6)
        self._line(painter, rect, 0, preset.name, fonts.bold(13), "text")
        self._line(painter, rect, 19, preset.description, fonts.text(12), "text_2")

    def _line(self, painter: QPainter, rect: QRect, top: int, text: str, font: QFont, color: str) -> None:
        painter.setFont(font)
        painter.setPen(self._theme.tokens.color(color))
        shown = painter.fontMetrics().elidedText(
            painter_text(text), Qt.TextElideMode.ElideRight, rect.width()
        )
        painter.drawText(QRect(rect.left(), rect.top() + top, rect.width(), 18), _LEFT, shown)
