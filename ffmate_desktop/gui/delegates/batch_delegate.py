"""How a batch is painted: its first file and how many more, how its tasks are, and the progress of the whole."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ffmate_desktop.domain.queue import BatchGroup
from ffmate_desktop.domain.status import TaskStatus
from ffmate_desktop.gui.delegates.queue_delegate import ROW_HEIGHT
from ffmate_desktop.gui.delegates.stamps import BAR_HEIGHT, TILE, Stamps
from ffmate_desktop.gui.models.batch_model import BatchModel
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import numbers

_BAR, _PERCENT, _TIME = 220, 52, 120
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class BatchDelegate(QStyledItemDelegate):
    """One row a batch, as high as the rows of the queue."""

    def __init__(self, theme: Theme, model: BatchModel) -> None:
        super().__init__()
        self._theme, self._model = theme, model
        self._stamps = Stamps(theme)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """All rows are equally high."""
        return QSize(300, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The whole row."""
        group = self._model.group_at(index.row())
        if group is None:
            return
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        tokens = self._theme.tokens
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, tokens.color("selected"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, tokens.color("hover"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, tokens.color("line"))
        color = _color(group)
        scale = painter.device().devicePixelRatio()
        painter.drawPixmap(rect.left() + 15, rect.top() + 11, self._stamps.tile("layers", color, scale))
        right = rect.right() - 16
        painter.setFont(fonts.text(12))
        painter.setPen(tokens.color("text_3"))
        painter.drawText(
            QRect(right - _TIME, rect.top(), _TIME, rect.height()), _RIGHT, numbers.moment(group.created)
        )
        right -= _TIME + 12
        painter.setFont(fonts.medium(13))
        painter.setPen(tokens.color("text"))
        percent = numbers.percent(group.state.progress)
        painter.drawText(QRect(right - _PERCENT, rect.top(), _PERCENT, rect.height()), _RIGHT, percent)
        right -= _PERCENT + 10
        top = rect.top() + (rect.height() - BAR_HEIGHT) // 2
        painter.drawPixmap(right - _BAR, top, self._stamps.bar(group.state.progress, color, _BAR, scale))
        left = rect.left() + 15 + TILE + 12
        self._lines(painter, QRect(left, rect.top(), right - _BAR - 20 - left, rect.height()), group)

    def _lines(self, painter: QPainter, area: QRect, group: BatchGroup) -> None:
        lines = (
            (fonts.bold(13), "text", 9, self._model.title_of(group)),
            (fonts.text(12), "text_2", 28, self._model.words_of(group)),
        )
        for font, color, top, text in lines:
            painter.setFont(font)
            painter.setPen(self._theme.tokens.color(color))
            shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
            painter.drawText(QRect(area.left(), area.top() + top, area.width(), 19), _LEFT, shown)


def _color(group: BatchGroup) -> str:
    counts = group.state.by_status
    if counts.get(TaskStatus.DONE_ERROR):
        return "failed"
    if counts.get(TaskStatus.DONE_SUCCESSFUL, 0) == group.state.total:
        return "done"
    return "queued" if counts.get(TaskStatus.QUEUED, 0) == group.state.total else "running"
