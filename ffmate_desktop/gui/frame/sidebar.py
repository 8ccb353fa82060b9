"""The sidebar: name, theme switch, pages with counts, this computer's node, settings and version."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent, QPolygonF

from PySide6.QtCore import QPointF, QRectF  # isort: skip
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from ffmate_desktop import __version__
from ffmate_desktop.gui.nodes.panel import NodePanel
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.nav_button import NavButton
from ffmate_desktop.gui.widgets.plain_text import plain

WIDTH = 228
"""Pixels; more if a title needs it."""


@dataclass(frozen=True, slots=True)
class SidebarEntry:
    """A page in the sidebar: icon, translated title, and the section it belongs to."""

    icon: str
    title: str
    section: str = ""


class Logo(QWidget):
    """The program's logo."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(32, 32)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_logo(painter, QRectF(self.rect()))


def paint_logo(painter: QPainter, area: QRectF) -> None:
    """Paint the logo: two arrows on a rounded square. Used by sidebar, window icon and tray."""
    side = area.width()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    gradient = QLinearGradient(area.topLeft(), area.bottomRight())
    gradient.setColorAt(0, "#6d84ff")
    gradient.setColorAt(1, "#3a50d9")
    painter.setBrush(gradient)
    painter.drawRoundedRect(area, side * 0.25, side * 0.25)
    for left, color in ((0.24, "#ffffff"), (0.50, "#c9d2ff")):
        painter.setBrush(color)
        corners = ((left, 0.27), (left + 0.28, 0.5), (left, 0.73))
        painter.drawPolygon(
            QPolygonF([QPointF(area.x() + x * side, area.y() + y * side) for x, y in corners])
        )


class Sidebar(QWidget):
    """Emits `chosen` with the number of the page the user clicks."""

    chosen = Signal(int)
    theme_toggled = Signal()
    settings_requested = Signal()

    def __init__(self, theme: Theme, panel: NodePanel, entries: Sequence[SidebarEntry]) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("class", "sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.tr("Pages"))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 22, 11, 14)
        column.setSpacing(7)
        column.addLayout(self._head())
        column.addSpacing(12)
        self.buttons: list[NavButton] = []
        section = ""
        for number, entry in enumerate(entries):
            if entry.section != section:
                section = entry.section
                column.addSpacing(10)
                heading = label(self.tr("Cluster"), "section")
                heading.setContentsMargins(12, 0, 0, 0)
                column.addWidget(heading)
            button = NavButton(theme, entry.icon, entry.title)
            button.setToolTip(plain(f"{entry.title}  Ctrl+{number + 1}"))
            button.clicked.connect(lambda _checked=False, number=number: self.chosen.emit(number))
            self.buttons.append(button)
            column.addWidget(button)
        margins = column.contentsMargins()
        widest = max(button.sizeHint().width() for button in self.buttons)
        self.setFixedWidth(max(WIDTH, widest + margins.left() + margins.right()))
        column.addStretch(1)
        column.addWidget(panel)
        column.addLayout(self._foot())
        theme.changed.connect(self._paint_switch)
        self._paint_switch()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 2, 0)
        row.setSpacing(10)
        row.addWidget(Logo())
        name = label("FFmate", "heading")
        row.addWidget(name)
        row.addStretch(1)
        self.switch = QToolButton()
        self.switch.clicked.connect(self.theme_toggled)
        row.addWidget(self.switch)
        return row

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(2, 6, 8, 0)
        self.settings = QToolButton()
        self.settings.setText(self.tr("Settings"))
        self.settings.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._theme.set_icon(self.settings, "settings", "text_2")
        self.settings.clicked.connect(self.settings_requested)
        self.settings.hide()  # until SettingsOpener exists
        row.addWidget(self.settings)
        row.addStretch(1)
        row.addWidget(label(__version__, "third"))
        return row

    def show_page(self, number: int) -> None:
        """Highlight this page."""
        self.buttons[number].setChecked(True)

    def set_count(self, number: int, count: int | None) -> None:
        self.buttons[number].set_count(count)

    def _paint_switch(self) -> None:
        dark = self._theme.tokens.is_dark
        text = self.tr("Switch to light theme") if dark else self.tr("Switch to dark theme")
        self.switch.setIcon(self._theme.icon("moon" if dark else "sun", "text_2"))
        self.switch.setToolTip(plain(text))
        self.switch.setAccessibleName(plain(text))
