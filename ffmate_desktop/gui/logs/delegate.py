"""Paints a line of the cluster's log: time, level, node and topic in columns, then the message."""

from datetime import datetime

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ffmate_desktop.domain.node_log import LogLevel, LogLine
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.logs.model import LogsModel, level_name, shorten_uuids
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.plain_text import painter_text

ROW_HEIGHT = 22
PADDING = 14
_TIME, _LEVEL, _TOPIC = 12, 5, 9
_NODE = (8, 20)
"""Minimum and maximum width of the node column, in characters."""

_COLORS = {
    LogLevel.DEBUG: "text_3",
    LogLevel.INFO: "text_2",
    LogLevel.WARN: "warning",
    LogLevel.ERROR: "failed",
}
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class LogDelegate(QStyledItemDelegate):
    """The node column is as wide as the longest name passed to `fit_names`."""

    def __init__(self, theme: Theme, model: LogsModel) -> None:
        super().__init__()
        self._theme, self._model = theme, model
        self._font = fonts.mono(12)
        self._metrics = QFontMetrics(self._font)
        self._letter = self._metrics.horizontalAdvance("0")
        self._node_letters = _NODE[0]

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(80, ROW_HEIGHT)

    def fit_names(self, names: list[str]) -> None:
        """Set the width of the node column for these names."""
        longest = max((len(name) for name in names), default=0)
        self._node_letters = min(_NODE[1], max(_NODE[0], longest))

    def is_cut(self, line: LogLine, width: int) -> bool:
        """Whether the message doesn't fit a row of this width."""
        room = width - self._message_left() - PADDING
        return (
            "\n" in line.message
            or self._metrics.horizontalAdvance(painter_text(shorten_uuids(line.message))) > room
        )

    def _message_left(self) -> int:
        letters = _TIME + _LEVEL + self._node_letters + _TOPIC + 4 * 2
        return PADDING + letters * self._letter

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line = self._model.line_at(index.row())
        if line is None:
            return
        rect, state = QRect(option.rect), QStyle.StateFlag(option.state)
        tokens = self._theme.tokens
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, tokens.color("selected"))
        elif line.level >= LogLevel.WARN:
            painter.fillRect(rect, tokens.tint(_COLORS[line.level], 0.07))
        if line.level >= LogLevel.WARN:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), tokens.color(_COLORS[line.level]))
        painter.setFont(self._font)
        left = rect.left() + PADDING
        when = datetime.fromtimestamp(line.at / 1000)
        level_color = _COLORS[line.level]
        cells = (
            (_TIME, f"{when:%H:%M:%S}.{line.at % 1000:03}", "text_3"),
            (_LEVEL, level_name(line.level), level_color),
            (self._node_letters, line.node, "link"),
            (_TOPIC, line.namespace or "–", "text_3"),
        )
        for letters, text, color in cells:
            width = letters * self._letter
            self._write(painter, QRect(left, rect.top(), width + 2, rect.height()), text, color)
            left += width + 2 * self._letter
        first = shorten_uuids(line.message.split("\n", 1)[0])
        if "\n" in line.message:
            first += " …"
        color = (
            level_color
            if line.level is LogLevel.ERROR
            else "text_3"
            if line.level is LogLevel.DEBUG
            else "text"
        )
        self._write(
            painter, QRect(left, rect.top(), rect.right() - PADDING - left, rect.height()), first, color
        )

    def _write(self, painter: QPainter, rect: QRect, text: str, color: str) -> None:
        painter.setPen(self._theme.tokens.color(color))
        text = painter_text(text)
        if len(text) * self._letter > rect.width():
            text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, _LEFT, text)
