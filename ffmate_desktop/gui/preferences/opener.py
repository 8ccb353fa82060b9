"""Opens the settings dialog, one at a time, from menu, sidebar, shortcut or tray."""

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.gui.preferences.switching import Switching
from ffmate_desktop.gui.program import Program

if TYPE_CHECKING:
    from ffmate_desktop.gui.preferences.dialog import SettingsDialog


class SettingsOpener(QObject):
    """Owned by the window. `dialog` is the open one."""

    def __init__(self, window: MainWindow, program: Program, switching: Switching) -> None:
        super().__init__(window)
        self._window, self._program, self._switching = window, program, switching
        self.dialog: SettingsDialog | None = None
        self.action = QAction(self.tr("Settings …"), window)
        self.action.setMenuRole(QAction.MenuRole.PreferencesRole)
        self.action.setShortcut(QKeySequence("Ctrl+,"))
        self.action.triggered.connect(lambda _checked: self.open())
        window.addAction(self.action)
        # Qt moves it to the application menu, which otherwise needs no menu bar of its own
        if sys.platform == "darwin":
            window.menuBar().addMenu(self.tr("Window")).addAction(self.action)
        window.sidebar.settings.setToolTip(
            self.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        )
        window.sidebar.settings.show()
        window.sidebar.settings_requested.connect(self.open)
        window.settings_requested.connect(self.open)
        window.detaching.connect(self._on_detaching)
        trouble = window.context.preferences.load_error
        if trouble is not None:
            window.show_error(trouble)

    def open(self) -> None:
        """Show the dialog, or bring the open one to the front."""
        from ffmate_desktop.gui.preferences.dialog import SettingsDialog  # noqa: PLC0415 - no start waits for it

        if self.dialog is None:
            if not self._window.isVisible():  # it was asked for from the tray
                self._window.bring_to_front()
            self.dialog = SettingsDialog(self._window, self._switching)
            self.dialog.finished.connect(self._on_finished)
            self.dialog.open()
        else:
            self.dialog.raise_()
            self.dialog.activateWindow()

    def _on_finished(self, _result: int) -> None:
        self.dialog = None

    def _on_detaching(self) -> None:
        if self.dialog is not None and self._program.is_leaving:
            self.dialog.reject()
