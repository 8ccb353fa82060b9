"""A task's log: follows the end, with search and save."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.plain_text import editor_text, plain

_ERROR_WORDS = ("error", "fatal", "panic", "failed")
_WARNING_WORDS = ("warning", "deprecated")


class _Colors(QSyntaxHighlighter):
    """Colours lines with errors and warnings."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme
        theme.changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:  # noqa: N802 - Qt's name
        line = text.lower()
        color = "failed" if any(word in line for word in _ERROR_WORDS) else ""
        color = color or ("warning" if any(word in line for word in _WARNING_WORDS) else "")
        if color:
            shape = QTextCharFormat()
            shape.setForeground(self._theme.tokens.color(color))
            self.setFormat(0, len(text), shape)


class LogView(QWidget):
    """Emits `save_requested` with the path the user chose; the owner writes the file."""

    save_requested = Signal(str)

    def __init__(self, theme: Theme, suggested_name: Callable[[], str]) -> None:
        super().__init__()
        self._suggested_name = suggested_name
        self._text = ""
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setProperty("class", "code")
        self.lines.setFont(fonts.mono(11))
        self.lines.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.lines.setFrameShape(QFrame.Shape.NoFrame)
        self.lines.setAccessibleName(self.tr("Task log"))
        self.lines.setMinimumHeight(150)
        self.lines.setPlaceholderText(self.tr("The log appears once the task runs."))
        self._colors = _Colors(self.lines.document(), theme)
        self._state = label(look="third")
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search the log"))
        self.search.setAccessibleName(self.tr("Search the log"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda text: self._find(text, from_start=True))
        self.search.returnPressed.connect(lambda: self._find(self.search.text()))
        self.search.hide()
        find = _button(theme, "search", self.tr("Search the log"))
        find.setCheckable(True)
        find.toggled.connect(self._toggle_search)
        self._save = _button(theme, "save", self.tr("Save the log"))
        self._save.clicked.connect(self._choose_file)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(label(self.tr("Log"), "caption"))
        head.addStretch(1)
        head.addWidget(self._state)
        head.addWidget(find)
        head.addWidget(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.search)
        column.addWidget(self.lines, 1)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self.search, lambda: find.setChecked(False))

    @property
    def text(self) -> str:
        return self._text

    def show_text(self, text: str, *, follows: bool) -> None:
        """Replace the log, or append new text. Keeps the position of a user who scrolled up."""
        self._state.setText(self.tr("live") if follows else "")
        self._save.setEnabled(bool(text))
        if text == self._text:
            return
        bar = self.lines.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        if self._text and text.startswith(self._text):
            new = text[len(self._text) :].rstrip("\n")
            if new:
                self.lines.appendPlainText(editor_text(new))
        else:
            place = bar.value()
            self.lines.setPlainText(editor_text(text.rstrip("\n")))
            bar.setValue(bar.maximum() if at_end else place)
        self._text = text
        if at_end:
            bar.setValue(bar.maximum())

    def clear_log(self) -> None:
        self._text = ""
        self.lines.clear()
        self._state.setText("")

    def _toggle_search(self, on: bool) -> None:
        self.search.setVisible(on)
        if on:
            self.search.setFocus()
        else:
            self.search.clear()

    def _find(self, text: str, *, from_start: bool = False) -> None:
        if from_start:
            cursor = self.lines.textCursor()
            cursor.setPosition(0)
            self.lines.setTextCursor(cursor)
        if text and not self.lines.find(text):
            cursor = self.lines.textCursor()
            cursor.setPosition(0)  # wrap around to the top
            self.lines.setTextCursor(cursor)
            self.lines.find(text)

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Save the log"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(self._suggested_name())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save_requested)
        dialog.open()


def _button(theme: Theme, icon: str, text: str) -> QToolButton:
    button = QToolButton()
    button.setToolTip(plain(text))
    button.setAccessibleName(plain(text))
    theme.set_icon(button, icon, "text_2")
    return button
