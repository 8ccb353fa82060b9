"""Changing a task that still waits: name, priority, labels, command and output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.number_field import NumberField
from ffmate_desktop.services.edits import TaskEdit

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.domain.task import Task

_HIGHEST = 2_147_483_647


class EditTaskDialog(QDialog):
    """Open it with `open()`. `edited` carries what shall be different; whoever opened it closes it when that worked.

    It is deleted when it is closed, perhaps while its change is being saved.
    """

    edited = Signal(object)

    def __init__(self, task: Task, parent: QWidget) -> None:
        super().__init__(parent)
        self.task = task
        self.setWindowTitle(self.tr("Edit task"))
        self.resize(620, 380)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.name = QLineEdit(task.name)
        self.priority = NumberField(0, _HIGHEST, self.tr("Priority"))
        self.priority.setValue(task.priority)
        self.labels = QLineEdit(", ".join(task.labels))
        self.labels.setPlaceholderText(self.tr("Any node may run it"))
        self.output = QLineEdit(task.output_file.raw)
        self.command = QPlainTextEdit(task.command.raw)
        self.command.setFont(fonts.mono(12))
        self.command.setProperty("class", "code")
        self.command.setTabChangesFocus(True)
        self.trouble = label(look="failed", wraps=True)
        self.trouble.hide()
        form = QFormLayout()
        form.setVerticalSpacing(10)
        form.setHorizontalSpacing(16)
        for text, field in (
            (self.tr("Name"), self.name),
            (self.tr("Priority"), self.priority),
            (self.tr("Labels"), self.labels),
            (self.tr("Output"), self.output),
            (self.tr("Command"), self.command),
        ):
            field.setAccessibleName(text)
            form.addRow(text, field)
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
        column.addLayout(form, 1)
        column.addWidget(self.trouble)
        column.addLayout(buttons)

    def change(self) -> TaskEdit:
        """Only what is different from the task as it was."""
        before = self.task
        words = tuple(word for word in self.labels.text().replace(",", " ").split() if word)
        name, output, command = self.name.text().strip(), self.output.text(), self.command.toPlainText()
        return TaskEdit(
            name=name if name != before.name else None,
            priority=self.priority.value() if self.priority.value() != before.priority else None,
            labels=words if words != tuple(before.labels) else None,
            output_file=output if output != before.output_file.raw else None,
            command=command if command != before.command.raw else None,
        )

    def show_trouble(self, sentence: str) -> None:
        """Say why it could not be saved."""
        self.trouble.setText(sentence)
        self.trouble.show()
