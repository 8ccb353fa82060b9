"""No sleep while this computer encodes: held when something begins here, released when it is idle."""

from PySide6.QtCore import QObject, QTimer

from ffmate_desktop.domain.sleep_inhibitor import SleepInhibitor
from ffmate_desktop.gui.frame.main_window import MainWindow

LOOK = 2000
"""Milliseconds between two looks; only a look releases, so that the gap between two tasks changes nothing."""


class KeepAwake(QObject):
    """Watches the node of the window. The status strip tells when the computer is kept awake. Owned by the window."""

    def __init__(self, window: MainWindow, inhibitor: SleepInhibitor) -> None:
        super().__init__(window)
        self._window, self._inhibitor = window, inhibitor
        self._tried = False
        self._timer = QTimer(self, interval=LOOK)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        window.context.bridge.tasks_changed.connect(lambda _ids: self._hold_if_busy())
        window.detaching.connect(self._look_last)

    def _is_busy(self) -> bool:
        services = self._window.services
        return services is not None and services.node.running > 0

    def _look(self) -> None:
        self._hold_if_busy()
        if self._tried and not self._is_busy():
            self._tried = False
            self._inhibitor.release()
        self._show()

    def _hold_if_busy(self) -> None:
        if not self._tried and self._is_busy():
            self._tried = True  # once: where the system refuses, it refuses again
            self._inhibitor.hold()
            self._show()

    def _look_last(self) -> None:
        self._tried = False
        self._inhibitor.release()
        self._show()

    def _show(self) -> None:
        words = self.tr("Kept awake while it encodes") if self._inhibitor.held else ""
        self._window.status.notice.setText(words)
