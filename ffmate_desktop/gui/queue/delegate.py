"""Paints the rows of the queue: two lines per row, from cached pixmaps and cached, elided texts."""

from collections.abc import Callable
from math import ceil

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QStaticText
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ffmate_desktop.domain.queue import QueueRow
from ffmate_desktop.domain.status import LiveProgress, TaskStatus
from ffmate_desktop.gui.base.model_index import Index
from ffmate_desktop.gui.queue.columns import (
    QueueColumn,
    cell_text,
    percent_of,
    row_status_style,
    row_status_text,
    subtitle_parts,
)
from ffmate_desktop.gui.queue.row_source import RowSource
from ffmate_desktop.gui.rows.pixmap_cache import BAR_HEIGHT, CHIP_HEIGHT, TILE, PixmapCache
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.plain_text import painter_text

ROW_HEIGHT = 56
PADDING = 13
PERCENT = 46
_MAX_TEXTS = 4_000
_MIN_PATH = 40
"""Pixels below which the end of a path is not worth showing."""
_SELECTED = QStyle.StateFlag.State_Selected.value
_HAS_FOCUS = QStyle.StateFlag.State_HasFocus.value
_COLUMNS = tuple(QueueColumn)
_AUDIO = frozenset({".wav", ".mp3", ".flac", ".aac", ".m4a", ".ogg", ".opus", ".aif", ".aiff", ".wma"})
_IMAGES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".exr", ".dpx", ".webp", ".bmp"})


