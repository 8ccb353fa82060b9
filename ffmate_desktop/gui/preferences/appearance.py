"""Appearance settings: three pictures to choose from. A choice applies at once."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout

from ffmate_desktop.gui.preferences.section import Section
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.theme.tokens import DARK, LIGHT, Tokens
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.settings.preferences import Appearance

_PICTURE, _SIZE = QSize(146, 96), QSize(146, 128)


class AppearanceSection(Section):
    """`chosen` is emitted with the Appearance on each click."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, appearance: Appearance) -> None:
        super().__init__(
            theme, self.tr("Appearance"), self.tr("How the window looks. Changes apply immediately.")
        )
        titles = {
            Appearance.SYSTEM: self.tr("Same as system"),
            Appearance.LIGHT: self.tr("Light"),
            Appearance.DARK: self.tr("Dark"),
        }
        row = QHBoxLayout()
        row.setSpacing(16)
        self._group = QButtonGroup(self)
        self.tiles: dict[Appearance, AppearanceTile] = {}
        for which, title in titles.items():
            tile = AppearanceTile(theme, which, title)
            tile.setChecked(which is appearance)
            self._group.addButton(tile)
            self.tiles[which] = tile
            row.addWidget(tile)
        row.addStretch(1)
        self.column.addLayout(row)
        self.column.addStretch(1)
        self._group.buttonClicked.connect(self._on_click)

    @property
    def appearance(self) -> Appearance:
        """The chosen appearance."""
        return next(which for which, tile in self.tiles.items() if tile.isChecked())

    def _on_click(self) -> None:
        self.chosen.emit(self.appearance)
        self.edited.emit()


class AppearanceTile(QAbstractButton):
    """A small picture of the window in one theme, or split between both."""

    def __init__(self, theme: Theme, which: Appearance, title: str) -> None:
        super().__init__()
        self._theme, self._which = theme, which
        self.setText(title)
        self.setAccessibleName(plain(title))
        self.setCheckable(True)
        self.setFixedSize(_SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture in a frame, with the title below."""
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(2, 2, _PICTURE.width() - 4, _PICTURE.height() - 4)
        if self._which is Appearance.SYSTEM:
            half = QRectF(0, 0, area.center().x(), _PICTURE.height())
            for look, clip in ((LIGHT, half), (DARK, half.translated(half.width(), 0))):
                painter.save()
                painter.setClipRect(clip)
                _paint_window(painter, area, look)
                painter.restore()
        else:
            _paint_window(painter, area, LIGHT if self._which is Appearance.LIGHT else DARK)
        is_strong = self.isChecked() or self.hasFocus()
        painter.setPen(
            QPen(tokens.color("accent" if is_strong else "line_strong"), 2 if self.isChecked() else 1)
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 8, 8)
        below = QRectF(0, _PICTURE.height() + 4, self.width(), self.height() - _PICTURE.height() - 4)
        painter.setFont(fonts.bold(13))
        painter.setPen(tokens.color("text" if self.isChecked() else "text_2"))
        text = painter.fontMetrics().horizontalAdvance(self.text())
        left = (self.width() - text - (20 if self.isChecked() else 0)) / 2
        if self.isChecked():
            mark = self._theme.pixmap("circle-check", "link", 14, self.devicePixelRatioF())
            painter.drawPixmap(round(left), round(below.center().y() - 7), mark)
            left += 20
        painter.drawText(below.adjusted(left, 0, 20, 0), _LEFT, self.text())


def _paint_window(painter: QPainter, area: QRectF, look: Tokens) -> None:
    """Sidebar, a button, and three rows."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color("window"))
    painter.drawRoundedRect(area, 8, 8)
    painter.setBrush(look.color("sidebar"))
    painter.drawRoundedRect(QRectF(area.x(), area.y(), 42, area.height()), 8, 8)
    painter.setBrush(look.color("line_strong"))
    for row in range(3):
        painter.drawRoundedRect(QRectF(area.x() + 8, area.y() + 14 + 12 * row, 24, 4), 2, 2)
    painter.setBrush(look.color("accent"))
    painter.drawRoundedRect(QRectF(area.right() - 36, area.y() + 10, 26, 9), 3, 3)
    for row, (name, part) in enumerate((("running", 0.6), ("done", 1.0), ("queued", 0.3))):
        top = area.y() + 30 + 19 * row
        painter.setBrush(look.color("surface"))
        painter.drawRoundedRect(QRectF(area.x() + 52, top, area.width() - 62, 15), 4, 4)
        painter.setBrush(look.color(name))
        painter.drawRoundedRect(QRectF(area.x() + 58, top + 6, (area.width() - 76) * part, 3), 1.5, 1.5)


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
