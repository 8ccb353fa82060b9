"""Applies new settings at once: another node or another cluster. Asks first if tasks are running."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.gui.preferences.setup import Plan, Setup
from ffmate_desktop.gui.program import Program
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.passwords import split_password, without_password
from ffmate_desktop.settings.table import DATABASE, SLOTS


class Answer(StrEnum):
    """What to do with running tasks when the node has to leave."""

    FINISH = "finish"
    """Finish them here first, however long that takes."""
    NOW = "now"
    """Return them to the queue, where other nodes can claim them."""
    STAY = "stay"
    """Nothing changes."""


Ask = Callable[[int], Awaitable[Answer]]
"""Asks the user; the number is how many tasks run here."""


class Switching(QObject):
    """Owned by the window; `close` it before the loop ends.

    `begun` is emitted when nothing is left to ask, `changed` when `setup` has new settings. Settings of the window
    itself are applied elsewhere.
    """

    begun = Signal()
    changed = Signal()

    def __init__(self, window: MainWindow, program: Program, setup: Setup) -> None:
        super().__init__(window)
        self._window, self._program, self.setup = window, program, setup
        self.bridge = Bridge()
        """Runs work that outlives the connection to the cluster."""
        self.bridge.user_error.connect(window.show_error)
        self.bridge.unexpected_error.connect(window.context.bridge.unexpected_error)
        self._is_busy = False

    async def close(self) -> None:
        """Cancel everything that runs."""
        await self.bridge.close()

    async def carry_out(self, plan: Plan, ask: Ask) -> bool:
        """Apply the plan; returns whether it was applied. On a UserError the previous settings stay in use.

        May be cancelled before `begun`.
        """
        if not plan.moves and not plan.restarts:
            await self._set_slots(plan)
            self.begun.emit()
            self._store(plan)
            return True
        if self._is_busy:
            raise UserError(
                self.tr("The settings are already being changed."), self.tr("Wait until that has finished.")
            )
        self._is_busy = True
        try:
            return await self._with_another_node(plan, ask)
        finally:
            self._is_busy = False

    async def _set_slots(self, plan: Plan) -> None:
        services, slots = self._window.services, plan.settings.slots
        if services is not None and not plan.settings.is_explicit(SLOTS):
            if services.node.slots != slots and services.node.is_working:
                await services.nodes.set_slots(services.node.identifier, slots)
            services.node.slots = slots

    def _store(self, plan: Plan) -> None:
        self.setup.settings = plan.settings
        store = self._window.context.preferences
        store.save(replace(plan.preferences, window=store.current.window))
        self.changed.emit()

    # -- Another node --------------------------------------------------------------------------------------------

    async def _with_another_node(self, plan: Plan, ask: Ask) -> bool:
        async with self.setup.check_settings(plan.settings):
            services = self._window.services
            running = services.node.running if services is not None else 0
            answer = await ask(running) if running else Answer.NOW
            if answer is Answer.STAY:
                return False
            self.begun.emit()
            if answer is Answer.NOW:
                await self._change_over(plan)
                return True
        if not await self._finish_first(plan):
            return False
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self.setup.check_settings(plan.settings))
            except UserError:  # the database went away in the meantime
                if services is not None and self._window.services is services:
                    await self._take_tasks_again(services)
                raise
            await self._change_over(plan)
        return True

    async def _change_over(self, plan: Plan) -> None:
        settings, setup = plan.settings, self.setup
        try:
            await self._program.reopen(lambda: setup.open_services(settings))
        except UserError as error:
            note = self.tr("The previous queue stays open.")
            raise UserError(error.message, f"{error.hint} {note}".strip()) from error
        is_saved = await self._keep_password(plan)
        self._store(replace(plan, preferences=replace(plan.preferences, password_kept=is_saved)))
        self._window.show_message(*self._success_message(plan, is_saved), kind="good")

    async def _keep_password(self, plan: Plan) -> bool:
        """Save the password; returns whether the keyring has it. A failure is shown but doesn't undo the change."""
        database = plan.preferences.get(DATABASE)
        if database is None or not plan.moves:
            return plan.preferences.password_kept
        address = split_password(database)[0]
        if plan.password is None or address != plan.address:
            return await self.setup.keyring.password(address) is not None
        try:
            return await self.setup.keyring.keep(address, plan.password)
        except UserError as error:
            self._window.show_error(error)
            return False

    def _success_message(self, plan: Plan, is_saved: bool) -> tuple[str, str]:
        if not plan.moves:
            return self.tr("This computer now uses the new settings."), ""
        if plan.address is None:
            return self.tr("This window now shows the queue on this computer."), ""
        text = ""
        if plan.password is not None and not is_saved:
            text = self.tr("The password isn't saved. Enter it again after the next start.")
        return self.tr("This window now uses {0}.").format(without_password(plan.address)), text

    # -- Running tasks -------------------------------------------------------------------------------------------

    async def _finish_first(self, plan: Plan) -> bool:
        """Wait until no task runs here. False if the user keeps the settings or the program ends."""
        services = self._window.services
        if services is None:
            return True
        turn, stays = asyncio.Event(), asyncio.Event()

        def stay() -> None:
            stays.set()
            turn.set()

        await services.nodes.drain(services.node.identifier)
        unsubscribe = services.node.on_change(turn.set)
        self._window.detaching.connect(turn.set)
        self._show_waiting(plan, stay)
        try:
            while services.node.is_working and self._window.services is services and not stays.is_set():
                turn.clear()
                await turn.wait()
        finally:
            unsubscribe()
            self._window.detaching.disconnect(turn.set)
        if stays.is_set():
            await self._take_tasks_again(services)
            return False
        return not self._program.is_leaving

    def _show_waiting(self, plan: Plan, stay: Callable[[], object]) -> None:
        title = (
            self.tr("The queue changes when the running tasks have finished.")
            if plan.moves
            else self.tr("The new settings apply when the running tasks have finished.")
        )
        self._window.messages.show_message(
            title,
            self.tr("Until then, this computer takes no new tasks."),
            kind="info",
            button=self.tr("Keep current settings"),
            on_click=stay,
        )

    async def _take_tasks_again(self, services: WindowServices) -> None:
        if services.node.is_working:
            await services.nodes.resume(services.node.identifier)
        else:
            services.node.join()
