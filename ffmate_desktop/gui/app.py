"""The program with a window: paint first, then open the cluster; stop everything in order at the end."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QSettings, QTimer, Signal, SignalInstance
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from ffmate_desktop import __version__, logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.gui.bridge import Bridge
from ffmate_desktop.gui.core import Core, OpenCore
from ffmate_desktop.gui.desktop.instance import Instance, first_or_hand_over
from ffmate_desktop.gui.loop import Loop
from ffmate_desktop.gui.main_window import MainWindow
from ffmate_desktop.gui.pages.page import Surroundings
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.services.awake import Inhibitor
from ffmate_desktop.services.news import is_outage

if TYPE_CHECKING:
    from ffmate_desktop.gui.desktop.tray import Tray
    from ffmate_desktop.gui.pages.logs_page import LogsPage
    from ffmate_desktop.gui.pages.nodes_page import NodesPage
    from ffmate_desktop.gui.pages.page import Page
    from ffmate_desktop.gui.pages.queue_page import QueuePage

FIRST_PAINT = 2.0
"""Seconds that a window which nobody can see, such as a minimised one, holds up the start."""

AGAIN = 10.0
"""Seconds after which a queue that could not be opened is tried again, also without a click."""

Signals = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Calls a function on the loop for Ctrl+C and SIGTERM, as long as the block lasts."""


LoadCore = Callable[[], OpenCore]
"""Loads what works behind the window, which takes a while; called in a thread when the window has been painted."""


def run(
    load_core: LoadCore,
    *,
    resources: Path,
    data_dir: Path,
    drain_time: float,
    files: Sequence[str],
    signals: Signals,
    inhibitor: Inhibitor,
) -> int:
    """Show the window until it is closed; returns the exit code of the program.

    `drain_time` in seconds is what running tasks get when the program is told to stop by a signal. `files` are opened
    as if they were dropped on the window; if this data folder has a window already, in that one. Raises UserError.
    """
    app = make_application()
    instance = first_or_hand_over(data_dir, files)
    if instance is None:
        return 0
    try:
        with asyncio.Runner(loop_factory=lambda: Loop(app)) as runner:
            return runner.run(
                _main(app, instance, load_core, resources, data_dir, drain_time, files, signals, inhibitor)
            )
    finally:
        inhibitor.close()
        instance.close()


class Application(QApplication):
    """Hears of files that macOS wants opened: from the Finder, or dropped on the icon in the dock."""

    file_opened = Signal(str)

    def event(self, event: QEvent) -> bool:
        """Only events for the application itself come here, so it costs nothing."""
        if event.type() == QEvent.Type.FileOpen and isinstance(event, QFileOpenEvent) and event.file():
            self.file_opened.emit(event.file())
            return True
        return super().event(event)