class QueueDelegate(QStyledItemDelegate):
    """Paints all columns. `hovered` is the row under the mouse; `is_stale` greys out the rows."""

    def __init__(self, theme: Theme, model: RowSource) -> None:
        super().__init__()
        self.theme, self._model = theme, model
        self.pixmaps = PixmapCache(theme)
        self.hovered = -1
        self.indent = 0
        self.is_stale = False
        self._name_font, self._line_font = fonts.bold(13), fonts.text(12)
        self._number_font = fonts.medium(13)
        self._metrics = {
            id(font): QFontMetrics(font) for font in (self._name_font, self._line_font, self._number_font)
        }
        self._texts: dict[tuple[int, int, str, str], tuple[QStaticText, int, int]] = {}
        self._colors: dict[str, QColor] = {}
        self._load_colors()
        theme.changed.connect(self._load_colors)
        self._painters: dict[int, Callable[[QPainter, QRect, QueueRow, LiveProgress | None, float], None]] = {
            QueueColumn.TASK: self._paint_task,
            QueueColumn.STATUS: self._paint_status,
            QueueColumn.PROGRESS: self._paint_progress,
            QueueColumn.SPEED: self._paint_speed,
        }

    def _load_colors(self) -> None:
        tokens = self.theme.tokens
        names = ("text", "text_2", "text_3", "line", "hover", "selected", "accent", "surface", "track")
        self._colors = {name: tokens.color(name) for name in names}

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(80, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        column = index.column()
        self.paint_background(painter, option, index)
        row = self._model.row_at(index.row())
        if row is None:
            if column == QueueColumn.TASK:
                painter.fillRect(rect.left() + 60, rect.top() + 18, 160, 8, self._colors["track"])
            return
        if self.is_stale:
            painter.setOpacity(0.5)
        scale = painter.device().devicePixelRatio()
        live = self._model.live_progress(row)
        paint = self._painters.get(column)
        if paint is not None:
            paint(painter, rect, row, live, scale)
        else:
            self.paint_text(painter, rect, cell_text(row, live, _COLUMNS[column]))
        if self.is_stale:
            painter.setOpacity(1.0)
        state: int = option.state.value
        if state & _HAS_FOCUS and not state & _SELECTED and column == QueueColumn.TASK:
            self.paint_focus(painter, rect)

    def paint_background(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Selection or hover color, and the line below the row."""
        rect: QRect = option.rect
        state: int = option.state.value
        number, column = index.row(), index.column()
        colors = self._colors
        is_selected = bool(state & _SELECTED)
        if is_selected:
            painter.fillRect(rect, colors["selected"])
        elif number == self.hovered:
            painter.fillRect(rect, colors["hover"])
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, colors["line"])
        if is_selected and column == QueueColumn.TASK:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), colors["accent"])

    def paint_focus(self, painter: QPainter, rect: QRect) -> None:
        """A frame around the current row if it isn't selected."""
        painter.setPen(self._colors["accent"])
        painter.drawRect(rect.adjusted(0, 0, -1, -2))

    # -- Columns -------------------------------------------------------------------------------------------------

    def _paint_task(
        self, painter: QPainter, rect: QRect, row: QueueRow, _live: LiveProgress | None, scale: float
    ) -> None:
        _, color = row_status_style(row)
        left = rect.left() + PADDING + 2 + self.indent
        painter.drawPixmap(left, rect.top() + 11, self.pixmaps.tile(_tile_icon(row.input), color, scale))
        self.paint_lines(painter, left + TILE + 12, rect, row.name, *subtitle_parts(row))

    def paint_lines(
        self, painter: QPainter, left: int, rect: QRect, name: str, line: str, path: str = ""
    ) -> None:
        """A name above a line, from `left` to the edge of the cell. `path` follows the line, elided at its start."""
        width = rect.right() - left - 8
        self._paint_line(painter, self._name_font, "text", QRect(left, rect.top() + 9, width, 19), name)
        self._paint_line(
            painter, self._line_font, "text_2", QRect(left, rect.top() + 28, width, 18), line, path
        )

    def _paint_status(
        self, painter: QPainter, rect: QRect, row: QueueRow, _live: LiveProgress | None, scale: float
    ) -> None:
        icon, color = row_status_style(row)
        chip = self.pixmaps.chip(icon, row_status_text(row), color, scale, rect.width() - PADDING)
        top = rect.top() + (rect.height() - 1 - CHIP_HEIGHT) // 2
        painter.drawPixmap(rect.left() + PADDING, top, chip)

    def _paint_progress(
        self, painter: QPainter, rect: QRect, row: QueueRow, live: LiveProgress | None, scale: float
    ) -> None:
        if row.status is TaskStatus.QUEUED and not row.progress:
            self._paint_line(painter, self._number_font, "text_3", _inner(rect), formatting.NOTHING)
            return
        percent = percent_of(row, live)
        width = rect.width() - 2 * PADDING - PERCENT
        top = rect.top() + (rect.height() - BAR_HEIGHT) // 2
        if width > 20:
            bar = self.pixmaps.bar(percent, row_status_style(row)[1], width, scale)
            painter.drawPixmap(rect.left() + PADDING, top, bar)
        color = "text" if row.status.is_active else "text_2"
        self.paint_percent(painter, rect, formatting.percent(percent), color)

    def paint_percent(self, painter: QPainter, rect: QRect, text: str, color: str = "text") -> None:
        """To the right of the bar."""
        area = QRect(rect.right() - PADDING - PERCENT, rect.top(), PERCENT, rect.height())
        self._paint_line(painter, self._number_font, color, area, text, right=True)

    def _paint_speed(
        self, painter: QPainter, rect: QRect, row: QueueRow, live: LiveProgress | None, _scale: float
    ) -> None:
        speed = cell_text(row, live, QueueColumn.SPEED)
        if speed == formatting.NOTHING:
            self.paint_text(painter, rect, speed)
            return
        left, top, width = rect.left() + PADDING, rect.top(), rect.width() - PADDING
        self._paint_line(painter, self._number_font, "text", QRect(left, top + 9, width, 19), speed)
        fps = cell_text(row, live, QueueColumn.FPS)
        self._paint_line(painter, self._line_font, "text_2", QRect(left, top + 28, width, 18), f"{fps} fps")

    def paint_text(self, painter: QPainter, rect: QRect, text: str) -> None:
        color = "text_3" if text == formatting.NOTHING else "text"
        self._paint_line(painter, self._number_font, color, _inner(rect), text)

    def _paint_line(
        self,
        painter: QPainter,
        font: QFont,
        color: str,
        rect: QRect,
        text: str,
        path: str = "",
        *,
        right: bool = False,
    ) -> None:
        shown, width, height = self._static_text(font, rect.width(), text, path)
        painter.setFont(font)
        painter.setPen(self._colors[color])
        left = rect.left() + (rect.width() - width if right else 0)
        painter.drawStaticText(left, rect.top() + (rect.height() - height) // 2, shown)

    def _static_text(self, font: QFont, width: int, text: str, path: str) -> tuple[QStaticText, int, int]:
        """The elided text, laid out once, with its size."""
        key = (id(font), width, text, path)
        found = self._texts.get(key)
        if found is None:
            if len(self._texts) > _MAX_TEXTS:
                self._texts.clear()
            mode = Qt.TextElideMode.ElideMiddle if font is self._name_font else Qt.TextElideMode.ElideRight
            shown = QStaticText(
                elide(self._metrics[id(font)], mode, width, painter_text(text), painter_text(path))
            )
            shown.setTextFormat(Qt.TextFormat.PlainText)
            shown.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            shown.prepare(font=font)
            size = shown.size()
            found = self._texts[key] = (shown, ceil(size.width()), ceil(size.height()))
        return found


def elide(metrics: QFontMetrics, mode: Qt.TextElideMode, width: int, text: str, path: str) -> str:
    """Elide a text and the path after it to fit into `width` pixels. The path loses its start first."""
    path_width = width - metrics.horizontalAdvance(text) if path else 0
    if path_width < _MIN_PATH:
        return metrics.elidedText(text + path, mode, width)
    return text + metrics.elidedText(path, Qt.TextElideMode.ElideLeft, path_width)


def _inner(rect: QRect) -> QRect:
    return rect.adjusted(PADDING, 0, -4, 0)


def _tile_icon(path: str) -> str:
    ending = path[path.rfind(".") :].lower()
    if ending in _AUDIO:
        return "activity"
    return "file-image" if ending in _IMAGES else "file-video"
