"""Progress for docks that support com.canonical.Unity.LauncherEntry over D-Bus."""

from __future__ import annotations

from PySide6.QtDBus import QDBusConnection, QDBusMessage

_INTERFACE = "com.canonical.Unity.LauncherEntry"
_PATH = "/com/canonical/unity/launcherentry/ffmate"


class UnityLauncher:
    """`desktop_file` is the name of our .desktop file without its suffix. Raises OSError without a session bus."""

    def __init__(self, desktop_file: str) -> None:
        self._uri = f"application://{desktop_file}.desktop"
        self._bus = QDBusConnection.sessionBus()
        if not self._bus.isConnected():
            raise OSError(self._bus.lastError().message() or "no D-Bus session bus")

    def show(self, share: float | None, running: int) -> None:
        """Send the signal; docks don't reply."""
        signal = QDBusMessage.createSignal(_PATH, _INTERFACE, "Update")
        values = {
            "progress": share or 0.0,
            "progress-visible": share is not None,
            "count": running,
            "count-visible": running > 0,
        }
        signal.setArguments([self._uri, values])
        self._bus.send(signal)
