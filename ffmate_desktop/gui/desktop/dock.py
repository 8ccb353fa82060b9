"""Shows the progress of all running tasks on the program's icon in the taskbar or dock.

Linux: LauncherEntry over D-Bus (Ubuntu, KDE, Cinnamon). Windows: ITaskbarList3. macOS: a badge.
"""

from __future__ import annotations

import sys
from typing import Protocol

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from ffmate_desktop import logs
from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.frame.main_window import MainWindow

CHECK_INTERVAL = 2000
"""Milliseconds between two checks while tasks run."""


class Dock(Protocol):
    """An icon that can show progress."""

    def show(self, share: float | None, running: int) -> None:
        """Show the done share (0 to 1) of `running` tasks; None if nothing runs."""
        ...


class DockProgress(QObject):
    """Updates the dock whenever the overall progress changes by a percent. Owned by the window."""

    def __init__(self, window: MainWindow, tracker: ProgressTracker, dock: Dock) -> None:
        super().__init__(window)
        self._window, self._tracker, self._dock = window, tracker, dock
        self._shown: tuple[int | None, int] = (None, 0)
        self._timer = QTimer(self, interval=CHECK_INTERVAL)
        self._timer.timeout.connect(self._update)
        bridge = window.context.bridge
        bridge.progress.connect(self._update)
        bridge.tasks_changed.connect(self._update)
        bridge.anything_changed.connect(self._update)
        window.detaching.connect(self._clear)

    def _update(self, _change: object = None) -> None:
        percents = self._tracker.percents() if self._window.services is not None else []
        percent = round(sum(percents) / len(percents)) if percents else None
        self._show(percent, len(percents))

    def _clear(self) -> None:
        self._show(None, 0)

    def _show(self, percent: int | None, running: int) -> None:
        if percent is None:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()  # no signal comes when the last task goes stale
        if (percent, running) != self._shown:
            self._shown = (percent, running)
            self._dock.show(None if percent is None else percent / 100, running)


class BadgeDock:
    """Shows the number of running tasks on docks without a progress bar."""

    def show(self, share: float | None, running: int) -> None:
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.setBadgeNumber(running if share is not None else 0)


def find_dock(window: MainWindow) -> Dock:
    """The dock of this desktop."""
    try:
        if sys.platform == "win32":
            from ffmate_desktop.gui.desktop.dock_windows import Taskbar  # noqa: PLC0415 - only there

            return Taskbar(int(window.winId()))
        if sys.platform != "darwin":
            from ffmate_desktop.gui.desktop.dock_linux import UnityLauncher  # noqa: PLC0415 - only there

            return UnityLauncher(QGuiApplication.desktopFileName())
    except (ImportError, OSError) as error:
        logs.root.debug("Cannot show progress on the icon: %s", error)
    return BadgeDock()
