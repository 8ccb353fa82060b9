"""Open a file with its default program, or show it in the file manager."""

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def open_file(path: str) -> bool:
    """Open the file with its default program; False if it isn't on this computer."""
    return Path(path).exists() and QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def show_in_folder(path: str) -> bool:
    """Open the folder, with the file selected if possible; False if the folder isn't on this computer."""
    file = Path(path)
    if not file.parent.is_dir():
        return False
    if file.exists() and _reveal(file):
        return True
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))


def _reveal(file: Path) -> bool:
    if sys.platform == "win32":
        return _start("explorer", ["/select,", str(file)])
    if sys.platform == "darwin":
        return _start("open", ["-R", str(file)])
    return _start(
        "dbus-send",
        [
            "--session",
            "--dest=org.freedesktop.FileManager1",
            "--type=method_call",
            "/org/freedesktop/FileManager1",
            "org.freedesktop.FileManager1.ShowItems",
            f"array:string:{QUrl.fromLocalFile(str(file)).toString(QUrl.ComponentFormattingOption.FullyEncoded)}",
            "string:",
        ],
    )


def _start(program: str, arguments: list[str]) -> bool:
    started = QProcess.startDetached(program, arguments)
    return bool(started[0] if isinstance(started, tuple) else started)
