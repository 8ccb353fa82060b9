"""Where a command for ffmpeg is written: wildcards stand out, and what is wrong with it is told while one types."""

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
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.plain_text import editor_text
from ffmate_desktop.gui.widgets.wildcard_menu import WildcardButton

_WILDCARD = re.compile(r"\$\{([^}]*)\}")
_OPTION = re.compile(r"(?:^|(?<=\s))-[A-Za-z][\w:.-]*")
_STEP = re.compile(r"&&")
_LONG = 200


_TOO_LONG = 100_000
"""Characters; Windows starts 32,767 at most, Linux 131,072 in one argument."""


class CommandEdit(QWidget):
    """`edited` comes with every change; `error` is what is wrong, or None."""

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
        self._judged = ""
        self._whole: str | None = None
        self._colors = _Colors(self.text.document(), theme)
        self._error_label = label(look="failed", wraps=True)
        self._error_label.hide()
        self.insert = WildcardButton(theme)
        self.insert.chosen.connect(self._insert)
        policy = self.insert.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.insert.setSizePolicy(policy)
        bar = QHBoxLayout()
        bar.addWidget(label(self.tr("Arguments for ffmpeg; && parts two steps"), "third"))
        bar.addStretch(1)
        bar.addWidget(self.insert)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(bar)
        column.addWidget(self.text, 1)
        column.addWidget(self._error_label)
        self.text.textChanged.connect(self._on_change)

    def set_command(self, command: str) -> None:
        """Show this one. One that no system could start is cut and cannot be edited: it would freeze the window."""
        self._whole = command if len(command) > _TOO_LONG else None
        self.text.setReadOnly(self._whole is not None)
        self.text.setPlainText(command if self._whole is None else editor_text(command))

    def command(self) -> str:
        """As it is written."""
        return (self.text.toPlainText() if self._whole is None else self._whole).strip()

    def _insert(self, text: str) -> None:
        if self._whole is not None:
            return
        self.text.insertPlainText(text)
        self.text.setFocus()

    def _on_change(self) -> None:
        """Qt tells of new colours as well, which come with another theme."""
        if self.text.toPlainText() == self._judged:
            return
        self._judged = self.text.toPlainText()
        self.error = (
            command_error(self.command())
            if self._whole is None
            else UserError(self.tr("This command is too long to be edited."))
        )
        self._error_label.setText("" if self.error is None else _in_words(self.error))
        self._error_label.setVisible(self.error is not None)
        self.edited.emit()


def command_error(command: str) -> UserError | None:
    """What the grammar or the wildcards refuse."""
    try:
        for step in tokenise(command):
            for token in step:
                wildcards_in(token)
    except UserError as error:
        return error
    return None


def _in_words(trouble: UserError) -> str:
    """The hint may list all wildcards, which the menu shows better."""
    return f"{trouble.message} {trouble.hint}".strip() if len(trouble.hint) < _LONG else trouble.message


class _Colors(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme
        theme.changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:  # noqa: N802 - a name of Qt
        """Options, steps, and wildcards: known ones in colour, unknown ones underlined."""
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
