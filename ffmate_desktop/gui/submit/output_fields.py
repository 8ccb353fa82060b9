"""The output fields of the submit sheet: folder, name, what to do if the name is taken, priority and labels."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.status import IfExists
from ffmate_desktop.gui.submit.choice import SubmitChoice
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.folder_dialog import ask_for_folder
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.plain_text import painter_text, plain
from ffmate_desktop.gui.widgets.segments import Segments
from ffmate_desktop.gui.widgets.wildcard_menu import WildcardButton

_MAX_PRIORITY = 1_000_000
_POLICIES = (IfExists.RENAME, IfExists.REPLACE, IfExists.SKIP)


class OutputFields(QWidget):
    """Emits `edited` on every change."""

    edited = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.folder = QLineEdit()
        self.folder.setPlaceholderText(self.tr("Next to each file"))
        self.folder.setClearButtonEnabled(True)
        self._browse = QPushButton(self.tr("Choose …"))
        self._browse.setAccessibleName(self.tr("Choose output folder"))
        theme.set_icon(self._browse, "folder-open", "text_2")
        self.name = QLineEdit()
        self._preset_name = ""
        self._insert = WildcardButton(theme, for_output=True)
        texts = [self.tr("Add a number"), self.tr("Replace the file"), self.tr("Skip the file")]
        self.policy = Segments(texts, self.tr("If the name is taken"))
        self.priority = QLineEdit()
        self.priority.setValidator(QIntValidator(0, _MAX_PRIORITY, self.priority))
        self.priority.setToolTip(self.tr("Higher numbers run first"))
        self.labels = QLineEdit()
        self.labels.setPlaceholderText(self.tr("Any node"))
        self.labels.setToolTip(self.tr("Labels a node must have, such as gpu or storage:media"))
        self._lay_out()
        for field in (self.folder, self.name, self.priority, self.labels):
            field.setAcceptDrops(False)
            field.textChanged.connect(lambda _text: self.edited.emit())
        self.policy.chosen.connect(lambda _number: self.edited.emit())
        self._insert.chosen.connect(self._on_insert)
        self._browse.clicked.connect(self._choose_folder)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        last = QHBoxLayout()
        last.setSpacing(12)
        last.addWidget(self.priority, 1)
        last.addWidget(self._title_label(self.tr("Labels"), self.labels))
        last.addWidget(self.labels, 2)
        grid.addWidget(self._title_label(self.tr("Save to"), self.folder), 0, 0)
        grid.addWidget(self.folder, 0, 1)
        grid.addWidget(self._browse, 0, 2)
        grid.addWidget(self._title_label(self.tr("Name"), self.name), 1, 0)
        grid.addWidget(self.name, 1, 1)
        grid.addWidget(self._insert, 1, 2)
        grid.addWidget(label(self.tr("If taken"), "caption"), 2, 0)
        grid.addWidget(self.policy, 2, 1, 1, 2)
        grid.addWidget(self._title_label(self.tr("Priority"), self.priority), 3, 0)
        grid.addLayout(last, 3, 1, 1, 2)

    def _title_label(self, text: str, field: QWidget) -> QLabel:
        title = label(text, "caption")
        title.setBuddy(field)
        field.setAccessibleName(plain(text))
        return title

    # -- Fields and choice ---------------------------------------------------------------------------------------

    def show_choice(self, choice: SubmitChoice) -> None:
        self.folder.setText(choice.folder)
        self.name.setText(choice.name if choice.preset else choice.command_name)
        self.policy.choose(_POLICIES.index(choice.if_exists))

    def show_preset(self, preset: Preset | None) -> None:
        """Show what the preset provides for empty fields."""
        pattern = preset.output_file if preset else ""
        self._preset_name = pattern.replace("\\", "/").rpartition("/")[2]
        self.name.setPlaceholderText(painter_text(self._preset_name or self.tr("No output file")))
        self.priority.setPlaceholderText(
            painter_text(self.tr("{0} (preset)").format(preset.priority) if preset else "0")
        )
        labels = " ".join(preset.labels) if preset else ""
        self.labels.setPlaceholderText(
            painter_text(self.tr("{0} (preset)").format(labels) if labels else self.tr("Any node"))
        )

    def apply_to(self, choice: SubmitChoice) -> UserError | None:
        """Copy the fields into the choice. Returns an error if a field is invalid."""
        choice.folder = self.folder.text().strip()
        if choice.preset:
            choice.name = self.name.text().strip()
        else:
            choice.command_name = self.name.text().strip()
        choice.if_exists = _POLICIES[self.policy.current]
        choice.priority = int(self.priority.text()) if self.priority.hasAcceptableInput() else None
        try:
            choice.labels = check_labels(self.labels.text().replace(",", " ").split())
        except UserError as error:
            choice.labels = ()
            return error
        return None

    def _on_insert(self, text: str) -> None:
        if not self.name.text():
            self.name.setText(self._preset_name)
        self.name.insert(text)
        self.name.setFocus()

    def _choose_folder(self) -> None:
        title = self.tr("Choose output folder")
        ask_for_folder(self, title, self.folder.text(), self.folder.setText)
