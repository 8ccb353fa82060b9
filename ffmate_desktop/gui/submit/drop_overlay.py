"""Accepts files dropped on the window, and covers it with an overlay while they are dragged over it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QDropEvent, QPainter, QPaintEvent, QPen, QRadialGradient
from PySide6.QtWidgets import QLineEdit, QWidget

from ffmate_desktop.gui.submit.dropped_paths import has_paths, paths_from
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.plain_text import painter_text, plain

_MAX_NAMED = 3
"""How many of the files are named."""

_CENTERED = Qt.AlignmentFlag.AlignCenter
_WRAPPED = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


@dataclass(frozen=True, slots=True)
class DropZone:
    """A part of the window that handles drops itself: its area, and what the overlay says there."""

    area: QRect
    title: str
    text: str


class DropTarget(QObject):
    """Accepts files anywhere in a window and emits `dropped` with their paths.

    `zone_at` returns the DropZone at a position, if any. Files dropped there are emitted with `dropped_in_zone`.
    """

    dropped = Signal(list)
    dropped_in_zone = Signal(list)

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self.overlay = DropOverlay(window, theme)
        self.zone_at: Callable[[QPoint], DropZone | None] = lambda _position: None
        for widget in (window, self.overlay):
            widget.setAcceptDrops(True)
            widget.installEventFilter(self)
        for field in window.findChildren(QLineEdit):  # otherwise a drop would paste the path into a field
            field.setAcceptDrops(False)
        self._hide_timer = QTimer(self, singleShot=True, interval=0)
        self._hide_timer.timeout.connect(self.overlay.hide)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A drag enters the window, then the overlay, and leaves the one it entered last."""
        kind = event.type()
        if kind in (QEvent.Type.DragEnter, QEvent.Type.DragMove) and isinstance(event, QDropEvent):
            if not has_paths(event.mimeData()):
                return False
            self._hide_timer.stop()
            zone = self._zone_of(watched, event)
            if not self.overlay.isVisible() or zone != self.overlay.zone:
                self.overlay.show_drag(event.mimeData(), zone)
            self._accept(event)
            return True
        if kind == QEvent.Type.DragLeave:
            self._hide_timer.start()
            return True
        if kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self.overlay.hide()
            paths = paths_from(event.mimeData())
            if paths:
                self._accept(event)
                self._window.activateWindow()
                zone = self._zone_of(watched, event)
                (self.dropped if zone is None else self.dropped_in_zone).emit(paths)
            return True
        if kind == QEvent.Type.Resize and watched is self._window:
            self.overlay.setGeometry(self._window.rect())
        return False

    def _zone_of(self, watched: QObject, event: QDropEvent) -> DropZone | None:
        position = event.position().toPoint()
        if watched is self.overlay:
            position = self.overlay.mapTo(self._window, position)
        return self.zone_at(position)

    def _accept(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)  # after a move, some file managers delete the files
        event.accept()


