"""Actions for a watchfolder and for one of its files: menus, shortcuts, and the service calls they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from ffmate_desktop.domain.watchfolder import FileState, WatchedFile, Watchfolder
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.desktop_files import show_in_folder
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.confirm import confirm
from ffmate_desktop.gui.widgets.key_action import key_action

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.cluster_services import WindowServices


class TableActions(QObject):
    """Actions of one table. Their shortcuts work only in it. `message_requested` carries a sentence and a hint."""

    message_requested = Signal(str, str)

    def __init__(self, table: QWidget, theme: Theme, bridge: Bridge) -> None:
        super().__init__(table)
        self._table, self._theme, self._bridge = table, theme, bridge
        self.services: WindowServices | None = None
        self._icons: list[tuple[QAction, str]] = []
        self._menu = QMenu(table)

    def _add(self, text: str, icon: str, keys: str, act: Callable[[], object]) -> QAction:
        action = key_action(self, self._table, text, keys, act)
        self._icons.append((action, icon))
        return action

    def open_menu(self, place: QPoint) -> None:
        for action, icon in self._icons:
            action.setIcon(self._theme.icon(icon, "text_2"))
        self._menu.clear()
        self._menu.addActions([action for action, _icon in self._icons if action.isEnabled()])
        self._menu.popup(place)


class FolderActions(TableActions):
    """`folder` returns the selected folder; `edit_requested` carries it."""

    edit_requested = Signal(object)

    def __init__(
        self, table: QWidget, theme: Theme, bridge: Bridge, folder: Callable[[], Watchfolder | None]
    ) -> None:
        super().__init__(table, theme, bridge)
        self._folder = folder
        self.scan = self._add(self.tr("Scan now"), "refresh-cw", "F5", self._scan)
        self.suspend = self._add(self.tr("Suspend"), "pause", "Ctrl+P", self._suspend)
        self.resume = self._add(self.tr("Resume"), "play", "Ctrl+Shift+P", self._resume)
        self.edit = self._add(self.tr("Edit"), "pencil", "F2", self._edit)
        self.show_folder = self._add(self.tr("Open folder"), "folder-open", "Ctrl+E", self._show)
        self.delete = self._add(self.tr("Delete"), "trash-2", "Del", self._delete)
        self.update()

    def update(self) -> None:
        """Enable the actions that make sense for the selected folder."""
        folder = self._folder() if self.services else None
        self.scan.setEnabled(folder is not None and not folder.suspended)
        self.suspend.setEnabled(folder is not None and not folder.suspended)
        self.resume.setEnabled(folder is not None and folder.suspended)
        for action in (self.edit, self.show_folder, self.delete):
            action.setEnabled(folder is not None)

    def _scan(self) -> None:
        services, folder = self.services, self._folder()
        if services is not None and folder is not None:
            self._bridge.run(services.watchfolders.scan(folder.uuid), "requesting a scan")

    def _suspend(self) -> None:
        services, folder = self.services, self._folder()
        if services is not None and folder is not None:
            self._bridge.run(services.watchfolders.suspend(folder.uuid), "suspending a watchfolder")

    def _resume(self) -> None:
        services, folder = self.services, self._folder()
        if services is not None and folder is not None:
            self._bridge.run(services.watchfolders.resume(folder.uuid), "resuming a watchfolder")

    def _edit(self) -> None:
        self.edit_requested.emit(self._folder())

    def _show(self) -> None:
        folder = self._folder()
        if folder is not None and not show_in_folder(f"{folder.path.rstrip('/')}/."):
            self.message_requested.emit(
                self.tr("“{0}” isn't on this computer.").format(folder.path),
                self.tr("Another node may have it at this path."),
            )

    def _delete(self) -> None:
        services, folder = self.services, self._folder()
        if services is None or folder is None:
            return

        async def work() -> None:
            title = self.tr("Delete the watchfolder “{0}”?").format(folder.name)
            text = self.tr(
                "The folder and its files stay as they are, and its tasks stay in the queue. The "
                "history of its files is deleted."
            )
            if left := await services.watchfolders.count_pending_originals(folder):
                more = self.tr(
                    "Originals still waiting to be moved, which will stay in the folder: {0}"
                ).format(left)
                text = f"{text} {more}"
            if await confirm(self._table.window(), title, text, self.tr("Delete")):
                await services.watchfolders.delete(folder.uuid)

        self._bridge.run(work(), "deleting a watchfolder")


class FileActions(TableActions):
    """`folder` and `file` return the selected ones; `task_requested` carries the file whose task to show."""

    task_requested = Signal(object)

    def __init__(
        self,
        table: QWidget,
        theme: Theme,
        bridge: Bridge,
        folder: Callable[[], Watchfolder | None],
        file: Callable[[], WatchedFile | None],
        place: Callable[[WatchedFile], str],
    ) -> None:
        super().__init__(table, theme, bridge)
        self._folder, self._file, self._place = folder, file, place
        self.show_task = self._add(self.tr("Show task"), "list-video", "Ctrl+T", self._show_task)
        self.retry = self._add(self.tr("Retry"), "rotate-ccw", "Ctrl+R", self._retry)
        self.show_folder = self._add(self.tr("Show in folder"), "folder-open", "Ctrl+E", self._show)
        self.copy = self._add(self.tr("Copy path"), "copy", "Ctrl+Shift+C", self._copy)
        self.update()

    def update(self) -> None:
        """Enable the actions that make sense for the selected file."""
        file = self._file() if self.services else None
        self.show_task.setEnabled(file is not None and file.task_id is not None)
        self.retry.setEnabled(
            file is not None
            and file.task is not None
            and not file.gone
            and file.state in (FileState.FAILED, FileState.SKIPPED)
        )
        self.show_folder.setEnabled(file is not None)
        self.copy.setEnabled(file is not None)

    def _show_task(self) -> None:
        file = self._file()
        if file is not None and file.task_id is not None:
            self.task_requested.emit(file)

    def _retry(self) -> None:
        services, folder, file = self.services, self._folder(), self._file()
        if services is None or folder is None or file is None or file.task is None:
            return
        if file.task_id is not None:
            self._bridge.run(services.tasks.restart([file.task]), "retrying a file")
        else:  # its task was deleted: the next scan queues a new one
            self._bridge.run(services.watchfolders.queue_again(folder.uuid, [file.id]), "retrying a file")

    def _show(self) -> None:
        file = self._file()
        if file is not None and not show_in_folder(self._place(file)):
            self.message_requested.emit(self.tr("This file isn't on this computer."), self._place(file))

    def _copy(self) -> None:
        file = self._file()
        if file is not None:
            QGuiApplication.clipboard().setText(self._place(file))
