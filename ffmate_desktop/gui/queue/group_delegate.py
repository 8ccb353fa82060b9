"""Paints batches and, indented below them, their tasks."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from ffmate_desktop.domain.queue import BatchGroup
from ffmate_desktop.domain.status import TaskStatus
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.queue.columns import QueueColumn, status_style, status_text
from ffmate_desktop.gui.queue.delegate import PADDING, PERCENT, QueueDelegate
from ffmate_desktop.gui.queue.group_text import group_status, group_summary, group_text, group_title
from ffmate_desktop.gui.queue.grouped_model import GroupedModel
from ffmate_desktop.gui.rows.pixmap_cache import BAR_HEIGHT, CHIP_HEIGHT, TILE
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting

ARROW = 22
"""Width in pixels of the arrow in front of a batch; the tasks below are indented by it."""

_SELECTED = QStyle.StateFlag.State_Selected.value
_HAS_FOCUS = QStyle.StateFlag.State_HasFocus.value


class GroupDelegate(QueueDelegate):
    """Paints tasks as QueueDelegate does."""

    def __init__(self, theme: Theme, model: GroupedModel) -> None:
        super().__init__(theme, model)
        self._grouped = model
        self.indent = ARROW

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        group = self._grouped.group_at(index.row())
        if group is None:
            super().paint(painter, option, index)
            return
        rect: QRect = option.rect
        column = QueueColumn(index.column())
        self.paint_background(painter, option, index)
        scale = painter.device().devicePixelRatio()
        if self.is_stale:
            painter.setOpacity(0.5)
        if column is QueueColumn.TASK:
            self._paint_head(painter, rect, group, scale)
        elif column is QueueColumn.STATUS:
            icon, color = status_style(group_status(group))
            chip = self.pixmaps.chip(
                icon, status_text(group_status(group)), color, scale, rect.width() - PADDING
            )
            painter.drawPixmap(
                rect.left() + PADDING, rect.top() + (rect.height() - 1 - CHIP_HEIGHT) // 2, chip
            )
        elif column is QueueColumn.PROGRESS:
            self._paint_bar(painter, rect, group, scale)
        elif text := group_text(group, column):
            self.paint_text(painter, rect, text)
        painter.setOpacity(1.0)
        if (
            option.state.value & _HAS_FOCUS
            and not option.state.value & _SELECTED
            and column is QueueColumn.TASK
        ):
            self.paint_focus(painter, rect)

    def _paint_head(self, painter: QPainter, rect: QRect, group: BatchGroup, scale: float) -> None:
        is_open = self._grouped.is_open(group.state.uuid)
        arrow = self.theme.pixmap("chevron-down" if is_open else "chevron-right", "text_2", 16, scale)
        left, top = rect.left() + PADDING + 2, rect.top()
        painter.drawPixmap(left - 4, top + 20, arrow)
        left += ARROW
        painter.drawPixmap(left, top + 11, self.pixmaps.tile("layers", _color(group), scale))
        left += TILE + 12
        self.paint_lines(painter, left, rect, group_title(group), group_summary(group))

    def _paint_bar(self, painter: QPainter, rect: QRect, group: BatchGroup, scale: float) -> None:
        width = rect.width() - 2 * PADDING - PERCENT
        if width > 20:
            bar = self.pixmaps.bar(group.state.progress, _color(group), width, scale)
            painter.drawPixmap(rect.left() + PADDING, rect.top() + (rect.height() - BAR_HEIGHT) // 2, bar)
        self.paint_percent(painter, rect, formatting.percent(group.state.progress))


def _color(group: BatchGroup) -> str:
    """Failed once any task has failed, even while others run."""
    if group.state.by_status.get(TaskStatus.DONE_ERROR):
        return "failed"
    return status_style(group_status(group))[1]
