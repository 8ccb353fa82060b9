"""The watchfolders page: the list of watchfolders, and below it the files of the selected one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QPushButton, QSplitter, QVBoxLayout, QWidget

from ffmate_desktop.domain.watchfolder import WatchedFile, Watchfolder
from ffmate_desktop.gui.base.page import Page, PageContext
from ffmate_desktop.gui.watchfolders.actions import FileActions, FolderActions
from ffmate_desktop.gui.watchfolders.files_panel import FilesPanel
from ffmate_desktop.gui.watchfolders.folder_model import FolderModel
from ffmate_desktop.gui.watchfolders.folder_table import FolderTable
from ffmate_desktop.gui.watchfolders.reader import FolderReader
from ffmate_desktop.gui.watchfolders.text import LOOKS, FolderHealth
from ffmate_desktop.gui.widgets.action_button import ActionButton
from ffmate_desktop.gui.widgets.card import card_around
from ffmate_desktop.gui.widgets.empty_state import EmptyState
from ffmate_desktop.gui.widgets.labels import label
from ffmate_desktop.gui.widgets.search_field import SearchField

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.gui.watchfolders.dialog import WatchfolderDialog
    from ffmate_desktop.services.cluster_services import WindowServices

_SPLIT = "watchfolders/split"


class WatchfoldersPage(Page):
    """`task_requested` carries the file whose task to show, `files_requested` dropped paths that aren't folders."""

    key = "watchfolders"
    task_requested = Signal(object, str)
    """WatchedFile, and its full path."""
    files_requested = Signal(list)

    def __init__(self, context: PageContext) -> None:
        super().__init__(context)
        self.dialog: WatchfolderDialog | None = None
        self._dropped: list[str] = []
        self._to_select: UUID | None = None
        self.watch = FolderReader(self.bridge, self)
        self.model = FolderModel()
        self.table = FolderTable(self.theme, self.model)
        self.files = FilesPanel(self.theme, self.bridge)
        self.folder_actions = FolderActions(self.table, self.theme, self.bridge, self._folder)
        self.file_actions = FileActions(
            self.files.table,
            self.theme,
            self.bridge,
            self._folder,
            lambda: self.files.table.current,
            self._place,
        )
        self._build_header()
        self._build_body()
        self._connect()
        self._show()

    # -- Building ------------------------------------------------------------------------------------------------

    def _build_header(self) -> None:
        hint = self.tr("Search watchfolders")
        self.search = SearchField(self.theme, hint, hint, width=230)
        self.add_button = QPushButton(self.tr("Add watchfolder"))
        self.add_button.setProperty("class", "primary")
        self.theme.set_icon(self.add_button, "plus", "on_accent")
        self.add_button.clicked.connect(self.add)
        self.buttons.addWidget(self.search)
        self.buttons.addWidget(self.add_button)

    def _build_body(self) -> None:
        actions = self.folder_actions
        for action, icon, look in (
            (actions.scan, "refresh-cw", ""),
            (actions.suspend, "pause", ""),
            (actions.resume, "play", ""),
            (actions.edit, "pencil", ""),
            (actions.show_folder, "folder-open", ""),
            (actions.delete, "trash-2", "danger"),
        ):
            self.files.buttons.addWidget(ActionButton(self.theme, action, icon, look))
        self._no_match = label(self.tr("No watchfolders match this search."), "lead")
        self._no_match.setAlignment(Qt.AlignmentFlag.AlignCenter)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table, 1)
        column.addWidget(self._no_match, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(16)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(card_around(upper))
        self.splitter.addWidget(self.files)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 3)
        self.splitter.setSizes([320, 450])
        sizes = self.window_state.value(_SPLIT)
        if isinstance(sizes, list) and len(sizes) == 2 and all(str(size).isdigit() for size in sizes):
            self.splitter.setSizes([int(size) for size in sizes])
        self.empty = EmptyState(
            self.theme,
            self.tr("Encode files automatically"),
            self.tr(
                "Drop a folder here. Files you put into it are encoded automatically by any node "
                "that can reach it."
            ),
            self.tr("Add watchfolder"),
            picture="folder-sync",
        )
        self.empty.button_clicked.connect(self.add)
        self.body.addWidget(self.splitter, 1)
        self.body.addWidget(self.empty, 1)

    def _connect(self) -> None:
        self.watch.changed.connect(self._on_read)
        self.search.textChanged.connect(self._filter)
        self.table.chosen.connect(self._show_folder)
        self.table.menu_requested.connect(self.folder_actions.open_menu)
        self.table.opened.connect(self.folder_actions.edit.trigger)
        self.files.chosen.connect(self.file_actions.update)
        self.files.table.menu_requested.connect(self.file_actions.open_menu)
        self.files.table.opened.connect(self.file_actions.show_task.trigger)
        self.folder_actions.edit_requested.connect(self._edit)
        self.folder_actions.message_requested.connect(self.message)
        self.file_actions.message_requested.connect(self.message)
        self.file_actions.task_requested.connect(
            lambda file: self.task_requested.emit(file, self._place(file))
        )
        self.splitter.splitterMoved.connect(
            lambda *_: self.window_state.setValue(_SPLIT, self.splitter.sizes())
        )
        self.bridge.outage_changed.connect(lambda since: self._set_stale(since is not None))
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.search.setFocus)
        new = QShortcut(QKeySequence(QKeySequence.StandardKey.New), self)
        new.activated.connect(self.add)

    # -- The cluster ---------------------------------------------------------------------------------------------

    def attach(self, services: WindowServices) -> None:
        super().attach(services)
        self.folder_actions.services = self.file_actions.services = services
        self.watch.attach(services)
        self.files.model.attach(services.watchfolders)
        self._show()

    def detach(self) -> None:
        super().detach()
        self.folder_actions.services = self.file_actions.services = None
        self.watch.detach()
        self.files.model.detach()
        if self.dialog is not None:
            self.dialog.reject()
        self._show()

    def on_shown(self) -> None:
        """Read and count files, which happens only while the page is visible."""
        self.watch.set_active(True)
        self.files.model.set_active(True)
        (self.table if self.watch.views else self.empty.button).setFocus()

    def on_hidden(self) -> None:
        self.watch.set_active(False)
        self.files.model.set_active(False)

    # -- Showing -------------------------------------------------------------------------------------------------

    def _on_read(self) -> None:
        self.model.set_views(self.watch.views)
        self.count_changed.emit(len(self.watch.views))
        if self._to_select is not None and self.table.choose(self._to_select):
            self._to_select = None
        elif self.table.current is None and self.model.rowCount():
            self.table.selectRow(0)
        self._show_folder()
        self._show()

    def _show(self) -> None:
        views = self.watch.views.values()
        is_known = self.watch.is_known
        had_focus = self.empty.isAncestorOf(self.focusWidget() or self)
        self.empty.setVisible(is_known and not views)
        self.splitter.setVisible(not is_known or bool(views))
        self.header.setVisible(not is_known or bool(views))
        self.table.setVisible(self.model.rowCount() > 0 or not views)
        self._no_match.setVisible(self.model.rowCount() == 0 and bool(views))
        if had_focus and views:  # otherwise Qt moves the focus to the sidebar
            self.table.setFocus()
        self.add_button.setEnabled(self.services is not None)
        self.empty.button.setEnabled(self.services is not None)
        attention_count = sum(LOOKS[view.health][1] in ("failed", "warning") for view in views)
        suspended_count = sum(view.health is FolderHealth.SUSPENDED for view in views)
        texts = [self.tr("Files in these folders are encoded automatically")]
        if attention_count:
            texts.append(self.tr("%n need attention", "", attention_count))
        if suspended_count:
            texts.append(self.tr("{0} suspended").format(suspended_count))
        self.subtitle.setText("  ·  ".join(texts))

    def _show_folder(self) -> None:
        self.files.show_folder(self.model.view_of(self.table.current))
        self.folder_actions.update()
        self.file_actions.update()

    def _filter(self, text: str) -> None:
        self.model.set_filter(text)
        if self.table.current is None and self.model.rowCount():
            self.table.selectRow(0)
        self._show_folder()
        self._show()

    def _set_stale(self, stale: bool) -> None:
        for table in (self.table, self.files.table):
            table.delegate.is_stale = stale
            table.viewport().update()

    def _folder(self) -> Watchfolder | None:
        view = self.model.view_of(self.table.current)
        return view.folder if view is not None else None

    def _place(self, file: WatchedFile) -> str:
        """The path of the file on computers that reach the folder."""
        folder = self._folder()
        return str(Path(folder.path if folder else "", *file.path.split("/")))

    # -- Adding and changing -------------------------------------------------------------------------------------

    def add(self) -> None:
        """Open the dialog for a new watchfolder."""
        self._open(None, "")

    def add_folder(self, path: str) -> None:
        """Open the dialog for a new watchfolder at this path."""
        self._open(None, path)

    def _edit(self, folder: Watchfolder) -> None:
        self._open(folder, folder.path)

    def _open(self, folder: Watchfolder | None, path: str) -> None:
        from ffmate_desktop.gui.watchfolders.dialog import WatchfolderDialog  # noqa: PLC0415 - rarely needed

        if self.services is None or self.dialog is not None:
            return
        self.dialog = WatchfolderDialog(self.theme, self.bridge, self.services, folder, path, self.window())
        self.dialog.saved.connect(self._on_saved)
        self.dialog.finished.connect(self._on_finished)
        self.dialog.open()

    def _on_saved(self, folder: Watchfolder) -> None:
        self._to_select = folder.uuid
        self.search.clear()
        self.watch.read()

    def _on_finished(self, _result: int) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
        if self._dropped and self.services is not None:
            self.add_folder(self._dropped.pop(0))

    # -- Dropping ------------------------------------------------------------------------------------------------

    def drop_hint(self) -> tuple[str, str] | None:
        """The hint shown while something is dragged over the window."""
        return (
            self.tr("Drop a folder to watch it"),
            self.tr("Files you put into it are encoded automatically. Single files are queued once."),
        )

    def drop_paths(self, paths: Sequence[str]) -> None:
        """Open the dialog for each folder; queue other files once."""

        async def split_folders() -> tuple[list[str], list[str]]:
            folders = await asyncio.to_thread(lambda: [path for path in paths if Path(path).is_dir()])
            return folders, [path for path in paths if path not in folders]

        def open_dialogs(found: tuple[list[str], list[str]]) -> None:
            self._dropped += found[0]
            if found[1]:
                self.files_requested.emit(found[1])
            if self._dropped and self.dialog is None:
                self.add_folder(self._dropped.pop(0))

        self.bridge.run(split_folders(), "looking at dropped files", open_dialogs)
