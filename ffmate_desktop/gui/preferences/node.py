"""Settings of this computer's node: name, slots, labels, priority, ffmpeg."""

import asyncio
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton, QRadioButton, QWidget

from ffmate_desktop.domain.encode_priority import EncodePriority
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.node_name import check_node_name
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.preferences.section import Section, SectionNote
from ffmate_desktop.gui.preferences.setup import Setup
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.number_field import NumberField
from ffmate_desktop.gui.widgets.plain_text import painter_text
from ffmate_desktop.settings.preferences import Preferences
from ffmate_desktop.settings.setting import Setting
from ffmate_desktop.settings.table import ENCODE_PRIORITY, FFMPEG, IDENTIFIER, LABELS, SLOTS

TYPING = 500
"""Milliseconds without a key press before a path is checked."""

_LONGEST_NAME = 200


class NodeSection(Section):
    """Fields that the command line or the environment overrides are locked."""

    def __init__(
        self, theme: Theme, setup: Setup, preferences: Preferences, bridge: Bridge, cores: int
    ) -> None:
        super().__init__(
            theme,
            self.tr("This computer"),
            self.tr("How this computer works in the cluster. Others see this too."),
        )
        self._setup, self._preferences, self._errands = setup, preferences, bridge
        self._trying: asyncio.Task[None] | None = None
        now = setup.settings
        self.name = QLineEdit(now.identifier if now.identifier != IDENTIFIER.default else "")
        self.name.setMaxLength(_LONGEST_NAME)
        self.name.setPlaceholderText(painter_text(IDENTIFIER.default))
        self.slots = NumberField(*SLOTS.limits, self.tr("Tasks at once"))
        self.slots.setFixedWidth(120)
        self.slots.setValue(now.slots)
        self.labels = QLineEdit(" ".join(now.labels))
        self.labels.setPlaceholderText(self.tr("None"))
        self.priorities = {
            EncodePriority.LOW: QRadioButton(self.tr("Low: other programs go first")),
            EncodePriority.NORMAL: QRadioButton(self.tr("Normal: encodes get an equal share")),
        }
        self.priorities[now.encode_priority or EncodePriority.LOW].setChecked(True)
        self.ffmpeg = QLineEdit(now.ffmpeg or "")
        self.ffmpeg.setPlaceholderText(self.tr("From PATH, else the one bundled with FFmate Desktop"))
        self.choose = QPushButton(self.tr("Choose …"))
        self.choose.clicked.connect(self._choose)
        self.name_note = self.add_field(
            self.tr("Name"), self.name, self.tr("Each computer in a cluster needs its own name.")
        )
        self.slots_note = self.add_field(
            self.tr("Tasks at once"),
            self.slots,
            self.tr("This computer has {0} cores. About half as many tasks work well.").format(cores),
        )
        self.labels_note = self.add_field(
            self.tr("Labels"),
            self.labels,
            self.tr("Words that tasks can require, such as gpu or storage:media. Separate them with spaces."),
        )
        self.priority_note = SectionNote(self._theme)
        self.add_group(
            label(self.tr("Encode priority"), "caption"), *self.priorities.values(), self.priority_note
        )
        self.ffmpeg_note = self.add_field(self.tr("ffmpeg"), self.ffmpeg, "", self.choose)
        self.column.addStretch(1)
        self._timer = QTimer(self, singleShot=True, interval=TYPING)
        self._timer.timeout.connect(self.try_ffmpeg)
        self._lock()
        self.labels.textChanged.connect(self._check)
        self.name.textChanged.connect(self._check)
        for button in self.priorities.values():
            button.toggled.connect(self._check)
        self.ffmpeg.textChanged.connect(self._on_path)
        self.try_ffmpeg()

    def _lock(self) -> None:
        now = self._setup.settings
        self.lock_if_explicit(now, IDENTIFIER, self.name_note, self.name)
        self.lock_if_explicit(now, SLOTS, self.slots_note, self.slots)
        self.lock_if_explicit(now, LABELS, self.labels_note, self.labels)
        buttons = self.priorities.values()
        self.lock_if_explicit(now, ENCODE_PRIORITY, self.priority_note, *buttons)
        self.is_ffmpeg_given = self.lock_if_explicit(now, FFMPEG, self.ffmpeg_note, self.ffmpeg, self.choose)

    def show_slots(self, slots: int) -> None:
        """Show the node's current slots, which the panel may have changed."""
        if self.slots.isEnabled() and self.slots.value() == self._setup.settings.slots:
            self.slots.setValue(slots)

    def values(self) -> dict[Setting[Any], object]:
        """The values of settings that aren't locked; only without `trouble`."""
        self.slots.interpretText()
        values: dict[Setting[Any], tuple[QWidget, object]] = {
            IDENTIFIER: (self.name, self.name.text().strip() or None),
            SLOTS: (self.slots, self.slots.value()),
            LABELS: (self.labels, check_labels(_words(self.labels.text()))),
            FFMPEG: (self.ffmpeg, self.ffmpeg.text().strip() or None),
            ENCODE_PRIORITY: (self.priorities[EncodePriority.LOW], self._chosen_priority()),
        }
        return {setting: value for setting, (field, value) in values.items() if field.isEnabled()}

    def _chosen_priority(self) -> EncodePriority | None:
        """None until it is changed here: a node without a window then keeps its own default."""
        chosen = next(priority for priority, button in self.priorities.items() if button.isChecked())
        current = self._setup.settings.encode_priority or EncodePriority.LOW
        return self._preferences.get(ENCODE_PRIORITY) if chosen is current else chosen

    def _check(self) -> None:
        self.trouble = ""
        if self.name.isEnabled() and (name := self.name.text().strip()):
            try:
                check_node_name(name)
                self.name_note.show_help()
            except UserError as error:
                self.name_note.show_bad(str(error))
                self.trouble = error.message
        if self.labels.isEnabled():
            try:
                check_labels(_words(self.labels.text()))
                self.labels_note.show_help()
            except UserError as error:
                self.labels_note.show_bad(str(error))
                self.trouble = error.message
        self.edited.emit()

    # -- ffmpeg --------------------------------------------------------------------------------------------------

    def _on_path(self) -> None:
        self.ffmpeg_note.show_waiting(self.tr("Checking …"))
        self._timer.start()
        self.edited.emit()

    def try_ffmpeg(self) -> None:
        """Run it to get its version; the note below the field shows the result."""
        if self._trying is not None:
            self._trying.cancel()
        path = self.ffmpeg.text().strip() or None

        async def look() -> None:
            try:
                found, version = await self._setup.find_ffmpeg(path)
            except UserError as error:
                hint = self.tr("Leave it empty to let FFmate Desktop find one.") if path else error.hint
                self.ffmpeg_note.show_bad(f"{error.message} {hint}")
            else:
                if not self.is_ffmpeg_given:
                    self.ffmpeg_note.show_good(self.tr("Version {0}, {1}").format(version, found))

        self._trying = self._errands.run_quietly(look(), "trying an ffmpeg")

    def _choose(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose an ffmpeg program"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.ffmpeg.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def stop(self) -> None:
        """Cancel what is running."""
        self._timer.stop()
        if self._trying is not None:
            self._trying.cancel()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())
