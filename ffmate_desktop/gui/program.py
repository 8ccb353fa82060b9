"""The life of the program behind the window: opens a cluster, again after trouble, another one, and ends in order."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, SignalInstance

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.services.cluster_services import OpenServices, WindowServices
from ffmate_desktop.services.outages import is_outage

translate = QCoreApplication.translate

FIRST_PAINT = 2.0
"""Seconds that a window which nobody can see, such as a minimised one, holds up the start."""

AGAIN = 10.0
"""Seconds after which a queue that could not be opened is tried again, also without a click."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Another cluster that shall be opened; `opened` tells its asker that it is, or why it is not."""

    open_services: OpenServices
    opened: "asyncio.Future[None]"


class Program:
    """Opens the cluster for the window, again after trouble, and ends it in order."""

    def __init__(
        self, window: MainWindow, bridge: Bridge, open_services: OpenServices, drain_time: float
    ) -> None:
        self._window, self._bridge, self._open_core = window, bridge, open_services
        self._drain_time = drain_time
        self._services: WindowServices | None = None
        self._leaving = asyncio.Event()
        self._again = asyncio.Event()
        self._change: _Change | None = None
        self._changing = asyncio.Event()
        self._session: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], object] = lambda: None

    async def run(self) -> None:
        """Until `quit`, or until the signals have ended it."""
        await first_paint(self._window)
        self._session = asyncio.create_task(self._sessions(), name="session")
        leaving = asyncio.create_task(self._leaving.wait(), name="leaving")
        await asyncio.wait({self._session, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if self._services is None:  # still opening
            self._session.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._session
        if self._change is not None:
            self._change.opened.cancel()

    async def reopen(self, open_services: OpenServices) -> None:
        """Close the cluster in order, which gives back what runs here, and open another one in its place.

        Raises UserError when that cannot be opened; the former one is opened again then. One at a time.
        """
        self._change = _Change(open_services, asyncio.get_running_loop().create_future())
        self._changing.set()
        self._again.set()
        await self._change.opened

    def quit(self) -> None:
        """Stop in order: what runs here goes back to the queue."""
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self._window.hide()
        self._leaving.set()

    @property
    def is_leaving(self) -> bool:
        """It ends, or has ended."""
        return self._leaving.is_set()

    def drain_and_quit(self) -> None:
        """Take nothing new and end when what runs is finished, however long it takes, unless the user stays."""
        services = self._services
        if services is None or not services.node.running:
            self.quit()
            return
        self._bridge.run(
            services.nodes.drain(services.node.identifier), "finishing what runs", self._on_draining
        )

    def _on_draining(self, _result: None) -> None:
        if self._services is None:
            return
        self._finishing = True
        self._unsubscribe()
        self._unsubscribe = self._services.node.on_change(self._on_finished)
        self._window.messages.show_message(
            translate("Program", "FFmate Desktop quits when the running tasks are finished."),
            translate("Program", "This computer takes nothing new until then."),
            kind="info",
            button=translate("Program", "Stay"),
            on_click=self._stay,
        )
        self._on_finished()  # it may be by now

    def _on_finished(self) -> None:
        if self._finishing and self._services is not None and not self._services.node.is_working:
            self.quit()

    def _stay(self) -> None:
        self._finishing = False
        if self._services is not None:
            node = self._services.node
            if node.is_working:
                self._bridge.run(self._services.nodes.resume(node.identifier), "taking tasks again")
            else:
                node.join()

    def on_signal(self) -> None:
        """The first lets running tasks finish for a while, the second gives them back, the third ends at once."""
        node = self._services.node if self._services else None
        if self._leaving.is_set():
            logs.cluster.info("Ending at once; the tasks go on elsewhere when the lease has run out")
            if self._session is not None:
                self._session.cancel()
        elif node is not None and node.running and self._drain_time and not self._retiring:
            self._retiring = True
            logs.cluster.info("Stopping: running tasks may finish, for at most %.0f s", self._drain_time)
            self._window.show_message(
                translate("Program", "Stopping when the running tasks are finished"),
                translate("Program", "What is not finished by then goes back to the queue."),
            )
            node.on_change(self.quit)  # it has left
            node.retire(self._drain_time)
        else:
            self.quit()

    _retiring = _finishing = _is_failing = False

    async def _sessions(self) -> None:
        while not self._leaving.is_set():
            change, former = self._change, self._open_core
            if change is not None:
                self._open_core = change.open_services
            self._changing.clear()
            self._again.clear()
            trouble = await self._session_or_trouble()
            if trouble is None or self._changing.is_set():
                continue
            if change is None:
                await self._wait_after(trouble)
            elif change is self._change:
                self._open_core, self._change = former, None
                if not change.opened.done():
                    change.opened.set_exception(trouble)

    async def _session_or_trouble(self) -> UserError | None:
        try:
            await self._one_session()
        except UserError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the window stays, so that it can be read and reported
            if is_outage(error):
                sentence = translate("Program", "The database cannot be reached at this moment.")
                return UserError(sentence, str(error))
            logs.root.exception("The queue could not be opened")
            self._bridge.unexpected_error.emit(error, "opening the queue")
            return UserError(translate("Program", "The queue could not be opened."))
        return None

    async def _wait_after(self, error: UserError) -> None:
        """Say why there is no queue; go on when the user wants it, or after a while."""
        window = self._window
        self._is_failing = True
        window.status.set_starting(translate("Program", "No queue"))
        window.messages.show_message(
            error.message,
            error.hint,
            kind="failed",
            button=translate("Program", "Try again"),
            on_click=self._again.set,
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AGAIN):
                await self._again.wait()
        self._again.clear()
        window.status.set_starting(translate("Program", "Opening the queue …"))

    async def _one_session(self) -> None:
        async with self._open_core() as services:
            self._services = services
            try:
                if self._is_failing:
                    self._is_failing = False
                    self._window.messages.dismiss()
                self._window.attach(services)
                self._bridge.follow(services)
                if self._change is not None and not self._changing.is_set():
                    if not self._change.opened.done():
                        self._change.opened.set_result(None)
                    self._change = None
                await self._over()
            finally:
                self._services = None
                is_leaving = self._leaving.is_set()
                self._window.detach(
                    translate("Program", "Stopping …")
                    if is_leaving
                    else translate("Program", "Changing over …")
                )
                await self._bridge.close()

    async def _over(self) -> None:
        """The program ends, or another cluster is wanted."""
        ends = [asyncio.create_task(event.wait()) for event in (self._leaving, self._changing)]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()


async def first_paint(window: MainWindow) -> None:
    """Wait until the window was painted, but not for long."""
    if window.was_painted:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FIRST_PAINT):
            await next_emission(window.painted)


async def next_emission(signal: SignalInstance) -> None:
    """Wait until it is emitted."""
    heard = asyncio.get_running_loop().create_future()

    def on_emission(*_: object) -> None:
        if not heard.done():
            heard.set_result(None)

    connection = signal.connect(on_emission)
    try:
        await heard
    finally:
        signal.disconnect(connection)
