"""An editor for ffmpeg commands: highlights wildcards, and shows errors while typing."""

import re

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.grammar import tokenise
from ffmate_desktop.domain.wildcards import wildcards_in
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.command_layout import break_at_blanks
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.plain_text import editor_text
from ffmate_desktop.gui.widgets.wildcard_menu import WildcardButton

_WILDCARD = re.compile(r"\$\{([^}]*)\}")
_OPTION = re.compile(r"(?:^|(?<=\s))-[A-Za-z][\w:.-]*")
_STEP = re.compile(r"&&")
_MAX_HINT = 200


_MAX_EDITABLE = 100_000
"""Characters. Windows allows 32,767 per command line, Linux 131,072 per argument."""


class CommandEdit(QWidget):
    """Emits `edited` on every change. `error` is the current problem with the command, or None."""

    edited = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.error: UserError | None = None
        self.text = QPlainTextEdit()
        self.text.setFont(fonts.mono(12))
        self.text.setProperty("class", "code")
        self.text.setAccessibleName(self.tr("Command"))
        self.text.setTabChangesFocus(True)
        break_at_blanks(self.text)
        self._checked_text = ""
        self._uneditable: str | None = None
        self._colors = _Colors(self.text.document(), theme)
        self.error_label = label(look="failed", wraps=True)
        self.error_label.hide()
        self.insert = WildcardButton(theme)
        self.insert.chosen.connect(self._insert)
        policy = self.insert.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.insert.setSizePolicy(policy)
        bar = QHBoxLayout()
        hint = ElidedLabel("third")
        hint.setText(self.tr("Arguments for ffmpeg; && separates steps"))
        bar.addWidget(hint, 1)
        bar.addWidget(self.insert)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(bar)
        column.addWidget(self.text, 1)
        column.addWidget(self.error_label)
        self.text.textChanged.connect(self._on_change)

    def set_command(self, command: str) -> None:
        """Show a command. One too long for any system is shown cut and read-only: it would freeze the window."""
        self._uneditable = command if len(command) > _MAX_EDITABLE else None
        self.text.setReadOnly(self._uneditable is not None)
        self.text.setPlainText(command if self._uneditable is None else editor_text(command))

    def command(self) -> str:
        return (self.text.toPlainText() if self._uneditable is None else self._uneditable).strip()

    def _insert(self, text: str) -> None:
        if self._uneditable is not None:
            return
        self.text.insertPlainText(text)
        self.text.setFocus()

    def _on_change(self) -> None:
        """Qt also emits `textChanged` when only the colours change, with a new theme."""
        if self.text.toPlainText() == self._checked_text:
            return
        self._checked_text = self.text.toPlainText()
        self.error = (
            command_error(self.command())
            if self._uneditable is None
            else UserError(self.tr("This command is too long to edit."))
        )
        self.error_label.setText("" if self.error is None else _error_text(self.error))
        self.error_label.setVisible(self.error is not None)
        self.edited.emit()


def command_error(command: str) -> UserError | None:
    """The error that the grammar or the wildcards report, or None."""
    try:
        for step in tokenise(command):
            for token in step:
                wildcards_in(token)
    except UserError as error:
        return error
    return None


def _error_text(error: UserError) -> str:
    """Leave out a hint that lists all wildcards: the menu shows them."""
    return f"{error.message} {error.hint}".strip() if len(error.hint) < _MAX_HINT else error.message


class _Colors(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme
        theme.changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:  # noqa: N802 - a name of Qt
        """Colour options, steps and known wildcards; underline unknown wildcards."""
        tokens = self._theme.tokens
        option = QTextCharFormat()
        option.setForeground(tokens.color("text"))
        step = QTextCharFormat()
        step.setForeground(tokens.color("warning"))
        for pattern, look in ((_OPTION, option), (_STEP, step)):
            for match in pattern.finditer(text):
                self.setFormat(match.start(), match.end() - match.start(), look)
        for match in _WILDCARD.finditer(text):
            look = QTextCharFormat()
            look.setForeground(tokens.color("link"))
            look.setFontWeight(QFont.Weight.Bold)
            if command_error(match[0]) is not None:
                look.setForeground(tokens.color("failed"))
                look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
                look.setUnderlineColor(tokens.color("failed"))
            self.setFormat(match.start(), match.end() - match.start(), look)
