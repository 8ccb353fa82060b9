"""The submit sheet: choose what to do with files, preview the result, queue them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from PySide6.QtCore import QSettings, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import Node, eligibility
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.submit.choice import SubmitChoice
from ffmate_desktop.gui.submit.preview_debounce import PreviewDebouncer, PreviewRequest
from ffmate_desktop.gui.submit.sheet_layout import SubmitSheetLayout
from ffmate_desktop.gui.submit.text import file_count_text, preview_text
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets import formatting
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.media_search import MediaFile
from ffmate_desktop.services.preview import PreviewRow
from ffmate_desktop.services.tasks import SubmissionResult

_BY_PRESET, _BY_COMMAND = 0, 1


class SubmitSheet(SubmitSheetLayout):
    """Emits `submitted` with the result of the submission and the name of the preset."""

    submitted = Signal(SubmissionResult, str)

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        window_state: QSettings,
        services: WindowServices,
        parent: QWidget,
    ) -> None:
        super().__init__(theme, parent)
        self._bridge, self._window_state, self._services = bridge, window_state, services
        self._choice = SubmitChoice.remembered(self._window_state)
        self._preset: Preset | None = None
        self._all_presets: list[Preset] = []
        self._nodes: list[Node] | None = None
        self._error: UserError | None = None
        self._is_finished = False
        self._checked = 0
        self._reading: asyncio.Task[None] | None = None
        self._is_ready = self._is_submitting = self._submit_when_ready = False
        self.debouncer = PreviewDebouncer(self._bridge, services.preview, self)
        self._fill()
        self._connect()
        self._read()

    # -- Setup ---------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        self.mode.choose(_BY_PRESET if self._choice.preset else _BY_COMMAND)
        self._left.setCurrentIndex(self.mode.current)
        self.command.set_command(self._choice.command)
        self.output.show_choice(self._choice)
        if self._choice.preset is None:
            self.output.show_preset(None)

    def _connect(self) -> None:
        self.mode.chosen.connect(self._on_mode)
        self.presets.chosen.connect(self._on_preset)
        self.presets.view.doubleClicked.connect(lambda _index: self.submit())
        self.command.edited.connect(self._schedule_preview)
        self.output.edited.connect(self._schedule_preview)
        self.debouncer.first_rows_ready.connect(self.preview.show_rows)
        self.debouncer.files_checked.connect(self._on_files_checked)
        self.debouncer.ready.connect(self._on_preview_ready)
        self.debouncer.failed.connect(self._on_preview_failed)
        self._bridge.outage_changed.connect(self._on_outage)
        self.cancel_button.clicked.connect(self.reject)
        self.submit_button.clicked.connect(self.submit)
        QShortcut(QKeySequence("Ctrl+Return"), self, self.submit)  # works inside the command field too
        self._bridge.presets_changed.connect(self._read)
        self._bridge.nodes_changed.connect(self._read)
        self._bridge.anything_changed.connect(self._read)
        self._theme.changed.connect(self._show)
        self.finished.connect(self._on_finished)

    # -- Files, presets, nodes -----------------------------------------------------------------------------------

    def add_files(self, files: Sequence[MediaFile]) -> None:
        """Add files, ignoring duplicates."""
        paths = {file.path for file in self.model.files}
        self.model.set_files([*self.model.files, *(file for file in files if file.path not in paths)])
        folders = {str(PurePath(file.path).parent) for file in self.model.files}
        self.subtitle.setText(
            folders.pop() if len(folders) == 1 else self.tr("From {0} folders").format(len(folders))
        )
        self._schedule_preview()

    def _read(self) -> None:
        async def read() -> None:
            presets, nodes = await asyncio.gather(self._services.presets.all(), self._services.nodes.all())
            self._nodes = nodes
            if not self._is_ready or presets != self._all_presets:
                self._is_ready, self._all_presets = True, presets
                self.presets.set_presets(presets, self._preset.uuid if self._preset else self._choice.preset)
                self._schedule_preview()
            self._show()

        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._bridge.run_quietly(read(), "reading presets and nodes")

    # -- Choosing ------------------------------------------------------------------------------------------------

    def _on_mode(self, mode: int) -> None:
        self.output.apply_to(self._choice)
        self._left.setCurrentIndex(mode)
        self._preset = self._preset or self.presets.current
        self._choice.preset = self._preset.uuid if mode == _BY_PRESET and self._preset else None
        self.output.show_choice(self._choice)
        self.output.show_preset(self._preset if mode == _BY_PRESET else None)
        (self.presets.search if mode == _BY_PRESET else self.command.text).setFocus()
        self._schedule_preview()

    def _on_preset(self, preset: Preset | None) -> None:
        if self.mode.current != _BY_PRESET:
            return
        if preset is not None and self._choice.preset != preset.uuid:
            self._choice.preset = preset.uuid
            self.output.name.clear()  # it was entered for another preset and its file extension
        self._preset = preset
        self.output.show_preset(preset)
        self._schedule_preview()

    def _schedule_preview(self) -> None:
        self._error = self.output.apply_to(self._choice)
        self._choice.command = self.command.command()
        if self.mode.current == _BY_COMMAND and self._error is None:
            self._error = self.command.error
        is_chosen = self.mode.current == _BY_COMMAND or self._preset is not None
        if self._error is not None:
            self.preview.show_rows([])
        if self._error is None and is_chosen and self._is_ready and self.model.files:
            preset = self._preset if self.mode.current == _BY_PRESET else None
            self.debouncer.schedule(PreviewRequest(replace(self._choice), self.model.files, preset))
        else:
            self.debouncer.cancel()
        self._show()

    # -- Preview -------------------------------------------------------------------------------------------------

    @property
    def is_preview_current(self) -> bool:
        """Whether the preview matches the current choice."""
        return self.debouncer.is_current

    def _on_files_checked(self, count: int) -> None:
        self._checked = count
        self._update_note()

    def _on_preview_ready(self, rows: list[PreviewRow]) -> None:
        self.preview.show_rows(rows)
        self._show()
        if self._submit_when_ready:
            self.submit()

    def _on_preview_failed(self, error: UserError) -> None:
        self._error, self._submit_when_ready = error, False
        self._show()

    def _on_outage(self, _since: object) -> None:
        self._submit_when_ready = False  # do not submit unexpectedly when the database is back an hour later
        self._show()

    def _show(self) -> None:
        count = len(self.model.files)
        self.title.setText(self.tr("Queue {0}").format(file_count_text(count)))
        accepted = len(self.debouncer.accepted) if self.is_preview_current else count
        part = self.tr("{0} of {1}").format(accepted, count) if accepted != count else file_count_text(count)
        text = self.tr("Queuing …") if self._is_submitting else self.tr("Queue {0}").format(part)
        self.submit_button.setText(text)
        can_submit = self._error is None and self._bridge.outage_since is None and not self._is_submitting
        self.submit_button.setEnabled(accepted > 0 and can_submit)
        self._update_note()
        self._show_eligibility()

    def _update_note(self) -> None:
        if self._bridge.outage_since is not None:
            text, color = self.tr("Can't reach the database right now."), "warning"
        elif self._error is not None and self._error is self.command.error:
            text, color = self.tr("Fix the command first."), "failed"
        elif self._error is not None:
            text, color = f"{self._error.message} {self._error.hint}".strip(), "failed"
        elif self._is_ready and self.mode.current == _BY_PRESET and self._preset is None:
            text, color = self.tr("No preset matches your search."), "warning"
        elif len(self.model.rows) == len(self.model.files):
            text, color = preview_text(self.model.rows)
        elif self._checked:
            done, total = formatting.number(self._checked), formatting.number(len(self.model.files))
            text, color = self.tr("Checking outputs: {0} of {1} …").format(done, total), "text_2"
        else:
            text, color = self.tr("Checking outputs …"), "text_2"
        self.preview.show_note(text, color)

    def _show_eligibility(self) -> None:
        if self._nodes is not None:
            labels = self._preset.labels if self._preset and self.mode.current == _BY_PRESET else ()
            self.show_eligibility(eligibility((*labels, *self._choice.labels), self._nodes))

    # -- Submitting ----------------------------------------------------------------------------------------------

    def submit(self) -> None:
        """Queue all files without errors, once the preview is ready."""
        if self._is_submitting or self._error is not None or self._bridge.outage_since is not None:
            return
        self._submit_when_ready = not self.is_preview_current
        if self._submit_when_ready:
            return
        tasks = self.debouncer.accepted
        if tasks:
            self._is_submitting = True
            self._show()
            self._bridge.run(self._submit(tasks), "queuing files")

    async def _submit(self, tasks: list[NewTask]) -> None:
        name = self._preset.name if self._preset and self.mode.current == _BY_PRESET else ""
        try:
            submitted: SubmissionResult = await self._services.tasks.add(tasks, source=TaskSource.WINDOW)
        except UserError as error:  # something changed since the preview
            self._error = error
        else:
            self._choice.save(self._window_state)
            self.submitted.emit(submitted, name)
            self.accept()
        finally:
            self._is_submitting = False
            if not self._is_finished:
                self._show()

    # -- Events --------------------------------------------------------------------------------------------------

    def _on_finished(self, _result: int) -> None:
        self._is_finished = True
        self.debouncer.cancel()
        if self._reading is not None:
            self._reading.cancel()
        for signal in (
            self._bridge.presets_changed,
            self._bridge.nodes_changed,
            self._bridge.anything_changed,
        ):
            signal.disconnect(self._read)
        self._bridge.outage_changed.disconnect(self._on_outage)
        self._theme.changed.disconnect(self._show)

    def reject(self) -> None:
        """Close the sheet. A submission under way can't be stopped, only undone afterwards."""
        if not self._is_submitting:
            self.cancel()

    def cancel(self) -> None:
        """Close the sheet, even during a submission: the cluster is being closed."""
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.reject()
