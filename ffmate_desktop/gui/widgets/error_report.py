"""A dialog for unexpected errors: what happened, the details, and a button to copy them for a bug report."""

import platform
import traceback

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from ffmate_desktop import __version__
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.widgets.labels import label


class ErrorReportDialog(QDialog):
    """Open it with `open()`; the program and its node keep running."""

    def __init__(self, error: BaseException, doing: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Something went wrong"))
        self.resize(680, 420)
        self.text = _details(error, doing)
        details = QPlainTextEdit(self.text)
        details.setReadOnly(True)
        details.setProperty("class", "code")
        details.setFont(fonts.mono(11))
        details.setAccessibleName(self.tr("Error details"))
        self._copy = QPushButton(self.tr("Copy details"))
        self._copy.clicked.connect(self.copy)
        close = QPushButton(self.tr("Close"))
        close.setProperty("class", "primary")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._copy)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(12)
        column.addWidget(label(self.tr("This is a bug in FFmate Desktop."), "heading"))
        column.addWidget(
            label(
                self.tr(
                    "It happened while: {0}. Your tasks and this node keep running. "
                    "Please report it with the details below."
                ).format(doing),
                "second",
                wraps=True,
            )
        )
        column.addWidget(details, 1)
        column.addLayout(buttons)

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
        self._copy.setText(self.tr("Copied"))


def _details(error: BaseException, doing: str) -> str:
    return (
        f"FFmate Desktop {__version__}, Qt {qVersion()}, Python {platform.python_version()}, {platform.platform()}\n"
        f"While: {doing}\n\n{''.join(traceback.format_exception(error))}"
    )
