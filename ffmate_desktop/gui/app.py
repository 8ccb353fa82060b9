"""Start and stop the program with its window: paint first, open the cluster next, shut down in order."""

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

from PySide6.QtCore import QEvent, QSettings, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from ffmate_desktop import __version__, logs
from ffmate_desktop.domain.sleep_inhibitor import SleepInhibitor
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.language import install_translators
from ffmate_desktop.gui.base.loop import Loop
from ffmate_desktop.gui.base.page import PageContext
from ffmate_desktop.gui.base.preferences_store import PreferencesStore
from ffmate_desktop.gui.desktop.single_instance import SingleInstance, acquire_or_hand_over
from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.gui.program import Program, first_paint, next_emission
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.settings.file import SettingsFile
from ffmate_desktop.settings.table import Settings

if TYPE_CHECKING:
    from ffmate_desktop.domain.watchfolder import WatchedFile
    from ffmate_desktop.gui.base.page import Page
    from ffmate_desktop.gui.desktop.tray import Tray
    from ffmate_desktop.gui.logs.page import LogsPage
    from ffmate_desktop.gui.nodes.page import NodesPage
    from ffmate_desktop.gui.preferences.setup import Setup
    from ffmate_desktop.gui.preferences.switching import Switching
    from ffmate_desktop.gui.queue.page import QueuePage
    from ffmate_desktop.gui.watchfolders.page import WatchfoldersPage

ROWS_FIRST = 1.0
"""Seconds to wait for the visible page's first rows before building the rest of the window."""

Signals = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""For the duration of a block, calls a function on the loop for each Ctrl+C or SIGTERM."""


LoadSetup = Callable[[], "Setup"]
"""Imports everything behind the window. This is slow, so it runs in a thread after the first paint."""


def run_window(
    load_setup: LoadSetup,
    *,
    resources: Path,
    settings: Settings,
    files: Sequence[str],
    signals: Signals,
    inhibitor: SleepInhibitor,
) -> int:
    """Show the window until it is closed; return the exit code.

    `files` open as if dropped on the window. If this data folder already has a window, they open there instead.
    Raises UserError.
    """
    app = make_application()
    install_translators(app, resources)
    instance = acquire_or_hand_over(settings, files)
    if instance is None:
        return 0
    try:
        with asyncio.Runner(loop_factory=lambda: Loop(app)) as runner:
            return runner.run(
                _main(app, instance, load_setup, resources, settings, files, signals, inhibitor)
            )
    finally:
        inhibitor.close()
        instance.close()


class Application(QApplication):
    """Emits `file_opened` for files that macOS asks the program to open (Finder, dock icon)."""

    file_opened = Signal(str)

    def event(self, event: QEvent) -> bool:
        # Only events for the application itself come here, few enough for Python.
        if event.type() == QEvent.Type.FileOpen and isinstance(event, QFileOpenEvent) and event.file():
            self.file_opened.emit(event.file())
            return True
        return super().event(event)


def make_application() -> QApplication:
    """Qt's application object. It keeps running when the last window closes."""
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
    instance: SingleInstance,
    load_setup: LoadSetup,
    resources: Path,
    settings: Settings,
    files: Sequence[str],
    signals: Signals,
    inhibitor: SleepInhibitor,
) -> int:
    bridge = Bridge()
    window = begin_window(app, bridge, resources, settings.data_dir)
    setup: asyncio.Future[Setup] = asyncio.get_running_loop().create_future()
    program = Program(window, bridge, partial(_open, setup), settings.drain_time)
    window.detaching.connect(lambda: instance.stop_listening() if program.is_leaving else None)
    instance.files_received.connect(window.bring_to_front)
    if isinstance(app, Application):
        app.file_opened.connect(lambda path: window.open_files([path]))
    app.commitDataRequest.connect(lambda _session: program.quit())
    tick = QTimer()
    if sys.platform == "win32":  # Python handles Ctrl+C only while it executes bytecode
        tick.timeout.connect(lambda: None)
        tick.start(250)
    with signals(program.on_signal), _reporting(bridge):
        window.show()
        window.open_files(files)
        await first_paint(window)
        logs.root.debug("The window is painted")
        setup.set_result(await asyncio.to_thread(load_setup))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(program.run(), name="program")
            await _first_rows(window, running)
            tray, switching = _furnish(window, program, inhibitor, setup.result())
            switching.changed.connect(lambda: setattr(instance, "settings", switching.setup.settings))
        await switching.close()
    tick.stop()
    tray.close()
    window.force_close()
    window.deleteLater()
    return 0


@contextlib.asynccontextmanager
async def _open(loading: asyncio.Future[Setup]) -> AsyncIterator[WindowServices]:
    setup = await loading
    async with setup.open_services(setup.settings) as services:
        yield services


async def _first_rows(window: MainWindow, running: asyncio.Task[None]) -> None:
    """Wait briefly until the visible page has rows; the database may still have to start."""
    shown = asyncio.create_task(next_emission(window.current_page.count_changed), name="first rows")
    await asyncio.wait({shown, running}, timeout=ROWS_FIRST, return_when=asyncio.FIRST_COMPLETED)
    shown.cancel()


