"""The fields of a preset, checked while typing."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.preset import Preset, PresetExtra
from ffmate_desktop.domain.queue_order import HIGHEST_PRIORITY
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.domain.wildcards import expand
from ffmate_desktop.gui.presets.defaults import DEFAULT_COMMAND, DEFAULT_OUTPUT_NAME, NEXT_TO_INPUT
from ffmate_desktop.gui.presets.script_fields import ScriptFields
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.command_edit import CommandEdit
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.plain_text import plain
from ffmate_desktop.gui.widgets.segments import Segments
from ffmate_desktop.gui.widgets.wildcard_example import example_values
from ffmate_desktop.gui.widgets.wildcard_menu import WildcardButton
from ffmate_desktop.services.preset_editor import PresetDraft, as_draft, check_preset

EXAMPLE_INPUT = "/films/Harbour_Lights.mov"
NEW_PRESET = PresetDraft(
    name="",
    command=DEFAULT_COMMAND,
    output_file=f"{NEXT_TO_INPUT}/{DEFAULT_OUTPUT_NAME}",
    extra=PresetExtra(),
)

_TOP = Qt.AlignmentFlag.AlignTop
_VALUES = example_values(EXAMPLE_INPUT, TaskSource.WINDOW, {})


class PresetForm(QWidget):
    """Emits `edited` on every change. `error` says why the preset can't be saved, None if it can."""

    edited = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.error: UserError | None = None
        self._shown = NEW_PRESET
        self._is_filling = False
        self.name = QLineEdit()
        self.description = QLineEdit()
        self.command = CommandEdit(theme)
        self.output = QLineEdit()
        self.example = ElidedLabel("third")
        self.insert = WildcardButton(theme, for_output=True)
        self.priority = QLineEdit()
        self.priority.setValidator(QIntValidator(0, HIGHEST_PRIORITY, self.priority))
        self.priority.setPlaceholderText("0")
        self.priority.setToolTip(self.tr("Higher numbers run first"))
        self.labels = QLineEdit()
        self.labels.setPlaceholderText(self.tr("Any node"))
        self.labels.setToolTip(self.tr("Labels a node must have, such as gpu or storage:media"))
        self.scripts = ScriptFields(theme)
        self.parts = Segments([self.tr("Encode"), self.tr("Scripts")], self.tr("Parts of the preset"))
        self.error_label = label(look="failed", wraps=True)
        self._fields = (self.name, self.description, self.output, self.priority, self.labels)
        self._lay_out()
        for field in self._fields:
            field.setAcceptDrops(False)
            field.textChanged.connect(self._on_change)
        self.command.edited.connect(self._on_change)
        self.scripts.edited.connect(self._on_change)
        self.insert.chosen.connect(self._on_insert)

    def _lay_out(self) -> None:
        output = QHBoxLayout()
        output.addWidget(self.output, 1)
        output.addWidget(self.insert)
        output_column = QVBoxLayout()
        output_column.setSpacing(4)
        output_column.addLayout(output)
        output_column.addWidget(self.example)
        last = QHBoxLayout()
        last.setSpacing(12)
        last.addWidget(self.priority, 1)
        last.addWidget(self._title_label(self.tr("Labels"), self.labels))
        last.addWidget(self.labels, 3)
        encode = QWidget()
        grid = QGridLayout(encode)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(12)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(2, 1)
        grid.addWidget(self._title_label(self.tr("Name"), self.name), 0, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self._title_label(self.tr("Description"), self.description), 1, 0)
        grid.addWidget(self.description, 1, 1)
        grid.addWidget(self._title_label(self.tr("Command"), self.command.text, 8), 2, 0, _TOP)
        grid.addWidget(self.command, 2, 1)
        grid.addWidget(self._title_label(self.tr("Output"), self.output, 9), 3, 0, _TOP)
        grid.addLayout(output_column, 3, 1)
        grid.addWidget(self._title_label(self.tr("Priority"), self.priority), 4, 0)
        grid.addLayout(last, 4, 1)
        stack = QStackedWidget()
        stack.addWidget(encode)
        stack.addWidget(self.scripts)
        self.parts.chosen.connect(stack.setCurrentIndex)
        self.parts.chosen.connect(self._on_change)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(self.parts)
        column.addWidget(stack, 1)
        column.addWidget(self.error_label)

    def _title_label(self, text: str, field: QWidget, top: int = 0) -> QLabel:
        title = label(text, "caption")
        title.setBuddy(field)
        title.setContentsMargins(0, top, 0, 0)
        field.setAccessibleName(plain(text))
        return title

    # -- Content -------------------------------------------------------------------------------------------------

    def show_preset(self, preset: Preset | None) -> None:
        """Show a preset, or the defaults of a new one."""
        self.show_draft(NEW_PRESET if preset is None else as_draft(preset))
        self.set_editable(preset is None or not (preset.built_in or preset.unreadable))

    def show_draft(self, draft: PresetDraft) -> None:
        self._is_filling = True
        self.name.setText(draft.name)
        self.description.setText(draft.description)
        self.command.set_command(draft.command)
        self.output.setText(draft.output_file)
        self.priority.setText(str(draft.priority))
        self.labels.setText(" ".join(draft.labels))
        self.scripts.show_extra(draft.extra or PresetExtra())
        for field in self._fields:
            field.setCursorPosition(0)
        self._is_filling = False
        self._shown = self.draft()  # fields drop a trailing line break, so compare with what they show
        self._on_change()

    def set_editable(self, editable: bool) -> None:
        for field in (*self._fields, self.command.text):
            field.setReadOnly(not editable)
        self.scripts.set_editable(editable)
        self.insert.setVisible(editable)
        self.command.insert.setVisible(editable)

    def draft(self) -> PresetDraft:
        """What is entered, unchecked."""
        return PresetDraft(
            name=self.name.text().strip(),
            command=self.command.command(),
            description=self.description.text().strip(),
            output_file=self.output.text().strip(),
            priority=int(self.priority.text()) if self.priority.hasAcceptableInput() else 0,
            labels=tuple(self.labels.text().replace(",", " ").split()),
            extra=self.scripts.extra(),
        )

    @property
    def is_changed(self) -> bool:
        return self.draft() != self._shown

    def _on_change(self) -> None:
        if self._is_filling:  # a half-filled form would count as changed, and disable the list
            return
        draft = self.draft()
        try:
            check_preset(draft)
            self.error = None
        except UserError as error:
            self.error = error
        has_own_place = self.command.error is not None and self.parts.current == 0  # below the command
        shows_error = self.error is not None and not has_own_place and draft != NEW_PRESET
        self.error_label.setText(
            f"{self.error.message} {self.error.hint}".strip() if shows_error and self.error else ""
        )
        self.error_label.setVisible(shows_error)
        self.example.setText(self._example(draft.output_file))
        self.parts.set_counts([None, self.scripts.count() or None])
        self.edited.emit()

    def _example(self, pattern: str) -> str:
        if not pattern:
            return self.tr("This preset has no output file.")
        try:
            output = expand(pattern, _VALUES)
        except UserError:
            return " "
        return self.tr("{0} becomes {1}").format(EXAMPLE_INPUT, output)

    def _on_insert(self, text: str) -> None:
        self.output.insert(text)
        self.output.setFocus()
