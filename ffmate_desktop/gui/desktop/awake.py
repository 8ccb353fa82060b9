"""Keeps the computer awake while it encodes."""

from PySide6.QtCore import QObject, QTimer

from ffmate_desktop.domain.sleep_inhibitor import SleepInhibitor
from ffmate_desktop.gui.frame.main_window import MainWindow

CHECK_INTERVAL = 2000
"""Milliseconds between two checks. Only a check releases, so that the gap between two tasks changes nothing."""


class KeepAwake(QObject):
    """Prevents sleep while this window's node runs tasks, and shows that in the status strip. Owned by the window."""

    def __init__(self, window: MainWindow, inhibitor: SleepInhibitor) -> None:
        super().__init__(window)
        self._window, self._inhibitor = window, inhibitor
        self._holds = False
        self._timer = QTimer(self, interval=CHECK_INTERVAL)
        self._timer.timeout.connect(self._check)
        self._timer.start()
        window.context.bridge.tasks_changed.connect(lambda _ids: self._hold_if_busy())
        window.detaching.connect(self._release)

    def _is_busy(self) -> bool:
        services = self._window.services
        return services is not None and services.node.running > 0

    def _check(self) -> None:
        self._hold_if_busy()
        if self._holds and not self._is_busy():
            self._holds = False
            self._inhibitor.release()
        self._show()

    def _hold_if_busy(self) -> None:
        if not self._holds and self._is_busy():
            self._holds = True  # only once: a system that refuses will refuse again
            self._inhibitor.hold()
            self._show()

    def _release(self) -> None:
        self._holds = False
        self._inhibitor.release()
        self._show()

    def _show(self) -> None:
        text = self.tr("Staying awake while encoding") if self._inhibitor.held else ""
        self._window.status.notice.setText(text)