class DropOverlay(QWidget):
    """Says what a drop will do. `preset` is the name of the preset that will be used."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        self._title = self._names = ""
        self.preset = ""
        self.zone: DropZone | None = None
        self.hide()

    def show_drag(self, data: QMimeData, zone: DropZone | None = None) -> None:
        """Cover the window while `data` is dragged over it, or over this zone."""
        self.zone = zone
        paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        count = len(paths)
        single = self.tr("Drop it to queue it")
        self._title = single if count == 1 else self.tr("Drop %n items to queue them", "", count)
        if zone is not None:
            self._title = zone.title
        self._names = self._names_text(paths)
        self.setAccessibleName(plain(f"{self._title}: {self._names}"))
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        self.update()

    def _names_text(self, paths: Sequence[str]) -> str:
        names = [PurePath(path.rstrip("/")).name or path for path in paths[:_MAX_NAMED]]
        more = len(paths) - len(names)
        listed = ", ".join(names)
        return self.tr("{0} and {1} more").format(listed, formatting.number(more)) if more else listed

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Dim the window, frame the drop target, and say what a drop does."""
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        ground = QRectF(self.zone.area if self.zone else self.rect())
        painter.fillRect(self.rect(), tokens.tint("window", 0.5 if self.zone else 0.94))
        if self.zone:
            painter.fillRect(ground, tokens.color("window"))
        frame = ground.adjusted(22, 22, -22, -22)
        painter.fillRect(frame, tokens.tint("accent", 0.05))
        pen = QPen(tokens.color("link"), 2, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([5, 4])
        painter.setPen(pen)
        painter.drawRoundedRect(frame, 14, 14)
        middle = QPointF(ground.center().x(), ground.center().y() - 60)
        self._paint_cards(painter, middle)
        self._paint_text(painter, QRectF(ground.left() + 60, middle.y() + 96, ground.width() - 120, 34))

    def _paint_cards(self, painter: QPainter, middle: QPointF) -> None:
        tokens = self._theme.tokens
        glow = QRadialGradient(middle, 210)
        glow.setColorAt(0, tokens.tint("accent", 0.34 if tokens.is_dark else 0.16))
        glow.setColorAt(1, tokens.tint("accent", 0.0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(glow)
        painter.drawEllipse(middle, 210, 210)
        scale = self.devicePixelRatioF()
        for side in (-1, 1):
            painter.save()
            painter.translate(middle.x() + side * 58, middle.y() + 6)
            painter.rotate(side * 11)
            self._paint_card(painter, QRectF(-50, -60, 100, 120))
            icon = self._theme.pixmap("file-video", "text_3", 28, scale)
            painter.drawPixmap(QPointF(side * 14 - 14, -14), icon)
            painter.restore()
        self._paint_card(painter, QRectF(middle.x() - 50, middle.y() - 62, 100, 124))
        icon = self._theme.pixmap("folder-sync" if self.zone else "download", "link", 40, scale)
        painter.drawPixmap(QPointF(middle.x() - 20, middle.y() - 20), icon)

    def _paint_card(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(self._theme.tokens.color("line_strong"))
        painter.setBrush(self._theme.tokens.color("surface"))
        painter.drawRoundedRect(area, 12, 12)

    def _paint_text(self, painter: QPainter, rect: QRectF) -> None:
        tokens = self._theme.tokens
        painter.setPen(tokens.color("text"))
        painter.setFont(fonts.bold(26))
        title = painter_text(self._title)
        title_rect = painter.boundingRect(rect, _WRAPPED, title)
        painter.drawText(title_rect, _WRAPPED, title)
        rect.translate(0, title_rect.height() + 4)
        painter.setFont(fonts.medium(14))
        painter.setPen(tokens.color("text_2"))
        names = painter.fontMetrics().elidedText(
            painter_text(self._names), Qt.TextElideMode.ElideMiddle, int(min(rect.width(), 760))
        )
        painter.drawText(rect, _CENTERED, names)
        rect.translate(0, 48)
        if self.preset and not self.zone:
            self._paint_preset(painter, rect.center())
            rect.translate(0, 38)
        painter.setFont(fonts.text(13))
        painter.setPen(tokens.color("text_2"))
        text = self.zone.text if self.zone else self.tr("You can change it in the next step  ·  Esc cancels")
        painter.drawText(rect.adjusted(0, 8, 0, 40), _WRAPPED, text)

    def _paint_preset(self, painter: QPainter, middle: QPointF) -> None:
        tokens = self._theme.tokens
        painter.setFont(fonts.bold(14))
        text = painter_text(self.tr("Preset: {0}").format(self.preset))
        width = painter.fontMetrics().horizontalAdvance(text) + 56
        pill = QRectF(middle.x() - width / 2, middle.y() - 18, width, 36)
        painter.setPen(tokens.color("line_strong"))
        painter.setBrush(tokens.color("surface"))
        painter.drawRoundedRect(pill, 18, 18)
        icon = self._theme.pixmap("sliders-horizontal", "link", 16, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(pill.left() + 16, pill.top() + 10), icon)
        painter.setPen(tokens.color("text"))
        painter.drawText(pill.adjusted(40, 0, -16, 0), Qt.AlignmentFlag.AlignVCenter, text)
