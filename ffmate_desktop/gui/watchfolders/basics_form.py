"""The first section of the watchfolder dialog: the folder, its outputs, and when a file is complete."""

from pathlib import PurePath

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.domain.watchfolder import WatchfolderSettings
from ffmate_desktop.domain.wildcards import expand
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.gui.widgets.fields import Fields
from ffmate_desktop.gui.widgets.folder_dialog import ask_for_folder
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.plain_text import painter_text
from ffmate_desktop.gui.widgets.wildcard_example import example_values
from ffmate_desktop.gui.widgets.wildcard_menu import WildcardButton

EXAMPLE = ("reel1", "Harbour_Lights.mov")
_LONGEST = 7 * 86_400


class BasicsForm(Fields):
    """Only the path is required; everything else has a default."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._preset: Preset | None = None
        self.path = self.line(self.tr("Folder to watch, as the nodes reach it"))
        self.browse = QPushButton(self.tr("Choose …"))
        theme.set_icon(self.browse, "folder-open", "text_2")
        self.browse.setAccessibleName(self.tr("Choose the folder to watch"))
        self.name = self.line()
        self.description = self.line(self.tr("What this watchfolder is for"))
        self.output = self.line()
        self._insert = WildcardButton(theme, for_output=True)
        self.example = ElidedLabel("third", Qt.TextElideMode.ElideMiddle)
        self.interval = self.number(1, _LONGEST, self.tr("Seconds between scans"), self.tr("s"))
        self.checks = self.number(0, 1000, self.tr("Checks without a change"))
        self.complete = label(look="second", wraps=True)
        self._lay_out()
        self.edited.connect(self._show)
        self.browse.clicked.connect(self._choose)
        self._insert.chosen.connect(self._on_insert)

    def _lay_out(self) -> None:
        self.row(self.tr("Folder"), self.path, self.browse)
        self.row(self.tr("Name"), self.name)
        self.row(self.tr("Description"), self.description)
        self.row(self.tr("Output"), self.output, self._insert)
        self.note(self.example)
        rhythm = QWidget()
        line = QHBoxLayout(rhythm)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(10)
        line.addWidget(self.interval)
        line.addWidget(self._titled(self.tr("Checks"), self.checks))
        line.addWidget(self.checks)
        line.addStretch(1)
        self.grid.addWidget(self._titled(self.tr("Scan every"), self.interval), self._row, 0)
        self.grid.addWidget(rhythm, self._row, 1, 1, 2)
        self._row += 1
        self.note(self.complete)
        self.end()

    def _titled(self, text: str, field: QWidget) -> QLabel:
        title = label(text, "caption")
        title.setBuddy(field)
        return title

    def show_settings(self, settings: WatchfolderSettings) -> None:
        self.path.setText(settings.path)
        self.name.setText(settings.name)
        self.description.setText(settings.description)
        self.output.setText(settings.output_file)
        self.interval.setValue(settings.interval)
        self.checks.setValue(settings.growth_checks)
        for field in (self.path, self.name, self.description, self.output):
            field.setCursorPosition(0)
        self._show()

    def show_preset(self, preset: Preset | None) -> None:
        """Show the preset's output pattern, which an empty field stands for."""
        self._preset = preset
        pattern = preset.output_file if preset else ""
        self.output.setPlaceholderText(
            painter_text(pattern or self.tr("Required: the preset has no output pattern"))
        )
        self._show()

    def _show(self) -> None:
        path = self.path.text().strip()
        self.name.setPlaceholderText(painter_text(PurePath(path).name or self.tr("Same as the folder")))
        self.example.setText(self._example(path or "/films"))
        interval, checks = self.interval.value(), self.checks.value()
        if checks:
            words = self.tr("A file is complete when it hasn't changed for {0}.")
            self.complete.setText(words.format(formatting.duration(interval * checks)))
        else:
            self.complete.setText(
                self.tr("Files are queued as soon as they are found, even while they are still being copied.")
            )

    def _example(self, path: str) -> str:
        pattern = self.output.text().strip() or (self._preset.output_file if self._preset else "")
        if not pattern:
            return ""
        folder, name = EXAMPLE
        slash = "\\" if "\\" in path else "/"
        relative = f"{folder}{slash}{name}"
        full_path = f"{path.rstrip(slash)}{slash}{relative}"
        place = {"path": path, "relativePath": relative, "relativeDir": folder}
        values = example_values(full_path, TaskSource.WATCHFOLDER, {"ffmate": {"watchfolder": place}})
        try:
            return self.tr("{0} becomes {1}").format(relative, expand(pattern, values))
        except UserError as error:
            return error.message

    def _on_insert(self, text: str) -> None:
        if not self.output.text() and self._preset is not None:
            self.output.setText(self._preset.output_file)
        self.output.insert(text)
        self.output.setFocus()

    def _choose(self) -> None:
        title = self.tr("Choose the folder to watch")
        ask_for_folder(self, title, self.path.text(), self.path.setText)
