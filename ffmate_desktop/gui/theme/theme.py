"""The current theme: follows the system or the user's choice, and emits `changed`."""

from pathlib import Path
from string import Template

from PySide6.QtCore import QObject, QSize, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton, QToolButton

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.icons import Icons
from ffmate_desktop.gui.theme.tokens import DARK, LIGHT, Tokens
from ffmate_desktop.settings.preferences import Appearance

ICON_GAP = 5
"""Pixels between the icon and the text of a push button."""

_SCHEMES = {
    Appearance.SYSTEM: Qt.ColorScheme.Unknown,
    Appearance.LIGHT: Qt.ColorScheme.Light,
    Appearance.DARK: Qt.ColorScheme.Dark,
}


class Theme(QObject):
    """Colours, icons and style sheet. `changed` is emitted after they are applied to the application.

    `resources` is the folder that contains fonts, icons and `window.qss`.
    """

    changed = Signal()

    def __init__(self, app: QApplication, resources: Path) -> None:
        super().__init__(app)
        self._app = app
        self._icons = Icons(resources / "icons", app.devicePixelRatio)
        self._sheet = Template((resources / "window.qss").read_text(encoding="utf-8"))
        self._resources = resources
        self._drawings = QTemporaryDir()  # style sheets load pictures only from files, in a fixed colour
        self.tokens: Tokens = LIGHT
        self._appearance = Appearance.SYSTEM
        fonts.load_fonts(resources / "fonts")
        app.setStyle("Fusion")
        app.setFont(fonts.text())
        app.styleHints().colorSchemeChanged.connect(self._apply)
        self._apply()

    def set_appearance(self, appearance: Appearance) -> None:
        """Use this appearance, or follow the system."""
        self._appearance = appearance
        self._app.styleHints().setColorScheme(_SCHEMES[appearance])  # for the frame and native dialogs
        self._apply()

    def icon(self, name: str, color: str = "text_2", gap: int = 0) -> QIcon:
        """An icon in a token's colour. Get it again after `changed`."""
        return self._icons.icon(name, self.tokens.color(color), 16, gap)

    def pixmap(self, name: str, color: str, size: int, scale: float) -> QPixmap:
        return self._icons.pixmap(name, self.tokens.color(color), size, scale)

    def set_icon(self, button: QAbstractButton, name: str, color: str = "text") -> None:
        """Give a button an icon that follows the theme."""
        beside = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        has_text = isinstance(button, QPushButton) or (
            isinstance(button, QToolButton) and button.toolButtonStyle() == beside
        )
        gap = ICON_GAP if has_text and button.layoutDirection() == Qt.LayoutDirection.LeftToRight else 0
        button.setIconSize(QSize(16 + gap, 16))
        button.setIcon(self.icon(name, color, gap))
        updater = _IconUpdater(self, button, name, color, gap)
        self.changed.connect(updater.update)

    def _apply(self) -> None:
        scheme = _SCHEMES[self._appearance]
        if self._appearance is Appearance.SYSTEM:
            scheme = self._app.styleHints().colorScheme()
        tokens = DARK if scheme == Qt.ColorScheme.Dark else LIGHT
        if tokens is self.tokens and self._app.styleSheet():
            return
        self.tokens = tokens
        self._app.setPalette(_palette(tokens))
        values = {name: getattr(tokens, name) for name in Tokens.__slots__}
        self._app.setStyleSheet(self._sheet.substitute(values | self._pictures(tokens)))
        self.changed.emit()

    def _pictures(self, tokens: Tokens) -> dict[str, str]:
        """Write icon files in the theme's colours; returns their paths by their names in the style sheet."""
        folder = Path(self._drawings.path())
        pictures = {}
        for name, color in (("check", "on_accent"), ("chevron-down", "text_2"), ("chevron-up", "text_2")):
            target = folder / f"{name}-{'dark' if tokens.is_dark else 'light'}.svg"
            source = (self._resources / "icons" / f"{name}.svg").read_text(encoding="utf-8")
            target.write_text(source.replace("currentColor", getattr(tokens, color)), encoding="utf-8")
            pictures[name.replace("-", "_")] = target.as_posix()
        return pictures


class _IconUpdater(QObject):
    """A child of the button, so that its connection to the theme ends with the button."""

    def __init__(self, theme: Theme, button: QAbstractButton, name: str, color: str, gap: int) -> None:
        for old in button.findChildren(_IconUpdater, options=Qt.FindChildOption.FindDirectChildrenOnly):
            old.setParent(None)
            theme.changed.disconnect(old.update)
        super().__init__(button)
        self._theme, self._button, self._look = theme, button, (name, color, gap)

    def update(self) -> None:
        self._button.setIcon(self._theme.icon(*self._look))


def _palette(tokens: Tokens) -> QPalette:
    role = QPalette.ColorRole
    colors = {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.surface,
        role.AlternateBase: tokens.raised,
        role.Text: tokens.text,
        role.PlaceholderText: tokens.text_3,
        role.Button: tokens.surface,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.on_accent,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on_accent,
        role.Accent: tokens.accent,
        role.Link: tokens.link,
        role.LinkVisited: tokens.link,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.Light: tokens.raised,
        role.Midlight: tokens.line,
        role.Mid: tokens.line_strong,
        role.Dark: tokens.line,
        role.Shadow: tokens.line,
    }
    palette = QPalette()
    for name, value in colors.items():
        palette.setColor(name, value)
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, tokens.color("text_3"))
    return palette
