"""The progress of everything that runs, on the program's icon in the taskbar or the dock, where the system has that.

Linux: the signal that docks listen to (Ubuntu's, KDE's, Cinnamon's). Windows: ITaskbarList3. macOS: a badge.
"""

from __future__ import annotations

import sys
from typing import Protocol

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from ffmate_desktop import logs
from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.frame.main_window import MainWindow

AGAIN = 2000
"""Milliseconds after which it is looked again while something runs."""


class Dock(Protocol):
    """What can be told on an icon."""

    def show(self, share: float | None, running: int) -> None:
        """`share` (0 to 1) of what runs is done, or None: nothing runs; `running` tasks."""
        ...


class DockProgress(QObject):
    """Tells the dock when it has changed by a percent. Owned by the window."""

    def __init__(self, window: MainWindow, tracker: ProgressTracker, dock: Dock) -> None:
        super().__init__(window)
        self._window, self._tracker, self._dock = window, tracker, dock
        self._shown: tuple[int | None, int] = (None, 0)
        self._timer = QTimer(self, interval=AGAIN)
        self._timer.timeout.connect(self._look)
        bridge = window.context.bridge
        bridge.progress.connect(self._look)
        bridge.tasks_changed.connect(self._look)
        bridge.anything_changed.connect(self._look)
        window.detaching.connect(self._clear)

    def _look(self, _news: object = None) -> None:
        percents = self._tracker.percents() if self._window.services is not None else []
        percent = round(sum(percents) / len(percents)) if percents else None
        self._tell(percent, len(percents))

    def _clear(self) -> None:
        self._tell(None, 0)

    def _tell(self, percent: int | None, running: int) -> None:
        if percent is None:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()  # nobody tells that the last one fell silent
        if (percent, running) != self._shown:
            self._shown = (percent, running)
            self._dock.show(None if percent is None else percent / 100, running)


class Badge:
    """A number on the icon, for docks that show no bar."""

    def show(self, share: float | None, running: int) -> None:
        """How many run."""
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.setBadgeNumber(running if share is not None else 0)


def find_dock(window: MainWindow) -> Dock:
    """The one of this desktop."""
    try:
        if sys.platform == "win32":
            from ffmate_desktop.gui.desktop.dock_windows import Taskbar  # noqa: PLC0415 - only there

            return Taskbar(int(window.winId()))
        if sys.platform != "darwin":
            from ffmate_desktop.gui.desktop.dock_linux import UnityLauncher  # noqa: PLC0415 - only there

            return UnityLauncher(QGuiApplication.desktopFileName())
    except (ImportError, OSError) as error:
        logs.root.debug("No progress on the icon: %s", error)
    return Badge()
