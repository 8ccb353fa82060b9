"""The tray icon: this computer's state, a menu, and notifications that can be turned off."""

import sys
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QRectF, Qt, QTimer
from PySide6.QtGui import QAction, QIcon, QPainter
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.gui.widgets.plain_text import menu_text, plain, plain_line

_SIDE = 64
_SECONDS = 10
_RETRY_INTERVAL = 10_000
"""Milliseconds between two checks for a tray, which may start after this program."""


class Tray(QObject):
    """Appears once the system has a tray. Owned by the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._theme = window, window.context.theme
        self._shown: tuple[str, str] | None = None
        self.menu = QMenu(window)
        self.open = self._add(self.tr("Open FFmate Desktop"), window.bring_to_front)
        self.pause = self._add("", window.node_panel.toggle_pause)
        self.menu.addSeparator()
        self.notices = self.menu.addAction(self.tr("Show notifications"))
        self.notices.setCheckable(True)
        self._preferences = window.context.preferences
        self._preferences.changed.connect(self._show_switch)
        self._show_switch()
        self.notices.toggled.connect(self._on_switch)
        self.settings = self._add(self.tr("Settings …"), window.settings_requested.emit)
        self.menu.addSeparator()
        self.quit = self._add(self.tr("Quit FFmate Desktop"), window.quit_requested.emit)
        self.menu.setDefaultAction(self.open)
        self.icon = QSystemTrayIcon(self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._on_activated)
        self.icon.messageClicked.connect(window.bring_to_front)
        window.node_panel.paused_changed.connect(lambda _paused: self._show())
        self._show()
        self._waiting = QTimer(self, interval=_RETRY_INTERVAL)
        self._waiting.timeout.connect(self._appear)
        self._waiting.start()
        self._appear()

    def _appear(self) -> None:
        """Wait for a tray: without one, Qt prints a warning."""
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._waiting.stop()
            self.icon.show()

    def show_notification(self, title: str, text: str) -> None:
        """Show a system notification, unless the user turned them off."""
        if self.notices.isChecked() and self.icon.supportsMessages() and self.icon.isVisible():
            self.icon.showMessage(plain_line(title), plain(text), self._window.windowIcon(), _SECONDS * 1000)

    def close(self) -> None:
        """Hide the icon. Windows would otherwise keep it until the mouse moves over it."""
        self._waiting.stop()
        self.icon.hide()

    def _show_switch(self) -> None:
        self.notices.setChecked(self._preferences.current.window.notices.shown)

    def _on_switch(self, on: bool) -> None:
        notices = self._preferences.current.window.notices
        self._preferences.save_window(notices=replace(notices, shown=on))

    def _add(self, text: str, act: Callable[[], object]) -> QAction:
        action = self.menu.addAction(menu_text(text))
        action.triggered.connect(lambda _checked: act())
        return action

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        clicks = (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick)
        if reason in clicks and sys.platform != "darwin":  # on macOS a click opens the menu
            self._window.bring_to_front()

    # -- State ---------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Update menu, icon and tool tip from the node panel."""
        panel, services = self._window.node_panel, self._window.services
        works = services is not None and services.node.is_working
        if services is not None and not works:
            text = self.tr("Work on the queue")
        else:
            text = self.tr("Resume this computer") if panel.is_paused else self.tr("Pause this computer")
        self.pause.setText(text)
        self.pause.setEnabled(services is not None)
        if services is not None and services.node.join_error is not None:
            badge = ("triangle-alert", "warning")
        elif panel.is_paused:
            badge = ("pause", "paused")
        elif services is not None and services.node.running:
            badge = ("play", "running")
        else:
            badge = ("", "")
        if badge != self._shown:
            self._shown = badge
            self.icon.setIcon(self._picture(*badge))
        self.icon.setToolTip(plain(f"FFmate Desktop\n{panel.accessibleName()}"))

    def _picture(self, badge: str, color: str) -> QIcon:
        """The logo with a state icon in its corner; colour alone would not be enough."""
        pixmap = self._window.windowIcon().pixmap(_SIDE, _SIDE)
        if badge:
            ratio = pixmap.devicePixelRatio()
            side = pixmap.width() / ratio
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            corner = QRectF(side * 0.44, side * 0.44, side * 0.56, side * 0.56)
            painter.setBrush(self._theme.tokens.color("surface"))
            painter.drawEllipse(corner)
            inner = corner.adjusted(side * 0.09, side * 0.09, -side * 0.09, -side * 0.09)
            picture = self._theme.pixmap(badge, color, round(inner.width()), ratio)
            painter.drawPixmap(inner, picture, QRectF(picture.rect()))
            painter.end()
        return QIcon(pixmap)
