"""After a script was refused, asks the owner of this computer whether tasks may run scripts from its folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from ffmate_desktop.gui.widgets.confirm import confirm

if TYPE_CHECKING:
    from ffmate_desktop.gui.frame.main_window import MainWindow
    from ffmate_desktop.services.cluster_services import WindowServices


class ScriptQuestion(QObject):
    """Asks once per folder and session; dismissing the message leaves the folder disallowed."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._services: WindowServices | None = None
        self._asked: set[Path] = set()
        self._unsubscribe: Callable[[], None] = lambda: None
        window.context.bridge.anything_changed.connect(self._attach)
        window.detaching.connect(self._detach)

    def _attach(self) -> None:
        services = self._window.services
        if services is not None and services is not self._services:
            self._detach()
            self._services = services
            self._unsubscribe = services.permissions.on_refused(self._ask)

    def _detach(self) -> None:
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self._services = None

    def _ask(self, script: str) -> None:
        folder = Path(script).parent
        if folder in self._asked or self._services is None:
            return
        self._asked.add(folder)
        self._window.messages.show_message(
            self.tr("A task wants to run the script “{0}” on this computer.").format(Path(script).name),
            self.tr("Scripts in “{0}” aren't allowed here. Other computers might run the task.").format(
                folder
            ),
            kind="warning",
            button=self.tr("Allow …"),
            on_click=partial(self._allow, self._services, folder),
        )

    def _allow(self, services: WindowServices, folder: Path) -> None:
        self._window.context.bridge.run(self._confirm_and_allow(services, folder), "allowing a script folder")

    async def _confirm_and_allow(self, services: WindowServices, folder: Path) -> None:
        risk = (
            self.tr("Only tasks from this computer run here.")
            if services.permissions.trusts_queue
            else self.tr("Anyone who can write to the queue's database can queue tasks.")
        )
        rights = self.tr(
            "Tasks can then start any program in this folder, with any arguments and all the rights of your account. "
            "Allow only a folder that contains nothing but scripts for tasks, and that only you can change."
        )
        title = self.tr("Run scripts from “{0}” on this computer?").format(folder)
        if await confirm(self._window, title, f"{risk} {rights}", self.tr("Allow")):
            await asyncio.to_thread(services.permissions.allow_scripts, folder)
            self._window.show_message(
                self.tr("Tasks can now run scripts from “{0}” on this computer.").format(folder),
                self.tr("Restart the tasks that were refused."),
                "good",
            )
