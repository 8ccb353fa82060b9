"""`Desk`: the running program with its window in this process, on a real database and with a real node."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from ffmate_desktop.bootstrap.window import open_window_services
from ffmate_desktop.domain.queue import QueueRow
from ffmate_desktop.domain.task import NewTask, Task, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.gui.app import make_window
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.frame.main_window import MainWindow
from ffmate_desktop.gui.program import Program
from ffmate_desktop.gui.queue.page import QueuePage
from ffmate_desktop.services.cluster_services import OpenServices, WindowServices
from ffmate_desktop.settings.folders import resources_folder
from ffmate_desktop.settings.table import Settings
from tests.node.farm import ENCODE
from tests.node.waiting import until

T = TypeVar("T")


class Desk:
    """A running window and helpers for tests. `page` is its queue page; unexpected errors collect in `defects`."""

    def __init__(
        self, window: MainWindow, bridge: Bridge, program: Program, services: WindowServices
    ) -> None:
        self.window, self.bridge, self.program, self.services = window, bridge, program, services
        page = window.pages[0]
        assert isinstance(page, QueuePage)
        self.page = page
        self.defects: list[tuple[BaseException, str]] = []
        bridge.unexpected_error.connect(lambda error, doing: self.defects.append((error, doing)))

    async def add(self, source: Path, command: str = ENCODE, **fields: Any) -> UUID:
        """Queue a task whose output is written next to its input."""
        pattern = f"{source.parent}/${{INPUT_FILE_BASENAME}}.out.mp4"
        new = NewTask(input_file=str(source), command=command, output_file=pattern, **fields)
        return (await self.services.tasks.add([new], source=TaskSource.CLI)).uuids[0]

    async def task(self, uuid: UUID) -> Task:
        """The task as stored in the database."""
        return (await self.services.tasks.get([uuid]))[0]

    def row(self, uuid: UUID) -> QueueRow | None:
        """The task's row in the table, if it is shown."""
        model = self.page.model
        rows = (model.row_at(number) for number in range(model.rowCount()))
        return next((row for row in rows if row is not None and row.uuid == uuid), None)

    async def shown(self, uuid: UUID, status: TaskStatus) -> QueueRow:
        """Wait until the table shows the task with this status; returns its row."""

        def found() -> QueueRow | None:
            row = self.row(uuid)
            return row if row is not None and row.status is status else None

        return await until(found, f"{uuid} is shown as {status}")

    def click_row(self, number: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Click the first column of a row."""
        view = self.page.view
        place = QPoint(80, view.rowViewportPosition(number) + 10)
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def click(widget: QWidget) -> None:
    """Click the middle of a widget."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def desk_settings(uri: str, data_dir: Path, slots: int = 1) -> Settings:
    """Settings of a node named “desk” with a heartbeat every second."""
    return Settings(
        database=uri,
        identifier="desk",
        slots=slots,
        ffmpeg=None,
        labels=(),
        heartbeat=1.0,
        data_dir=data_dir,
        debug="",
    )


def make_desk(
    app: QApplication, open_services: OpenServices, data_dir: Path
) -> tuple[MainWindow, Program, Bridge]:
    """A visible window and its program, not running yet."""
    bridge = Bridge()
    window = make_window(app, bridge, resources_folder(), data_dir)
    program = Program(window, bridge, open_services, drain_time=0)
    window.close_requested.connect(program.quit)
    window.resize(1300, 800)
    window.show()
    window.activateWindow()  # for shortcuts: without a window manager, as under Xvfb, nothing else does
    return window, program, bridge


@asynccontextmanager
async def open_desk(
    uri: str,
    data_dir: Path,
    *,
    slots: int = 1,
    wrap: Callable[[WindowServices], WindowServices] = lambda services: services,
) -> AsyncIterator[Desk]:
    """A running window until the block ends. Then it is closed as a user does, and must shut down in order."""
    async with open_desk_with(desk_settings(uri, data_dir, slots), wrap) as desk:
        yield desk


@asynccontextmanager
async def open_desk_with(
    settings: Settings, wrap: Callable[[WindowServices], WindowServices] = lambda services: services
) -> AsyncIterator[Desk]:
    """Like `open_desk`, with these settings."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    opened: asyncio.Future[WindowServices] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def open_services() -> AsyncIterator[WindowServices]:
        async with open_window_services(settings) as services:
            if not opened.done():
                opened.set_result(services)
            yield wrap(services)

    window, program, bridge = make_desk(app, open_services, settings.data_dir)
    running = asyncio.create_task(program.run())
    try:
        async with asyncio.timeout(60):
            both: list[asyncio.Future[Any]] = [running, opened]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        desk = Desk(window, bridge, program, opened.result())
        await until(lambda: desk.services.node.is_working and desk.page.model.is_known, "the window works")
        await until(window.isActiveWindow, "it has the keyboard focus")
        yield desk
        assert desk.defects == []
    finally:
        window.close()
        async with asyncio.timeout(60):
            with contextlib.suppress(asyncio.CancelledError):
                await running
        window.force_close()
        window.deleteLater()
