"""A sidebar entry: icon, name and count."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.plain_text import plain

_HEIGHT = 35
_TEXT_LEFT = 40
_TWO_DIGITS = 30


class NavButton(QAbstractButton):
    """A checkable button with an optional count."""

    def __init__(self, theme: Theme, icon: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icon = theme, icon
        self._count: int | None = None
        self.setText(text)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAccessibleName(plain(text))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme.changed.connect(self.update)

    def set_count(self, count: int | None) -> None:
        if count != self._count:
            self._count = count
            self.setAccessibleDescription("" if count is None else formatting.number(count))
            self.update()

    def sizeHint(self) -> QSize:
        """Has room for the text and a count of two digits."""
        text = QFontMetrics(fonts.bold(14)).horizontalAdvance(self.text())
        return QSize(_TEXT_LEFT + text + 8 + _TWO_DIGITS + 8, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.isChecked():
            painter.setBrush(tokens.color("nav_selected"))
            painter.drawRoundedRect(area, 8, 8)
        elif self.underMouse():
            painter.setBrush(tokens.tint("text_3", 0.12))
            painter.drawRoundedRect(area, 8, 8)
        if self.hasFocus():
            painter.setPen(tokens.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, 8, 8)
        middle = self.height() / 2
        icon = self._theme.pixmap(
            self._icon, "link" if self.isChecked() else "text_2", 18, self.devicePixelRatioF()
        )
        painter.drawPixmap(12, round(middle - 9), icon)
        painter.setFont(fonts.bold(14))
        painter.setPen(tokens.color("text" if self.isChecked() else "text_2"))
        room = self.width() - _TEXT_LEFT - 8 - (0 if self._count is None else self._pill_width() + 6)
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, round(room))
        painter.drawText(QRectF(_TEXT_LEFT, 0, room, self.height()), _LEFT, text)
        if self._count is not None:
            self._paint_count(painter, middle)

    def _pill_width(self) -> float:
        return max(
            22.0, QFontMetrics(fonts.bold(12)).horizontalAdvance(formatting.number(self._count or 0)) + 14.0
        )

    def _paint_count(self, painter: QPainter, middle: float) -> None:
        tokens = self._theme.tokens
        painter.setFont(fonts.bold(12))
        text = formatting.number(self._count or 0)
        width = self._pill_width()
        pill = QRectF(self.width() - 8 - width, middle - 10, width, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.tint("text_3", 0.20))
        painter.drawRoundedRect(pill, 10, 10)
        painter.setPen(tokens.color("text_2"))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
