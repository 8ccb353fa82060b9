"""Shows the test of a preset on the first seconds of a file: its result, or why it failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from ffmate_desktop.gui.base.desktop_files import open_file
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.media_text import media_summary
from ffmate_desktop.gui.widgets.meter import Meter
from ffmate_desktop.gui.widgets.plain_text import editor_text

if TYPE_CHECKING:
    from ffmate_desktop.services.preset_test import PresetTestResult

_WIDTH, _STILL_HEIGHT = 608, 315


class PresetTestDialog(QDialog):
    """The test's output exists until the dialog is closed: await `wait_closed` before deleting it."""

    def __init__(self, theme: Theme, title: str, source: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Test preset"))
        self.setFixedWidth(_WIDTH)
        self._closed = asyncio.Event()
        self.output_path = ""
        self.heading = label(self.tr("Testing “{0}” …").format(title), "heading", wraps=True)
        self.line = label(
            self.tr("Encoding the first 2 seconds of your file to a temporary folder."), "second", wraps=True
        )
        name = ElidedLabel("third")
        name.setText(source)
        self.meter = Meter(theme)
        self.still = label()
        self.still.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.still.setAccessibleName(self.tr("A frame of the result"))
        self.still.hide()
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setProperty("class", "code")
        self.log.setFont(fonts.mono(11))
        self.log.setAccessibleName(self.tr("ffmpeg output"))
        self.log.setFixedHeight(120)
        self.log.hide()
        self.open_output = QPushButton(self.tr("Open"))
        theme.set_icon(self.open_output, "external-link", "text")
        self.open_output.clicked.connect(lambda: open_file(self.output_path))
        self.open_output.hide()
        self.close_button = QPushButton(self.tr("Cancel"))
        self.close_button.clicked.connect(self.reject)
        self.finished.connect(lambda _result: self._closed.set())
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        buttons.addWidget(self.open_output)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(10)
        for widget in (self.heading, name, self.line, self.meter, self.still, self.log):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(buttons)

    async def wait_closed(self) -> None:
        await self._closed.wait()

    def show_progress(self, percent: float) -> None:
        if not self._closed.is_set():
            self.meter.set_value(percent / 100)

    def show_result(self, result: PresetTestResult) -> None:
        if result.output is None:
            self.show_error(result.trouble, result.hint, "\n".join(result.lines))
            return
        self._finish(self.tr("It works."), media_summary(result.facts))
        self.output_path = str(result.output)
        self.open_output.show()
        picture = QPixmap(str(result.still)) if result.still is not None else QPixmap()
        if not picture.isNull():
            scale = self.devicePixelRatioF()
            scaled = picture.scaled(
                round((_WIDTH - 48) * scale),
                round(_STILL_HEIGHT * scale),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            scaled.setDevicePixelRatio(scale)
            self.still.setPixmap(scaled)
            self.still.show()
        self.adjustSize()

    def show_error(self, sentence: str, hint: str, log: str = "") -> None:
        self._finish(sentence, hint)
        self.log.setPlainText(editor_text(log))
        self.log.setVisible(bool(log))
        self.adjustSize()

    def _finish(self, heading: str, line: str) -> None:
        self.heading.setText(heading)
        self.line.setText(line)
        self.meter.hide()
        self.close_button.setText(self.tr("Close"))

    def closeEvent(self, event: QCloseEvent) -> None:
        self._closed.set()
        super().closeEvent(event)
