"""Parts of the detail pane: why a task failed, its command, and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.command_layout import break_at_blanks, height_of_lines
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.media_text import media_summary
from ffmate_desktop.gui.widgets.plain_text import editor_text, plain

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.domain.task import Task


_SEPARATOR = "  ·  "
_LINES = 4
"""Lines of a command that are visible without scrolling."""


class ErrorCard(QFrame):
    """The cause of a failure, with a button to queue the file differently."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("class", "inset")
        self._icon = QLabel()
        self.cause = label(look="strong", wraps=True, selectable=True)
        self.more = label(look="second", wraps=True, selectable=True)
        self.resubmit_button = QPushButton(self.tr("Queue differently …"))
        self.resubmit_button.setProperty("class", "small")
        self.resubmit_button.setToolTip(self.tr("Queue the same file with another preset or command"))
        theme.set_icon(self.resubmit_button, "sliders-horizontal", "text")
        head = QHBoxLayout()
        head.setSpacing(9)
        head.addWidget(self._icon)
        head.addWidget(self.cause, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.resubmit_button)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(13, 11, 13, 12)
        column.setSpacing(7)
        column.addLayout(head)
        column.addWidget(self.more)
        column.addLayout(foot)
        theme.changed.connect(self._paint_icon)
        self._paint_icon()

    def show_error(self, text: str) -> None:
        """The first line or sentence is the cause, the rest the explanation."""
        first, _, rest = text.partition("\n")
        if not rest:
            end = first.find(". ")
            if end > 0:
                first, rest = first[: end + 1], first[end + 2 :]
        self.cause.setText(first or self.tr("The encode failed."))
        self.more.setText(rest.strip())
        self.more.setVisible(bool(rest.strip()))
        self.setAccessibleName(plain(text))

    def show_buttons(self, shown: bool) -> None:
        """Hidden for a task that is unreadable but has not failed."""
        self.resubmit_button.setVisible(shown)

    def _paint_icon(self) -> None:
        self._icon.setPixmap(self._theme.pixmap("triangle-alert", "failed", 18, self.devicePixelRatioF()))


class CommandBox(QWidget):
    """The command of the task, with a button that copies it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._command = ""
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setProperty("class", "code")
        self.lines.setFont(fonts.mono(11))
        self.lines.setFixedHeight(height_of_lines(self.lines, _LINES))
        break_at_blanks(self.lines)
        self.lines.setTabChangesFocus(True)
        self.lines.setAccessibleName(self.tr("Command"))
        self.copy = QPushButton(self.tr("Copy"))
        self.copy.setProperty("class", "quiet")
        self.copy.clicked.connect(self._copy)
        theme.set_icon(self.copy, "copy", "text_2")
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Command"), "caption"), 1)
        head.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.lines)

    def show_command(self, command: str) -> None:
        text = command if command.startswith("ffmpeg") else f"ffmpeg {command}"
        if text != self._command:
            self._command = text
            self.lines.setPlainText(editor_text(text))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._command)
        self.copy.setText(self.tr("Copied"))
        QTimer.singleShot(1500, self, lambda: self.copy.setText(self.tr("Copy")))


class FilesBox(QWidget):
    """Input and output: their paths and media facts."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._input = self._add(self.tr("Input"))
        self._column.addSpacing(8)
        self._output = self._add(self.tr("Output"))

    @property
    def input_facts(self) -> str:
        return self._input[1].text()

    def _add(self, name: str) -> tuple[ElidedLabel, QLabel]:
        self._column.addWidget(label(name, "third"))
        path, facts = ElidedLabel("fact"), label(look="third", wraps=True)
        self._column.addWidget(path)
        self._column.addWidget(facts)
        return path, facts

    def show_task(self, task: Task) -> None:
        facts = task.facts or {}
        outputs = facts.get("outputs")
        found = outputs[0] if isinstance(outputs, list) and outputs else None
        self._show(self._input, task.input_file.resolved or task.input_file.raw, facts.get("input"))
        self._show(self._output, task.output_file.resolved or task.output_file.raw, found)

    @staticmethod
    def _show(labels: tuple[ElidedLabel, QLabel], path: str, facts: object) -> None:
        labels[0].setText(path.replace("\\", "/").rsplit("/", 1)[-1])
        labels[0].setAccessibleName(plain(path))
        labels[0].tip = path
        words = media_summary(facts)
        text = words.replace(" ", "\u00a0").replace(_SEPARATOR.replace(" ", "\u00a0"), _SEPARATOR)
        labels[1].setText(text)  # no line break between a number and its unit
        labels[1].setVisible(bool(words))
