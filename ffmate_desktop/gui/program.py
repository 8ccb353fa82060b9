"""Keeps the window connected to a cluster: opens it, retries after errors, switches clusters, shuts down in order."""

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
"""Seconds to wait for the first paint; a minimised window never paints."""

RETRY_AFTER = 10.0
"""Seconds until the next attempt to open the queue, unless the user clicks first."""


@dataclass(frozen=True, slots=True)
class _Switch:
    """A request to switch clusters. `opened` resolves when the new one is open, or fails with the reason."""

    open_services: OpenServices
    opened: "asyncio.Future[None]"


class Program:
    """Opens the cluster for the window, reopens it after errors, and closes it in order."""

    def __init__(
        self, window: MainWindow, bridge: Bridge, open_services: OpenServices, drain_time: float
    ) -> None:
        self._window, self._bridge, self._open_services = window, bridge, open_services
        self._drain_time = drain_time
        self._services: WindowServices | None = None
        self._leaving = asyncio.Event()
        self._retry_clicked = asyncio.Event()
        self._switch: _Switch | None = None
        self._switch_requested = asyncio.Event()
        self._session: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], object] = lambda: None

    async def run(self) -> None:
        """Run until `quit` is called or a signal ends the program."""
        await first_paint(self._window)
        self._session = asyncio.create_task(self._sessions(), name="session")
        leaving = asyncio.create_task(self._leaving.wait(), name="leaving")
        await asyncio.wait({self._session, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if self._services is None:  # still opening
            self._session.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._session
        if self._switch is not None:
            self._switch.opened.cancel()

    async def reopen(self, open_services: OpenServices) -> None:
        """Close the cluster, which returns running tasks to the queue, and open another one instead.

        Raises UserError if the new one can't be opened; the previous one is then opened again. Call it one at a time.
        """
        self._switch = _Switch(open_services, asyncio.get_running_loop().create_future())
        self._switch_requested.set()
        self._retry_clicked.set()
        await self._switch.opened

    def quit(self) -> None:
        """Shut down in order; running tasks go back to the queue."""
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self._window.hide()
        self._leaving.set()

    @property
    def is_leaving(self) -> bool:
        return self._leaving.is_set()

    def drain_and_quit(self) -> None:
        """Accept no new tasks and quit once the running ones finish, unless the user decides to keep running."""
        services = self._services
        if services is None or not services.node.running:
            self.quit()
            return
        self._bridge.run(
            services.nodes.drain(services.node.identifier), "draining this node", self._on_draining
        )

    def _on_draining(self, _result: None) -> None:
        if self._services is None:
            return
        self._is_finishing = True
        self._unsubscribe()
        self._unsubscribe = self._services.node.on_change(self._on_finished)
        self._window.messages.show_message(
            translate("Program", "FFmate Desktop quits once the running tasks finish."),
            translate("Program", "Until then, this computer takes no new tasks."),
            kind="info",
            button=translate("Program", "Keep running"),
            on_click=self._keep_running,
        )
        self._on_finished()  # the last task may have finished meanwhile

    def _on_finished(self) -> None:
        if self._is_finishing and self._services is not None and not self._services.node.is_working:
            self.quit()

    def _keep_running(self) -> None:
        self._is_finishing = False
        if self._services is not None:
            node = self._services.node
            if node.is_working:
                self._bridge.run(self._services.nodes.resume(node.identifier), "resuming this node")
            else:
                node.join()

    def on_signal(self) -> None:
        """First signal: let running tasks finish for a while. Second: return them. Third: quit immediately."""
        node = self._services.node if self._services else None
        if self._leaving.is_set():
            logs.cluster.info(
                "Quitting immediately. Other nodes take over the tasks when their leases expire"
            )
            if self._session is not None:
                self._session.cancel()
        elif node is not None and node.running and self._drain_time and not self._is_retiring:
            self._is_retiring = True
            logs.cluster.info("Stopping. Running tasks have up to %.0f s to finish", self._drain_time)
            self._window.show_message(
                translate("Program", "Stopping once the running tasks finish"),
                translate("Program", "Tasks that don't finish in time go back to the queue."),
            )
            node.on_change(self.quit)  # called once the node has left
            node.retire(self._drain_time)
        else:
            self.quit()

    _is_retiring = _is_finishing = _is_failing = False

    async def _sessions(self) -> None:
        while not self._leaving.is_set():
            switch, previous = self._switch, self._open_services
            if switch is not None:
                self._open_services = switch.open_services
            self._switch_requested.clear()
            self._retry_clicked.clear()
            error = await self._run_session()
            if error is None or self._switch_requested.is_set():
                continue
            if switch is None:
                await self._wait_to_retry(error)
            elif switch is self._switch:
                self._open_services, self._switch = previous, None
                if not switch.opened.done():
                    switch.opened.set_exception(error)

    async def _run_session(self) -> UserError | None:
        """Run one session; return why it could not be opened."""
        try:
            await self._session_until_end()
        except UserError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the window stays open to show and report it
            if is_outage(error):
                return UserError(translate("Program", "Can't reach the database right now."), str(error))
            logs.root.exception("Could not open the queue")
            self._bridge.unexpected_error.emit(error, "opening the queue")
            return UserError(translate("Program", "Can't open the queue."))
        return None

    async def _wait_to_retry(self, error: UserError) -> None:
        """Show why the queue isn't open; return when the user clicks “Try again” or after a while."""
        window = self._window
        self._is_failing = True
        window.status.set_starting(translate("Program", "No queue"))
        window.messages.show_message(
            error.message,
            error.hint,
            kind="failed",
            button=translate("Program", "Try again"),
            on_click=self._retry_clicked.set,
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_AFTER):
                await self._retry_clicked.wait()
        self._retry_clicked.clear()
        window.status.set_starting(translate("Program", "Opening the queue …"))

    async def _session_until_end(self) -> None:
        async with self._open_services() as services:
            self._services = services
            try:
                if self._is_failing:
                    self._is_failing = False
                    self._window.messages.dismiss()
                self._window.attach(services)
                self._bridge.follow(services)
                if self._switch is not None and not self._switch_requested.is_set():
                    if not self._switch.opened.done():
                        self._switch.opened.set_result(None)
                    self._switch = None
                await self._wait_for_end()
            finally:
                self._services = None
                is_leaving = self._leaving.is_set()
                self._window.detach(
                    translate("Program", "Stopping …") if is_leaving else translate("Program", "Switching …")
                )
                await self._bridge.close()

    async def _wait_for_end(self) -> None:
        """Wait until the program quits or switches clusters."""
        ends = [asyncio.create_task(event.wait()) for event in (self._leaving, self._switch_requested)]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()


async def first_paint(window: MainWindow) -> None:
    """Wait until the window is painted, but at most FIRST_PAINT seconds."""
    if window.was_painted:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FIRST_PAINT):
            await next_emission(window.painted)


async def next_emission(signal: SignalInstance) -> None:
    """Wait until the signal is emitted."""
    emitted = asyncio.get_running_loop().create_future()

    def on_emission(*_: object) -> None:
        if not emitted.done():
            emitted.set_result(None)

    connection = signal.connect(on_emission)
    try:
        await emitted
    finally:
        signal.disconnect(connection)
