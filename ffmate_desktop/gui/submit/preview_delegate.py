"""Paints a file in the preview: its name above its output path or error."""

import os
from pathlib import PurePath
from typing import assert_never

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ffmate_desktop.gui.submit.preview_model import PreviewModel
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import painter_text
from ffmate_desktop.services.media_search import MediaFile
from ffmate_desktop.services.preview import PreviewIssue, PreviewRow

_ROW = 46
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class PreviewDelegate(QStyledItemDelegate):
    """Paints the rows of a PreviewModel."""

    def __init__(self, theme: Theme, model: PreviewModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._model = theme, model

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        number = index.row()
        file, row = self._model.files[number], self._model.row_at(number)
        area: QRect = option.rect
        tokens = self._theme.tokens
        if number:
            painter.setPen(tokens.color("line"))
            painter.drawLine(area.topLeft() + QPoint(12, 0), area.topRight() - QPoint(12, 0))
        icon, color = _icon(row)
        pixmap = self._theme.pixmap(icon, color, 16, painter.device().devicePixelRatio())
        painter.drawPixmap(area.left() + 14, area.top() + 15, pixmap)
        rect = QRect(area.left() + 42, area.top() + 5, area.width() - 56, 18)
        self._paint_name(painter, rect, file)
        rect.translate(0, 18)
        painter.setFont(fonts.text(12))
        painter.setPen(tokens.color("failed" if row and row.issue.is_error else "text_2"))
        metrics = painter.fontMetrics()
        text, path = ("…", "") if row is None else self._second_line(row, file)
        if path:  # keep its end
            arrow = "→  "
            width = rect.width() - metrics.horizontalAdvance(arrow)
            text = arrow + metrics.elidedText(painter_text(path), Qt.TextElideMode.ElideLeft, width)
        painter.drawText(
            rect, _LEFT, metrics.elidedText(painter_text(text), Qt.TextElideMode.ElideRight, rect.width() + 2)
        )

    def _paint_name(self, painter: QPainter, rect: QRect, file: MediaFile) -> None:
        tokens = self._theme.tokens
        painter.setFont(fonts.bold(13))
        painter.setPen(tokens.color("text"))
        metrics = painter.fontMetrics()
        name = metrics.elidedText(
            painter_text(PurePath(file.path).name), Qt.TextElideMode.ElideMiddle, rect.width()
        )
        painter.drawText(rect, _LEFT, name)
        if file.tree:
            tree_rect = rect.adjusted(metrics.horizontalAdvance(name) + 10, 0, 0, 0)
            painter.setFont(fonts.text(12))
            painter.setPen(tokens.color("text_3"))
            tree = painter.fontMetrics().elidedText(
                painter_text(file.tree), Qt.TextElideMode.ElideLeft, tree_rect.width()
            )
            painter.drawText(tree_rect, _LEFT, tree)

    def _second_line(self, row: PreviewRow, file: MediaFile) -> tuple[str, str]:
        """A sentence or a path; the other is empty."""
        match row.issue:
            case PreviewIssue.NONE | PreviewIssue.RENAMED | PreviewIssue.REPLACES:
                pass
            case (
                PreviewIssue.EXISTS
                | PreviewIssue.TAKEN
                | PreviewIssue.SHARED
                | PreviewIssue.FOLDER
                | PreviewIssue.INPUT
                | PreviewIssue.COMMAND
            ):
                return row.message, ""
            case _:
                assert_never(row.issue)
        if row.output is None:
            return self.tr("No output, or a name that the node chooses."), ""
        is_same_folder = os.path.dirname(row.output) == os.path.dirname(file.path)  # noqa: PTH120 - may be a path of another system
        return "", PurePath(row.output).name if is_same_folder else row.output


def _icon(row: PreviewRow | None) -> tuple[str, str]:
    """Icon and color."""
    if row is None:
        return "loader", "text_3"
    match row.issue:
        case PreviewIssue.NONE:
            return "circle-check", "done"
        case PreviewIssue.RENAMED:
            return "files", "link"
        case PreviewIssue.REPLACES:
            return "refresh-cw", "warning"
        case PreviewIssue.EXISTS | PreviewIssue.TAKEN | PreviewIssue.SHARED:
            return "triangle-alert", "failed"
        case PreviewIssue.FOLDER | PreviewIssue.INPUT | PreviewIssue.COMMAND:
            return "octagon-x", "failed"
        case _:
            assert_never(row.issue)
