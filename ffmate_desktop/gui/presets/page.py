"""The presets page: a list, and a form that shows and edits the selected preset."""

import asyncio
from pathlib import Path
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.gui.base.page import Page, PageContext
from ffmate_desktop.gui.presets.form import PresetForm
from ffmate_desktop.gui.presets.list_view import PresetList
from ffmate_desktop.gui.presets.test_dialog import PresetTestDialog
from ffmate_desktop.gui.widgets.confirm import confirm
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.shortened_button import ShortenedButton
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.preset_editor import PresetDraft, PresetEditor

_NARROW = 900
"""Page width in pixels below which buttons show only icons."""


class PresetsPage(Page):
    """The list is disabled while there are unsaved changes, so that a click can't discard them."""

    key = "presets"

    def __init__(self, context: PageContext) -> None:
        super().__init__(context)
        self._preset: Preset | None = None
        self._selected: UUID | None = None
        self._is_new = False
        self.list = PresetList(self.theme)
        self.list.setMinimumWidth(150)
        self.list.setMaximumWidth(340)
        self.form = PresetForm(self.theme)
        self.note = label(look="second", wraps=True)
        self.import_button = self._button(self.tr("Import …"), "download", self._import)
        self.new_button = self._button(self.tr("New preset"), "plus", self._new, "primary")
        self.test_button = self._button(self.tr("Test …"), "play", self._choose_test_file)
        self.duplicate_button = self._button(self.tr("Duplicate"), "files", self._duplicate)
        self.export_button = self._button(self.tr("Export …"), "upload", self._export)
        self.delete_button = self._button(self.tr("Delete"), "trash-2", self._delete, "danger")
        self.revert_button = self._button(self.tr("Revert"), "rotate-ccw", self._revert)
        self.save_button = self._button(self.tr("Save"), "save", self._save, "primary")
        self._lay_out()
        self.subtitle.setText(self.tr("Reusable encoding settings"))
        self.list.chosen.connect(self._on_chosen)
        self.form.edited.connect(self._show)
        self.bridge.presets_changed.connect(self._read)
        self.bridge.anything_changed.connect(self._read)
        self._show()

    def _button(self, text: str, icon: str, act: object, look: str = "") -> ShortenedButton:
        button = ShortenedButton(text)
        if look:
            button.setProperty("class", look)
        color = {"primary": "on_accent", "danger": "failed"}.get(look, "text")
        self.theme.set_icon(button, icon, color)
        button.clicked.connect(act)
        return button

    def _lay_out(self) -> None:
        self.buttons.addWidget(self.export_button)
        self.buttons.addWidget(self.import_button)
        self.buttons.addWidget(self.new_button)
        foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self.test_button)
        foot.addWidget(self.duplicate_button)
        foot.addWidget(self.delete_button)
        foot.addStretch(1)
        foot.addWidget(self.revert_button)
        foot.addWidget(self.save_button)
        card = QFrame()
        card.setProperty("class", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(20, 18, 20, 18)
        inside.setSpacing(14)
        inside.addWidget(self.note)
        inside.addWidget(self.form, 1)
        inside.addLayout(foot)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.list, 2)
        row.addWidget(card, 3)
        self.body.addLayout(row, 1)

    # -- Reading -------------------------------------------------------------------------------------------------

    def on_shown(self) -> None:
        self.list.search.setFocus()

    def detach(self) -> None:
        super().detach()
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for button in (
            *(self.export_button, self.import_button),
            *(self.test_button, self.duplicate_button, self.delete_button, self.revert_button),
        ):
            button.set_short(self.width() < _NARROW)

    def _read(self) -> None:
        services = self.services
        if services is not None:
            self.bridge.run_quietly(self._fill(services), "reading the presets")

    async def _fill(self, services: WindowServices) -> None:
        presets = await services.presets.all()
        self.count_changed.emit(len(presets))
        if self._selected is None and self._preset is not None:
            self._selected = self._preset.uuid
        self.list.set_presets(presets, self._selected)
        self._show()

    def _on_chosen(self, preset: Preset | None) -> None:
        if self.is_changed or preset is None:
            return  # keep unsaved changes when presets change elsewhere
        self._preset, self._selected, self._is_new = preset, preset.uuid, False
        self.form.show_preset(preset)

    # -- Showing -------------------------------------------------------------------------------------------------

    @property
    def is_changed(self) -> bool:
        return self._is_new or (self._preset is not None and self.form.is_changed)

    def unsaved_changes(self) -> str:
        if not self.is_changed:
            return ""
        name = self.form.name.text().strip()
        if not name:
            return self.tr("A preset without a name has unsaved changes.")
        return self.tr("The preset “{0}” has unsaved changes.").format(name)

    def _show(self) -> None:
        unreadable = self._preset.unreadable if self._preset is not None and not self._is_new else None
        is_own = self._is_new or (self._preset is not None and not self._preset.built_in)
        is_changed, is_open = self.is_changed, self.services is not None
        self.list.setEnabled(not is_changed)
        if unreadable:
            self.note.setText(unreadable)
        elif not is_own:
            self.note.setText(
                self.tr("This preset comes with FFmate Desktop. Duplicate it to make your own.")
            )
        elif self._is_new:
            self.note.setText(self.tr("New preset."))
        elif is_changed:
            self.note.setText(self.tr("Not saved. Tasks already in the queue keep the old command."))
        else:
            self.note.setText(self.tr("Your preset. Everyone in this cluster can use it."))
        self.save_button.setVisible(is_own and not unreadable)
        self.revert_button.setVisible(is_own and not unreadable)
        self.delete_button.setVisible(is_own and not self._is_new)
        self.save_button.setEnabled(is_open and is_changed and self.form.error is None)
        self.revert_button.setEnabled(is_changed)
        for button in (self.duplicate_button, self.export_button, self.delete_button):
            button.setEnabled(is_open and self._preset is not None and not is_changed)
        if unreadable:
            self.duplicate_button.setEnabled(False)
        self.test_button.setEnabled(is_open and self.form.error is None)
        for button in (self.new_button, self.import_button):
            button.setEnabled(is_open and not is_changed)

    # -- Commands ------------------------------------------------------------------------------------------------

    def _editor(self) -> PresetEditor | None:
        return self.services.preset_editor if self.services is not None else None

    def _new(self) -> None:
        self._is_new = True
        self.form.show_preset(None)
        self.form.parts.press(0)
        self.form.name.setFocus()

    def _revert(self) -> None:
        self._is_new = False
        self.form.show_preset(self._preset)
        self._show()

    def _save(self) -> None:
        editor = self._editor()
        if editor is not None:
            uuid = None if self._is_new or self._preset is None else self._preset.uuid
            draft = self.form.draft()
            work = editor.add(draft) if uuid is None else editor.edit(uuid, draft)
            self.bridge.run(work, "saving a preset", self._show_saved)

    def _show_saved(self, preset: Preset) -> None:
        """Show the saved preset. It is selected in the list once the list has been read again."""
        self._is_new = False
        self.form.show_preset(preset)  # no unsaved changes now, so the list may change the selection
        self.list.search.clear()
        self._preset, self._selected = preset, preset.uuid
        self.form.show_preset(preset)
        self._show()
        self._read()

    def _duplicate(self) -> None:
        editor, preset = self._editor(), self._preset
        if editor is not None and preset is not None:
            self.bridge.run(editor.duplicate(preset.uuid), "duplicating a preset", self._show_saved)

    def _delete(self) -> None:
        editor, preset = self._editor(), self._preset
        if editor is None or preset is None:
            return

        async def work() -> None:
            title = self.tr("Delete “{0}”?").format(preset.name)
            text = self.tr("Tasks created from it keep their command.")
            if users := ", ".join(f"“{folder.name}”" for folder in await editor.used_by(preset.uuid)):
                more = self.tr(
                    "These watchfolders use it and queue no new files until you choose another preset: {0}"
                )
                text = f"{text} {more.format(users)}"
            if await confirm(self, title, text, self.tr("Delete")):
                await editor.delete(preset.uuid)
                self._preset = self._selected = None

        self.bridge.run(work(), "deleting a preset")

    # -- Testing -------------------------------------------------------------------------------------------------

    def _choose_test_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose a file to test with"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.test_file)
        dialog.open()

    def test_file(self, path: str) -> None:
        """Run the preset in the form, saved or not, on the first seconds of a file."""
        services, draft = self.services, self.form.draft()
        if services is None:
            return
        dialog = PresetTestDialog(self.theme, draft.name or self.tr("New preset"), path, self)
        task = self.bridge.run(_run_test(services, draft, path, dialog), "testing a preset")
        dialog.finished.connect(lambda _result: task.cancel())
        dialog.open()

    # -- Files ---------------------------------------------------------------------------------------------------

    def _file_dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self, title)
        dialog.setNameFilter(self.tr("Presets (*.json)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    def _import(self) -> None:
        dialog = self._file_dialog(self.tr("Import presets"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.import_file)
        dialog.open()

    def import_file(self, path: str) -> None:
        editor = self._editor()
        if editor is None:
            return

        async def work() -> list[Preset]:
            try:
                text = await asyncio.to_thread(Path(path).read_text, encoding="utf-8-sig")
            except (OSError, ValueError) as error:
                raise UserError(self.tr("Can't read the file “{0}”.").format(path), str(error)) from error
            return await editor.import_all(text)

        def on_imported(presets: list[Preset]) -> None:
            names = ", ".join(f"“{preset.name}”" for preset in presets)
            self.message.emit(self.tr("Imported {0}.").format(names), "")
            self._show_saved(presets[-1])

        self.bridge.run(work(), "importing presets", on_imported)

    def _export(self) -> None:
        if self._preset is not None:
            dialog = self._file_dialog(self.tr("Export preset"))
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix("json")
            dialog.selectFile(f"{self._preset.name.replace('/', '-')}.json")
            dialog.fileSelected.connect(self.export_file)
            dialog.open()

    def export_file(self, path: str) -> None:
        """Write the selected preset to a file, for another cluster or for FFmate."""
        editor, preset = self._editor(), self._preset
        if editor is None or preset is None:
            return

        async def work() -> None:
            text = await editor.export([preset.uuid])
            try:
                await asyncio.to_thread(Path(path).write_text, text, encoding="utf-8")
            except OSError as error:
                raise UserError(self.tr("Can't write the file “{0}”.").format(path), str(error)) from error
            self.message.emit(self.tr("Exported “{0}”.").format(preset.name), path)

        self.bridge.run(work(), "exporting a preset")


async def _run_test(
    services: WindowServices, draft: PresetDraft, path: str, dialog: PresetTestDialog
) -> None:
    """Closing the dialog cancels this task, which ends ffmpeg and deletes its output."""
    try:
        async with services.preset_tests.run(
            draft.command, draft.output_file, path, dialog.show_progress
        ) as result:
            dialog.show_result(result)
            await dialog.wait_closed()
    except UserError as error:
        dialog.show_error(error.message, error.hint)