def make_application() -> QApplication:
    """Qt's application object, with our name and our idea of when it ends."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else Application(sys.argv[:1])
    app.setApplicationName("ffmate-desktop")
    app.setApplicationDisplayName("FFmate Desktop")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("ffmate-desktop")
    app.setQuitOnLastWindowClosed(False)
    return app


async def _main(
    app: QApplication,
    instance: Instance,
    load_core: LoadCore,
    resources: Path,
    data_dir: Path,
    drain_time: float,
    files: Sequence[str],
    signals: Signals,
    inhibitor: Inhibitor,
) -> int:
    bridge = Bridge()
    window = begin_window(app, bridge, resources, data_dir)
    program = Program(window, bridge, partial(_load_and_open, load_core), drain_time)
    window.detaching.connect(lambda: instance.stop_listening() if program.is_leaving else None)
    instance.given.connect(window.come_up)
    if isinstance(app, Application):
        app.file_opened.connect(lambda path: window.open_files([path]))
    app.commitDataRequest.connect(lambda _session: program.close())
    tick = QTimer()
    if sys.platform == "win32":  # Python hears of Ctrl+C only when it runs
        tick.timeout.connect(lambda: None)
        tick.start(250)
    with signals(program.on_signal), _reporting(bridge):
        window.show()
        window.open_files(files)
        await _first_paint(window)
        logs.root.debug("The window is painted")
        await asyncio.to_thread(load_core)
        tray = _furnish(window, program, inhibitor)
        await program.run()
    tick.stop()
    tray.close()
    window.close_for_good()
    window.deleteLater()
    return 0


@contextlib.asynccontextmanager
async def _load_and_open(load: LoadCore) -> AsyncIterator[Core]:
    open_core = await asyncio.to_thread(load)
    async with open_core() as core:
        yield core


def _furnish(window: MainWindow, program: Program, inhibitor: Inhibitor) -> Tray:
    """The rest of the window, and what a desktop expects of a program."""
    from ffmate_desktop.gui.desktop.awake import StayingAwake  # noqa: PLC0415 - the window is painted before
    from ffmate_desktop.gui.desktop.closing import Closing  # noqa: PLC0415
    from ffmate_desktop.gui.desktop.dock import DockProgress, find_dock  # noqa: PLC0415
    from ffmate_desktop.gui.desktop.notices import Notices  # noqa: PLC0415
    from ffmate_desktop.gui.desktop.tray import Tray  # noqa: PLC0415

    complete_window(window)
    Closing(window, program)
    StayingAwake(window, inhibitor)
    DockProgress(window, window.around.board, find_dock(window))
    tray, notices = Tray(window), Notices(window)
    notices.notice.connect(tray.tell)
    return tray


def begin_window(app: QApplication, bridge: Bridge, resources: Path, data_dir: Path) -> MainWindow:
    """The main window with the page that was seen last, not shown yet and without a cluster."""
    memory = QSettings(str(data_dir / "window.ini"), QSettings.Format.IniFormat)
    window = MainWindow(Surroundings(Theme(app, resources), bridge, memory))
    window.page_built.connect(partial(_connect_page, window))
    window.show_last_page()
    return window


def complete_window(window: MainWindow) -> None:
    """All other pages, and what takes files that are dropped."""
    from ffmate_desktop.gui.submitting import Submitting  # noqa: PLC0415 - the window is painted before

    window.build_pages()
    Submitting(window)


def make_window(app: QApplication, bridge: Bridge, resources: Path, data_dir: Path) -> MainWindow:
    """The main window with everything in it, not shown yet and without a cluster."""
    window = begin_window(app, bridge, resources, data_dir)
    complete_window(window)
    return window


def _connect_page(window: MainWindow, page: Page) -> None:
    if page.key == "queue":
        queue = cast("QueuePage", page)
        queue.files_wanted.connect(window.choose_files)
        queue.pause_wanted.connect(window.node_panel.toggle_pause)
        window.node_panel.paused_changed.connect(queue.show_paused)
    elif page.key == "nodes":
        cast("NodesPage", page).logs_wanted.connect(partial(_show_log, window))


def _show_log(window: MainWindow, node: str) -> None:
    """Bring the log lines of one node into view."""
    page = cast("LogsPage", window.show_page_of("logs"))
    page.show_node(node)


async def _first_paint(window: MainWindow) -> None:
    if window.was_painted:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FIRST_PAINT):
            await _next_emission(window.painted)


class Program:
    """Opens the cluster for the window, again after trouble, and ends it in order."""

    def __init__(self, window: MainWindow, bridge: Bridge, open_core: OpenCore, drain_time: float) -> None:
        self._window, self._bridge, self._open_core = window, bridge, open_core
        self._drain_time = drain_time
        self._core: Core | None = None
        self._leaving = asyncio.Event()
        self._again = asyncio.Event()
        self._session: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], object] = lambda: None

    async def run(self) -> None:
        """Until `close`, or until the signals have ended it."""
        await _first_paint(self._window)
        self._session = asyncio.create_task(self._sessions(), name="session")
        leaving = asyncio.create_task(self._leaving.wait(), name="leaving")
        await asyncio.wait({self._session, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if self._core is None:  # still opening
            self._session.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._session

    def close(self) -> None:
        """Stop in order: what runs here goes back to the queue."""
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self._window.hide()
        self._leaving.set()

    @property
    def is_leaving(self) -> bool:
        """It ends, or has ended."""
        return self._leaving.is_set()

    def finish(self) -> None:
        """Take nothing new and end when what runs is finished, however long it takes, unless the user stays."""
        core = self._core
        if core is None or not core.node.running:
            self.close()
            return
        self._bridge.run(core.nodes.drain(core.node.identifier), "finishing what runs", self._on_draining)

    def _on_draining(self, _result: None) -> None:
        if self._core is None:
            return
        self._finishing = True
        self._unsubscribe()
        self._unsubscribe = self._core.node.on_change(self._on_finished)
        self._window.messages.show_message(
            self._window.tr("FFmate Desktop quits when the running tasks are finished."),
            self._window.tr("This computer takes nothing new until then."),
            kind="info",
            button=self._window.tr("Stay"),
            act=self._stay,
        )
        self._on_finished()  # it may be by now

    def _on_finished(self) -> None:
        if self._finishing and self._core is not None and not self._core.node.is_working:
            self.close()

    def _stay(self) -> None:
        self._finishing = False
        if self._core is not None:
            node = self._core.node
            if node.is_working:
                self._bridge.run(self._core.nodes.resume(node.identifier), "taking tasks again")
            else:
                node.join()

    def on_signal(self) -> None:
        """The first lets running tasks finish for a while, the second gives them back, the third ends at once."""
        node = self._core.node if self._core else None
        if self._leaving.is_set():
            logs.cluster.info("Ending at once; the tasks go on elsewhere when the lease has run out")
            if self._session is not None:
                self._session.cancel()
        elif node is not None and node.running and self._drain_time and not self._retiring:
            self._retiring = True
            logs.cluster.info("Stopping: running tasks may finish, for at most %.0f s", self._drain_time)
            self._window.tell(
                self._window.tr("Stopping when the running tasks are finished"),
                self._window.tr("What is not finished by then goes back to the queue."),
            )
            node.on_change(self.close)  # it has left
            node.retire(self._drain_time)
        else:
            self.close()

    _retiring = _finishing = False

    async def _sessions(self) -> None:
        while not self._leaving.is_set():
            try:
                await self._one_session()
            except UserError as error:
                await self._wait_after(error)
            except Exception as error:  # noqa: BLE001 - the window stays, so that it can be read and reported
                if is_outage(error):
                    sentence = self._window.tr("The database cannot be reached at this moment.")
                    await self._wait_after(UserError(sentence, str(error)))
                else:
                    logs.root.exception("The queue could not be opened")
                    self._bridge.defect.emit(error, "opening the queue")
                    await self._wait_after(UserError(self._window.tr("The queue could not be opened.")))

    async def _wait_after(self, error: UserError) -> None:
        """Say why there is no queue; go on when the user wants it, or after a while."""
        window = self._window
        window.status.set_starting(window.tr("No queue"))
        window.messages.show_message(
            error.message, error.hint, kind="failed", button=window.tr("Try again"), act=self._again.set
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AGAIN):
                await self._again.wait()
        self._again.clear()
        window.status.set_starting(window.tr("Opening the queue …"))

    async def _one_session(self) -> None:
        async with self._open_core() as core:
            self._core = core
            try:
                self._window.messages.dismiss()
                self._window.attach(core)
                self._bridge.follow(core)
                await self._leaving.wait()
            finally:
                self._core = None
                self._window.detach(self._window.tr("Stopping …"))
                await self._bridge.close()


async def _next_emission(signal: SignalInstance) -> None:
    heard = asyncio.get_running_loop().create_future()

    def on_emission() -> None:
        if not heard.done():
            heard.set_result(None)

    connection = signal.connect(on_emission)
    try:
        await heard
    finally:
        signal.disconnect(connection)


@contextlib.contextmanager
def _reporting(bridge: Bridge) -> Iterator[None]:
    """Whatever nobody caught, in a slot or in a task, is logged and shown; it ends nothing."""
    loop = asyncio.get_running_loop()

    def on_slot(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        logs.root.error("A part of the window failed", exc_info=(kind, error, trace))
        bridge.defect.emit(error, "showing the window")

    def on_task(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        logs.root.error(
            "%s", context.get("message"), exc_info=error if isinstance(error, BaseException) else None
        )
        if isinstance(error, Exception):
            bridge.defect.emit(error, str(context.get("message")))

    before = sys.excepthook
    sys.excepthook = on_slot
    loop.set_exception_handler(on_task)
    try:
        yield
    finally:
        sys.excepthook = before
        loop.set_exception_handler(None)