def _furnish(
    window: MainWindow, program: Program, inhibitor: SleepInhibitor, setup: Setup
) -> tuple[Tray, Switching]:
    """Build the rest of the window and the desktop integration."""
    from ffmate_desktop.gui.desktop.awake import KeepAwake  # noqa: PLC0415 - the window is painted before
    from ffmate_desktop.gui.desktop.closing import Closing  # noqa: PLC0415 - as above
    from ffmate_desktop.gui.desktop.dock import DockProgress, find_dock  # noqa: PLC0415 - as above
    from ffmate_desktop.gui.desktop.notifier import Notifier  # noqa: PLC0415 - as above
    from ffmate_desktop.gui.desktop.tray import Tray  # noqa: PLC0415 - as above
    from ffmate_desktop.gui.preferences.opener import SettingsOpener  # noqa: PLC0415 - as above
    from ffmate_desktop.gui.preferences.switching import Switching  # noqa: PLC0415 - as above

    complete_window(window)
    Closing(window, program)
    KeepAwake(window, inhibitor)
    DockProgress(window, window.context.progress_tracker, find_dock(window))
    tray, notifier = Tray(window), Notifier(window)
    notifier.notification.connect(tray.show_notification)
    switching = Switching(window, program, setup)
    SettingsOpener(window, program, switching)
    return tray, switching


def begin_window(app: QApplication, bridge: Bridge, resources: Path, data_dir: Path) -> MainWindow:
    """The main window with only the page shown last; hidden, and without a cluster."""
    window_state = QSettings(str(data_dir / "window.ini"), QSettings.Format.IniFormat)
    window = MainWindow(
        PageContext(Theme(app, resources), bridge, window_state, PreferencesStore(SettingsFile(data_dir)))
    )
    window.page_built.connect(partial(_connect_page, window))
    window.show_last_page()
    return window


def complete_window(window: MainWindow) -> None:
    """Add the other pages and the handling of dropped files."""
    from ffmate_desktop.gui.frame.script_question import ScriptQuestion  # noqa: PLC0415 - the window is painted before
    from ffmate_desktop.gui.submit.flow import SubmitFlow  # noqa: PLC0415 - as above

    window.build_pages()
    SubmitFlow(window)
    ScriptQuestion(window)
    window.start_opening_files()


def make_window(app: QApplication, bridge: Bridge, resources: Path, data_dir: Path) -> MainWindow:
    """The complete main window; hidden, and without a cluster."""
    window = begin_window(app, bridge, resources, data_dir)
    complete_window(window)
    return window


def _connect_page(window: MainWindow, page: Page) -> None:
    if page.key == "queue":
        queue = cast("QueuePage", page)
        queue.files_requested.connect(window.choose_files)
        queue.resubmit_requested.connect(lambda path: window.open_files([path]))
        queue.pause_requested.connect(window.node_panel.toggle_pause)
        window.node_panel.paused_changed.connect(queue.show_paused)
    elif page.key == "nodes":
        nodes = cast("NodesPage", page)
        nodes.logs_requested.connect(partial(_show_log, window))
        nodes.settings_requested.connect(window.settings_requested)
    elif page.key == "watchfolders":
        watched = cast("WatchfoldersPage", page)
        watched.files_requested.connect(window.open_files)
        watched.task_requested.connect(partial(_show_task, window))


def _show_task(window: MainWindow, file: WatchedFile, path: str) -> None:
    page = cast("QueuePage", window.show_page_with_key("queue"))
    if file.task_id is not None:
        page.show_task(file.task_id, path)


def _show_log(window: MainWindow, node: str) -> None:
    page = cast("LogsPage", window.show_page_with_key("logs"))
    page.show_node(node)


@contextlib.contextmanager
def _reporting(bridge: Bridge) -> Iterator[None]:
    """Log and show exceptions that no slot or task caught, instead of ending the program."""
    loop = asyncio.get_running_loop()

    def on_slot_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        logs.root.error("Unhandled error in the window", exc_info=(kind, error, trace))
        bridge.unexpected_error.emit(error, "showing the window")

    def on_task_error(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        from ffmate_desktop.services.outages import is_outage  # noqa: PLC0415 - not needed for the first paint

        error = context.get("exception")
        if isinstance(error, Exception) and is_outage(error):  # its awaiter gave up while it was opening
            logs.database.info("An abandoned connection failed: %s", error)
            return
        logs.root.error(
            "%s", context.get("message"), exc_info=error if isinstance(error, BaseException) else None
        )
        if isinstance(error, Exception):
            bridge.unexpected_error.emit(error, str(context.get("message")))

    previous_hook = sys.excepthook
    sys.excepthook = on_slot_error
    loop.set_exception_handler(on_task_error)
    try:
        yield
    finally:
        sys.excepthook = previous_hook
        loop.set_exception_handler(None)
