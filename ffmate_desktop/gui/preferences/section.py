"""Base class of the sections: a heading, fields with a title above and a note below, and `trouble`."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.icon_label import IconLabel
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.settings.setting import Setting, Source
from ffmate_desktop.settings.table import Settings


class SectionNote(QWidget):
    """The note below a field: help, or a result with an icon."""

    def __init__(self, theme: Theme, help_text: str = "") -> None:
        super().__init__()
        self._help = help_text
        self._icon = IconLabel(theme, "info", "text_3", 14)
        self._text = label(look="third", wraps=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 0, 0, 0)
        row.setSpacing(7)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        self.show_help()

    @property
    def text(self) -> str:
        """The text of the note."""
        return self._text.text()

    def show_help(self) -> None:
        """Show the help."""
        self._say(self._help, "", "")

    def show_good(self, text: str) -> None:
        """Show a good result."""
        self._say(text, "circle-check", "done")

    def show_bad(self, text: str) -> None:
        """Show an error."""
        self._say(text, "triangle-alert", "failed")

    def show_waiting(self, text: str) -> None:
        """Show that a check is running."""
        self._say(text, "loader", "text_3")

    def show_fact(self, text: str) -> None:
        """Show a plain fact, such as why the field is locked."""
        self._say(text, "info", "text_3")

    def _say(self, text: str, icon: str, color: str) -> None:
        self._text.setText(text)
        self._icon.setVisible(bool(icon))
        if icon:
            self._icon.show_icon(icon, color)
        self.setVisible(bool(text))


class Section(QWidget):
    """`edited` is emitted on each change; `trouble` says why the section can't be saved, or is empty."""

    edited = Signal()

    def __init__(self, theme: Theme, title: str, lead: str) -> None:
        super().__init__()
        self._theme = theme
        self.trouble = ""
        self.setAccessibleName(plain(title))
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(16)
        head = QVBoxLayout()
        head.setSpacing(3)
        head.addWidget(label(title, "big"))
        head.addWidget(label(lead, "second", wraps=True))
        self.column.addLayout(head)

    def add_field(
        self, title: str, field: QWidget, help_text: str = "", beside: QWidget | None = None
    ) -> SectionNote:
        """Add a field with its title above; returns the note below it."""
        caption = label(title, "caption")
        caption.setBuddy(field)
        field.setAccessibleName(plain(title))
        note = SectionNote(self._theme, help_text)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(field, 1 if isinstance(field, QLineEdit) else 0)
        if beside is not None:
            row.addWidget(beside)
        elif not isinstance(field, QLineEdit):
            row.addStretch(1)
        box = QVBoxLayout()
        box.setSpacing(5)
        box.addWidget(caption)
        box.addLayout(row)
        box.addWidget(note)
        self.column.addLayout(box)
        return note

    def add_group(self, *widgets: QWidget, inner: Sequence[QWidget] = ()) -> None:
        """Add widgets close together; `inner` ones are indented below them."""
        box = QVBoxLayout()
        box.setSpacing(9)
        for widget in widgets:
            box.addWidget(widget)
        inside = QVBoxLayout()
        inside.setContentsMargins(25, 0, 0, 0)
        inside.setSpacing(9)
        for widget in inner:
            inside.addWidget(widget)
        if inner:
            box.addLayout(inside)
        self.column.addLayout(box)

    def add_line(self) -> None:
        """Add a line between two groups."""
        line = QFrame()
        line.setProperty("class", "line")
        line.setFixedHeight(1)
        self.column.addWidget(line)

    def lock_if_explicit(
        self, settings: Settings, setting: Setting[Any], note: SectionNote, *fields: QWidget
    ) -> bool:
        """Lock the fields if the command line or the environment overrides the setting; returns whether it does."""
        if not settings.is_explicit(setting):
            return False
        note.show_fact(
            self.tr("Set on the command line with {0}, which overrides this dialog.").format(setting.option)
            if settings.source(setting) is Source.COMMAND_LINE
            else self.tr("Set by the variable {0}, which overrides this dialog.").format(setting.variable)
        )
        for field in fields:
            field.setEnabled(False)
        return True
