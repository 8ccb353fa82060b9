"""Edits a queued task: name, priority, labels, command and output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.command_edit import CommandEdit
from ffmate_desktop.gui.widgets.fields import Fields
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.number_field import NumberField
from ffmate_desktop.gui.widgets.wildcard_menu import WildcardButton
from ffmate_desktop.services.edits import TaskEdit

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.domain.task import Task

_MAX_PRIORITY = 2_147_483_647


class EditTaskDialog(QDialog):
    """Emits `edited` with the changes. The opener saves them and then closes the dialog.

    Closing deletes the dialog, possibly while a change is being saved.
    """

    edited = Signal(object)

    def __init__(self, task: Task, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.task = task
        self.setWindowTitle(self.tr("Edit task"))
        self.resize(720, 520)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fields = Fields()
        self.name = fields.line()
        self.name.setText(task.name)
        self.priority = NumberField(0, _MAX_PRIORITY, self.tr("Priority"))
        self.priority.setValue(task.priority)
        self.labels = fields.line(self.tr("Any node"))
        self.labels.setText(", ".join(task.labels))
        self.output = fields.line()
        self.output.setText(task.output_file.raw)
        self.command = CommandEdit(theme)
        self.command.set_command(task.command.raw)
        self._before = self._entered()  # fields drop a trailing line break, so compare with what they show
        insert = WildcardButton(theme, for_output=True)
        insert.chosen.connect(self.output.insert)
        self.error = label(look="failed", wraps=True)
        self.error.hide()
        fields.row(self.tr("Name"), self.name)
        fields.row(self.tr("Priority"), self.priority)
        fields.row(self.tr("Labels"), self.labels)
        fields.row(self.tr("Output"), self.output, insert)
        fields.row(self.tr("Command"), self.command, is_tall=True)
        cancel = QPushButton(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.save = QPushButton(self.tr("Save"))
        self.save.setProperty("class", "primary")
        self.save.setDefault(True)
        self.save.clicked.connect(lambda: self.edited.emit(self.change()))
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(14)
        column.addWidget(label(self.tr("Edit task"), "heading"))
        column.addWidget(fields, 1)
        column.addWidget(self.error)
        column.addLayout(buttons)

    def change(self) -> TaskEdit:
        """Only the fields that differ from the task."""
        before, now = self._before, self._entered()
        return TaskEdit(
            name=now.name if now.name != before.name else None,
            priority=now.priority if now.priority != before.priority else None,
            labels=now.labels if now.labels != before.labels else None,
            output_file=now.output_file if now.output_file != before.output_file else None,
            command=now.command if now.command != before.command else None,
        )

    def _entered(self) -> TaskEdit:
        return TaskEdit(
            name=self.name.text().strip(),
            priority=self.priority.value(),
            labels=tuple(self.labels.text().replace(",", " ").split()),
            output_file=self.output.text(),
            command=self.command.command(),
        )

    def show_error(self, sentence: str) -> None:
        self.error.setText(sentence)
        self.error.show()
