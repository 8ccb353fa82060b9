"""Commands for the selected tasks: menu, shortcuts, and the service calls behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget
from shiboken6 import isValid

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.queue import QueueRow
from ffmate_desktop.domain.queue_order import QueueMove
from ffmate_desktop.domain.status import TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.desktop_files import open_file, show_in_folder
from ffmate_desktop.gui.queue.model import QueueModel
from ffmate_desktop.gui.queue.view import QueueTableView
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.confirm import confirm
from ffmate_desktop.gui.widgets.key_action import key_action
from ffmate_desktop.gui.widgets.plain_text import menu_text
from ffmate_desktop.services.cluster_services import WindowServices

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.domain.task import Task
    from ffmate_desktop.gui.queue.edit_dialog import EditTaskDialog
    from ffmate_desktop.gui.queue.grouped_model import GroupedModel
    from ffmate_desktop.services.edits import TaskEdit

ServiceCall = Callable[[WindowServices, Sequence[UUID]], Awaitable[object]]


class QueueActions(QObject):
    """One set for the page, acting on the table in use. Emits `message` for the message bar, `node_filter_requested`
    with a node and `batch_filter_requested` with the UUID of a batch."""

    node_filter_requested = Signal(str)
    batch_filter_requested = Signal(object)
    message = Signal(str, str)
    """What happened, and what to do next."""

    def __init__(
        self, page: QWidget, view: QueueTableView, model: QueueModel, theme: Theme, bridge: Bridge
    ) -> None:
        super().__init__(page)
        self._page = page
        self._view: QueueTableView = view
        self._model: QueueModel | GroupedModel = model
        self._theme, self._bridge = theme, bridge
        self.services: WindowServices | None = None
        self._icons: list[tuple[QAction, str]] = []
        self.cancel = self._add(self.tr("Cancel"), "circle-stop", "Ctrl+.", self._cancel)
        self.pause = self._add(self.tr("Pause"), "pause", "Ctrl+P", self._pause)
        self.resume = self._add(self.tr("Resume"), "play", "Ctrl+Shift+P", self._resume)
        self.restart = self._add(self.tr("Restart"), "rotate-ccw", "Ctrl+R", self._restart)
        self.delete = self._add(self.tr("Delete"), "trash-2", "Del", self._delete)
        self.edit = self._add(self.tr("Edit"), "pencil", "F2", self._edit)
        self.duplicate = self._add(self.tr("Duplicate"), "files", "Ctrl+D", self._duplicate)
        self.open_output = self._add(self.tr("Open output"), "external-link", "Ctrl+Return", self._open)
        self.show_folder = self._add(self.tr("Show in folder"), "folder-open", "Ctrl+E", self._show)
        self.copy_command = self._add(self.tr("Copy command"), "copy", "Ctrl+Shift+C", self._copy)
        self.moves = [
            self._add(
                self.tr("Move to top"), "chevrons-up", "Ctrl+Shift+Up", lambda: self._move(QueueMove.TOP)
            ),
            self._add(self.tr("Move up"), "chevron-up", "Ctrl+Up", lambda: self._move(QueueMove.UP)),
            self._add(self.tr("Move down"), "chevron-down", "Ctrl+Down", lambda: self._move(QueueMove.DOWN)),
            self._add(
                self.tr("Move to end"),
                "chevrons-down",
                "Ctrl+Shift+Down",
                lambda: self._move(QueueMove.BOTTOM),
            ),
        ]
        self.context_menu = QMenu(page)
        self.add_table(view, model)
        self.update()

    def add_table(self, view: QueueTableView, model: QueueModel | GroupedModel) -> None:
        """Also listen to this table; `use_table` chooses which one the commands act on."""
        view.selected_rows_changed.connect(self.update)
        model.dataChanged.connect(self.update)
        view.menu_requested.connect(self.open_menu)

    def use_table(self, view: QueueTableView, model: QueueModel | GroupedModel) -> None:
        self._view, self._model = view, model
        self.update()

    def _add(self, text: str, icon: str, keys: str, act: Callable[[], object]) -> QAction:
        action = key_action(self, self._page, text, keys, act)
        self._icons.append((action, icon))
        return action

    def _paint_icons(self) -> None:
        for action, icon in self._icons:
            action.setIcon(self._theme.icon(icon, "text_2"))

    # -- Menu ----------------------------------------------------------------------------------------------------

    def update(self) -> None:
        """Enable the commands that apply to the selected tasks."""
        count = self._view.count_selected() if self.services else 0
        rows = self._view.selected_rows()[:1000] if 0 < count <= 1000 else []
        unread = count > len(rows)  # some are not in memory: leave the decision to the services
        self.cancel.setEnabled(unread or any(not row.status.is_done for row in rows))
        self.pause.setEnabled(unread or any(not row.status.is_done and row.desired == "run" for row in rows))
        self.resume.setEnabled(
            unread or any(row.desired == "pause" and not row.status.is_done for row in rows)
        )
        self.restart.setEnabled(unread or any(row.status.is_done for row in rows))
        for action in (self.delete, self.duplicate):
            action.setEnabled(count > 0)
        for action in self.moves:
            action.setEnabled(unread or any(row.status is TaskStatus.QUEUED for row in rows))
        is_one = count == 1 and not self._view.count_groups()
        self.edit.setEnabled(is_one and bool(rows) and rows[0].status is TaskStatus.QUEUED)
        self.open_output.setEnabled(is_one and bool(rows) and rows[0].status is TaskStatus.DONE_SUCCESSFUL)
        self.show_folder.setEnabled(is_one)
        self.copy_command.setEnabled(is_one)

    def open_menu(self, position: QPoint) -> None:
        self.update()
        self._paint_icons()
        menu = self.context_menu
        menu.clear()
        menu.addActions([self.open_output, self.show_folder, self.copy_command])
        menu.addSeparator()
        menu.addActions([self.pause, self.resume, self.cancel, self.restart])
        priority = menu.addMenu(self._theme.icon("arrow-up", "text_2"), self.tr("Priority"))
        priority.addActions(self.moves)
        menu.addActions([self.edit, self.duplicate])
        rows = self._view.selected_rows() if self._view.count_selected() == 1 else []
        if rows and (rows[0].node or rows[0].batch):
            menu.addSeparator()
            self._add_filters(menu, rows[0])
        menu.addSeparator()
        menu.addAction(self.delete)
        menu.popup(position)

    def _add_filters(self, menu: QMenu, row: QueueRow) -> None:
        if row.node:
            only = menu.addAction(
                self._theme.icon("server", "text_2"), menu_text(self.tr("Only tasks of {0}").format(row.node))
            )
            only.triggered.connect(lambda: self.node_filter_requested.emit(row.node))
        if row.batch:
            only = menu.addAction(self._theme.icon("layers", "text_2"), self.tr("Only tasks of this batch"))
            only.triggered.connect(lambda: self.batch_filter_requested.emit(row.batch))

    # -- Commands ------------------------------------------------------------------------------------------------

    def _run_on_selection(self, name: str, call: ServiceCall) -> None:
        services = self.services
        if services is None or self._view.count_selected() == 0:
            return
        selection = self._model.selection(self._view.ranges())  # now: these rows may soon hold other tasks

        async def run() -> None:
            await call(services, await selection.uuids())

        self._bridge.run(run(), name)

    def _cancel(self) -> None:
        self._run_on_selection("cancelling tasks", lambda services, uuids: services.tasks.cancel(uuids))

    def _pause(self) -> None:
        self._run_on_selection("pausing tasks", lambda services, uuids: services.tasks.pause(uuids))

    def _resume(self) -> None:
        self._run_on_selection("resuming tasks", lambda services, uuids: services.tasks.resume(uuids))

    def _restart(self) -> None:
        self._run_on_selection("restarting tasks", lambda services, uuids: services.tasks.restart(uuids))

    def _move(self, move: QueueMove) -> None:
        self._run_on_selection(
            "changing priorities", lambda services, uuids: services.tasks.move(uuids, move)
        )

    def _duplicate(self) -> None:
        self._run_on_selection(
            "duplicating tasks",
            lambda services, uuids: services.tasks.duplicate(uuids, source=TaskSource.WINDOW),
        )

    def _delete(self) -> None:
        count = self._view.count_tasks()
        rows = self._view.selected_rows()
        running = sum(row.status.is_active for row in rows)
        done = sum(row.status.is_done for row in rows)

        async def call(services: WindowServices, uuids: Sequence[UUID]) -> None:
            if await self._confirm_delete(count, running, done):
                await services.tasks.delete(uuids)

        self._run_on_selection("deleting tasks", call)

    async def _confirm_delete(self, count: int, running: int, done: int) -> bool:
        """Always ask: a deleted task can't be restored."""
        if running:
            text = self.tr("Running tasks that will be stopped: {0}.").format(running)
        elif done == count:
            text = self.tr("Finished output files are kept.")
        else:
            text = self.tr("Running tasks will be stopped. Finished output files are kept.")
        title = self.tr("Delete this task?") if count == 1 else self.tr("Delete {0} tasks?").format(count)
        yes = self.tr("Delete") if done == count else self.tr("Stop and delete")
        return await confirm(self._page, title, text, yes)

    def _edit(self) -> None:
        self._with_task("editing a task", self._open_editor)

    def _open_editor(self, task: Task) -> None:
        from ffmate_desktop.gui.queue.edit_dialog import EditTaskDialog  # noqa: PLC0415 - loaded on first use

        dialog = EditTaskDialog(task, self._theme, self._page)
        dialog.edited.connect(lambda change: self._save(dialog, change))
        dialog.open()

    def _save(self, dialog: EditTaskDialog, change: TaskEdit) -> None:
        services, task = self.services, dialog.task
        if services is None or not change:
            dialog.accept()
            return

        async def save() -> None:
            try:
                await services.tasks.edit(task.uuid, change, version=task.version)
            except UserError as error:
                if not isValid(dialog):  # closed in the meantime
                    raise
                dialog.show_error(str(error))
            else:
                if isValid(dialog):
                    dialog.accept()

        self._bridge.run(save(), "changing a task")

    def _with_task(self, name: str, act: Callable[[Task], object]) -> None:
        """Read the selected task, then call `act` with it."""

        async def call(services: WindowServices, uuids: Sequence[UUID]) -> None:
            for task in await services.tasks.get(uuids[:1]):
                act(task)

        self._run_on_selection(name, call)

    def _open(self) -> None:
        self._with_task("opening an output", self._open_output)

    def _open_output(self, task: Task) -> None:
        if not open_file(task.output_file.resolved or ""):
            self._report_missing(task)

    def _show(self) -> None:
        self._with_task("showing an output", self._show_output)

    def _show_output(self, task: Task) -> None:
        path = task.output_file.resolved if task.status is TaskStatus.DONE_SUCCESSFUL else None
        if not show_in_folder(path or task.input_file.resolved or task.input_file.raw):
            self._report_missing(task)

    def _report_missing(self, task: Task) -> None:
        self.message.emit(
            self.tr("This file isn't on this computer."),
            task.output_file.resolved or task.input_file.raw,
        )

    def _copy(self) -> None:
        def copy(task: Task) -> None:
            QGuiApplication.clipboard().setText(task.command.resolved or task.command.raw)

        self._with_task("copying a command", copy)
