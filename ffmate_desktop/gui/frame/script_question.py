"""Asks the owner of this computer whether tasks may run scripts of a folder, when one was refused for that reason."""

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
    """Listens to the node of this window. Each folder is asked for once; dismissing the message means: not now."""

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
            self.tr("Scripts of “{0}” are not allowed here. Other computers may run the task.").format(
                folder
            ),
            kind="warning",
            button=self.tr("Allow …"),
            on_click=partial(self._allow, self._services, folder),
        )

    def _allow(self, services: WindowServices, folder: Path) -> None:
        self._window.context.bridge.run(
            self._allow_after_question(services, folder), "allowing a folder of scripts"
        )

    async def _allow_after_question(self, services: WindowServices, folder: Path) -> None:
        who = (
            self.tr("Only tasks of this computer run here.")
            if services.permissions.trusts_queue
            else self.tr("Everybody who can write to the database of the queue can queue tasks.")
        )
        means = self.tr(
            "A task may then start any program in this folder, with any arguments, and with all rights of "
            "your account. Choose a folder that holds nothing but scripts for tasks, and that only you can change."
        )
        title = self.tr("Run scripts from “{0}” on this computer?").format(folder)
        if await confirm(self._window, title, f"{who} {means}", self.tr("Allow")):
            await asyncio.to_thread(services.permissions.allow_scripts, folder)
            self._window.show_message(
                self.tr("Scripts of “{0}” may run on this computer.").format(folder),
                self.tr("Restart the tasks that were refused."),
                "good",
            )
