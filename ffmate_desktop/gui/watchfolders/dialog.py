"""The dialog that adds or edits a watchfolder: presets, settings in four sections, and a dry run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.watchfolder import OriginalAction, Watchfolder, WatchfolderSettings
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.presets.defaults import DEFAULT_PRESET
from ffmate_desktop.gui.presets.list_view import PresetList
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.watchfolders.basics_form import BasicsForm
from ffmate_desktop.gui.watchfolders.dry_run import DryRunPane
from ffmate_desktop.gui.watchfolders.rules_form import FilterForm, OriginalsForm, TasksForm
from ffmate_desktop.gui.watchfolders.text import overlap_note
from ffmate_desktop.gui.widgets.confirm import confirm
from ffmate_desktop.gui.widgets.labels import ElidedLabel, label
from ffmate_desktop.gui.widgets.segments import Segments
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.watch_overlap import overlap
from ffmate_desktop.services.watchfolders import check


class WatchfolderDialog(QDialog):
    """Open it with `open()`. `saved` carries the saved watchfolder; then the dialog closes itself."""

    saved = Signal(object)

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        services: WindowServices,
        folder: Watchfolder | None,
        path: str,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._theme, self._bridge, self._services, self._folder = theme, bridge, services, folder
        first = WatchfolderSettings(name="", path=path, preset=DEFAULT_PRESET)
        self._shown = folder.settings() if folder is not None else first
        self.setWindowTitle(self.tr("Edit watchfolder") if folder else self.tr("Add watchfolder"))
        self.setSizeGripEnabled(False)
        self.resize(min(980, parent.width() - 40), min(680, parent.height() - 40))
        self.move(parent.mapToGlobal(parent.rect().center()) - self.rect().center())
        self.presets = PresetList(theme)
        self.basics, self.file_filter = BasicsForm(theme), FilterForm()
        self.originals, self.tasks = OriginalsForm(), TasksForm()
        self._parts = (self.basics, self.file_filter, self.originals, self.tasks)
        titles = [self.tr("Folder"), self.tr("Files"), self.tr("Originals"), self.tr("Tasks")]
        self.tabs = Segments(titles, self.tr("Sections"))
        self.dry_run = DryRunPane(theme, bridge, services.watchfolders)
        self.trouble = label(look="failed", wraps=True)
        self.note = label(look="second", wraps=True)
        self._others: Sequence[Watchfolder] = ()
        self.dry_run_button = QPushButton(self.tr("Dry run"))
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.save_button = QPushButton(self.tr("Save") if folder else self.tr("Add watchfolder"))
        self._lay_out()
        for part in self._parts:
            part.show_settings(self._shown)
            part.edited.connect(self._on_edited)
        self._connect()
        self._on_edited()
        bridge.run(services.presets.all(), "reading the presets", self._show_presets)
        bridge.run(services.watchfolders.all(), "reading the watchfolders", self._show_others)

    def _lay_out(self) -> None:
        titles = QVBoxLayout()
        titles.setSpacing(2)
        titles.addWidget(label(self.windowTitle(), "big"))
        subtitle = ElidedLabel("second")
        subtitle.setText(self.tr("Any node that can reach the folder may scan it and encode its files."))
        titles.addWidget(subtitle)
        pages = QStackedWidget()
        for part in self._parts:
            pages.addWidget(part)
        self.tabs.chosen.connect(pages.setCurrentIndex)
        right = QVBoxLayout()
        right.setSpacing(16)
        right.addWidget(self.tabs)
        right.addWidget(pages, 1)
        editing = QWidget()
        middle = QHBoxLayout(editing)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(24)
        middle.addWidget(self.presets, 2)
        middle.addLayout(right, 3)
        self._middle = QStackedWidget()
        self._middle.addWidget(editing)
        self._middle.addWidget(self.dry_run)
        self._theme.set_icon(self.dry_run_button, "eye", "text")
        self.save_button.setProperty("class", "primary")
        self.save_button.setMinimumWidth(150)
        self._theme.set_icon(self.save_button, "save" if self._folder else "plus", "on_accent")
        foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self.dry_run_button)
        foot.addWidget(self.trouble, 1)
        foot.addWidget(self.note, 1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addLayout(titles)
        column.addWidget(self._middle, 1)
        column.addLayout(foot)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(button is self.save_button)  # Enter in a field always means Save
        self.save_button.setDefault(True)

    def _connect(self) -> None:
        self.presets.chosen.connect(self._on_preset)
        self.dry_run_button.clicked.connect(self._start_dry_run)
        self.dry_run.closed.connect(self._end_dry_run)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(self.save)
        self.finished.connect(lambda _result: self.dry_run.stop())

    def _show_presets(self, presets: Sequence[Preset]) -> None:
        self.presets.set_presets(presets, self._shown.preset)
        field = self.presets.search if self.basics.path.text() else self.basics.path
        field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_others(self, folders: Sequence[Watchfolder]) -> None:
        if isValid(self):
            self._others = [
                folder for folder in folders if self._folder is None or folder.uuid != self._folder.uuid
            ]
            self._on_edited()

    def _on_preset(self, preset: Preset | None) -> None:
        self.basics.show_preset(preset)
        self.tasks.show_preset(preset)
        self._on_edited()

    # -- Settings ------------------------------------------------------------------------------------------------

    def settings(self) -> WatchfolderSettings:
        """The settings as filled in, checked; raises UserError."""
        preset = self.presets.current
        if preset is None:
            raise UserError(self.tr("Choose a preset."))
        basics, tasks = self.basics, self.tasks
        return check(
            self._shown.model_copy(
                update={
                    "path": basics.path.text().strip(),
                    "name": basics.name.text().strip(),
                    "description": basics.description.text().strip(),
                    "output_file": basics.output.text().strip(),
                    "interval": basics.interval.value(),
                    "growth_checks": basics.checks.value(),
                    "preset": preset.uuid,
                    "filter": self.file_filter.file_filter(),
                    "recursive": self.file_filter.deep.isChecked(),
                    "on_success": self.originals.success.original,
                    "on_failure": self.originals.failure.original,
                    "retries": self.originals.retries.value(),
                    "priority": tasks.chosen_priority(),
                    "labels": tasks.chosen_labels(),
                    "write_locks": tasks.locks.isChecked(),
                }
            )
        )

    def _on_edited(self) -> None:
        trouble, overlapping = None, []
        try:
            settings = self.settings()
            active = [folder for folder in self._others if not folder.suspended]
            overlapping = [folder.name for folder in active if overlap(settings, folder)]
        except UserError as error:
            trouble = error
        named = bool(self.basics.path.text().strip()) and self.presets.current is not None
        self.trouble.setText(f"{trouble.message} {trouble.hint or ''}".strip() if trouble and named else "")
        self.trouble.setVisible(not overlapping)
        self.note.setVisible(bool(overlapping))
        self.note.setText(overlap_note(overlapping))
        self.save_button.setEnabled(trouble is None)
        self.dry_run_button.setEnabled(trouble is None)

    # -- Actions -------------------------------------------------------------------------------------------------

    def _start_dry_run(self) -> None:
        self._middle.setCurrentWidget(self.dry_run)
        self.dry_run_button.hide()
        self.dry_run.start(self.settings(), self._folder.uuid if self._folder else None)
        self.dry_run.back_button.setFocus()

    def _end_dry_run(self) -> None:
        self._middle.setCurrentIndex(0)
        self.dry_run_button.show()
        self.dry_run_button.setFocus()

    def save(self) -> None:
        """Save it. Asks first if originals will now be moved or put into the trash, and were not before."""
        if self.save_button.isEnabled():
            self.save_button.setEnabled(False)  # once
            self._bridge.run(self._save(self.settings()), "saving a watchfolder")

    async def _save(self, settings: WatchfolderSettings) -> None:
        folder = None
        try:
            question = self._question(settings)
            if not question or await confirm(self, *question, self.tr("Save")):
                folder = await self._write(settings)
        except UserError as error:  # shown here: the dialog covers the message bar
            self.trouble.setText(f"{error.message} {error.hint or ''}".strip())
            self.note.hide()
            self.trouble.show()
        finally:
            if folder is None and isValid(self):
                self.save_button.setEnabled(True)
        if folder is not None:
            self.saved.emit(folder)
            self.accept()

    async def _write(self, settings: WatchfolderSettings) -> Watchfolder:
        service = self._services.watchfolders
        if self._folder is None:
            return await service.add(settings)
        return await service.edit(self._folder.uuid, settings, version=self._folder.version)

    def _question(self, settings: WatchfolderSettings) -> tuple[str, str] | None:
        was, now = self._shown.on_success, settings.on_success
        if now == was or now.action is OriginalAction.LEAVE:
            if settings.on_failure == self._shown.on_failure or (
                settings.on_failure.action is OriginalAction.LEAVE
            ):
                return None
            title = self.tr("Move the originals of failed tasks to “{0}”?").format(settings.on_failure.folder)
        elif now.action is OriginalAction.TRASH:
            title = self.tr("Move originals to the trash after encoding?")
        else:
            title = self.tr("Move originals to “{0}” after encoding?").format(now.folder)
        return title, self.tr(
            "This applies to every file in “{0}” that is encoded from now on. An original that "
            "has changed since it was encoded is left alone."
        ).format(settings.path)
