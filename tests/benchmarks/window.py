"""The window under load: 100,000 tasks, 500 updates a second from another process, while scrolling.

Run by hand: `python -m tests.benchmarks.window [--seconds 20] [--tasks 100000] [--updates 500]`. Prints the machine,
the times of painting, of frames and of updates, memory, the processor of an idle window, and how long a commit
elsewhere takes to the painted cell.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import asyncpg
import psutil
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from ffmate_desktop.bootstrap.window import open_window_services
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.embedded.database import EmbeddedDatabase
from ffmate_desktop.db.migrate import migrate
from ffmate_desktop.gui.app import make_application, make_window
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.loop import Loop
from ffmate_desktop.gui.program import Program
from ffmate_desktop.gui.queue.model import QueueModel
from ffmate_desktop.gui.queue.page import QueuePage
from ffmate_desktop.gui.queue.view import QueueTableView
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.settings.folders import resources_folder
from ffmate_desktop.settings.table import Settings
from tests.benchmarks.figures import load, percentile, reach
from tests.gui.queue.test_long_queue import fill

FRAME = 1 / 60

_IDLE = 30.0
"""Seconds of idling, with a heartbeat every 5 s."""

WRITER = """
import asyncio, asyncpg, random, sys, time
async def main(uri, rate, tasks):
    connection = await asyncpg.connect(uri)
    found = await connection.fetch("SELECT id FROM ffmate.tasks ORDER BY id DESC LIMIT $1", tasks)
    ids = [row["id"] for row in found]
    begin, sent = time.monotonic(), 0
    while True:
        chosen = random.sample(ids[:2000], 5) + random.sample(ids, 5)
        await connection.execute("UPDATE ffmate.tasks SET progress = $2, updated_at = clock_timestamp()"
                                 " WHERE id = ANY($1)", chosen, float(time.time() % 100))
        sent += len(chosen)
        await asyncio.sleep(max(0.0, begin + sent / rate - time.monotonic()))
asyncio.run(main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
"""


class PaintTimes(QObject):
    """Measures each paint of the table, in milliseconds."""

    def __init__(self, view: QueueTableView) -> None:
        super().__init__()
        self._view = view
        self.times: list[float] = []
        self.processor: list[float] = []
        self.at = 0.0
        self._busy = False
        view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Time the paint by delivering the event ourselves."""
        if event.type() != QEvent.Type.Paint or self._busy:
            return False
        self._busy = True
        begin, spent = time.perf_counter(), time.thread_time()
        self._view.viewportEvent(event)
        self.times.append(1000 * (time.perf_counter() - begin))
        self.processor.append(1000 * (time.thread_time() - spent))
        self.at = time.time()
        self._busy = False
        return True


class UpdateTimes:
    """Measures how long the model takes to put changed rows into their places, in milliseconds a batch."""

    def __init__(self, model: QueueModel) -> None:
        self.times: list[float] = []
        take = model.apply_rows

        def timed(ids: Any, found: Any) -> bool:
            begin = time.perf_counter()
            result = take(ids, found)
            self.times.append(1000 * (time.perf_counter() - begin))
            return result

        patch.object(model, "apply_rows", timed).start()  # the reader holds this very model


@asynccontextmanager
async def _window(uri: str, folder: Path) -> AsyncIterator[tuple[QueuePage, WindowServices]]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    settings = Settings(database=uri, identifier="bench", slots=1, data_dir=folder)
    opened: asyncio.Future[WindowServices] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def open_services() -> AsyncIterator[WindowServices]:
        async with open_window_services(settings) as services:
            opened.set_result(services)
            yield services

    bridge = Bridge()
    window = make_window(app, bridge, resources_folder(), folder)
    program = Program(window, bridge, open_services, 0)
    window.resize(1440, 900)
    window.show()
    running = asyncio.create_task(program.run())
    page = window.pages[0]
    assert isinstance(page, QueuePage)
    services = await opened
    while not page.model.is_known:
        await asyncio.sleep(0.01)
    try:
        yield page, services
    finally:
        program.quit()
        await running


async def _scroll(page: QueuePage, seconds: float) -> list[float]:
    """Scroll at 60 frames a second; returns how late each frame was, in milliseconds."""
    loop, late = asyncio.get_running_loop(), []
    bar = page.view.verticalScrollBar()
    begin, frame, step = loop.time(), 0, 24
    while frame * FRAME < seconds:
        due = begin + frame * FRAME
        await asyncio.sleep(due - loop.time())
        late.append(1000 * (loop.time() - due))
        if frame % 300 == 299:
            bar.setValue((bar.value() + bar.maximum() // 3) % bar.maximum())
        if not 0 < bar.value() + step < bar.maximum():
            step = -step
        bar.setValue(bar.value() + step)
        frame += 1
    return late


async def _delays(page: QueuePage, services: WindowServices, uri: str, rounds: int) -> list[float]:
    """From a commit elsewhere to the painted cell, in milliseconds."""
    paints = PaintTimes(page.view)
    page.view.scrollToTop()
    await asyncio.sleep(0.5)
    connection = await asyncpg.connect(uri)
    delays = []
    for number in range(rounds):
        row = page.model.row_at(number % 5)
        assert row is not None
        await connection.execute("UPDATE ffmate.tasks SET priority = priority + 1 WHERE id = $1", row.id)
        committed = time.time()
        while True:
            now = page.model.row_at(number % 5)
            if now is not None and now.priority > row.priority and paints.at > committed:
                break
            await asyncio.sleep(0.002)
        delays.append(1000 * (paints.at - committed))
        await asyncio.sleep(0.13)
    await connection.close()
    return delays


async def _idle(process: psutil.Process) -> float:
    """Percent of a core that the idle window uses for its node's heartbeats and the clocks on the page."""
    await asyncio.sleep(5)
    before, begin = process.cpu_times(), time.perf_counter()
    await asyncio.sleep(_IDLE)
    return 100 * (sum(process.cpu_times()[:2]) - sum(before[:2])) / (time.perf_counter() - begin)


def _line(name: str, values: list[float], unit: str = "ms") -> str:
    middle, high = percentile(values, 0.5), percentile(values, 0.99)
    return f"{name:34} p50 {middle:7.1f}   p99 {high:7.1f}   max {max(values):7.1f} {unit}   n {len(values)}"


async def _measure(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="ffmate-window-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        async with EmbeddedDatabase(Path(name)) as embedded:
            await migrate(embedded.uri)
            async with Database(embedded.uri) as database:
                await fill(database, arguments.tasks)
            await _run(arguments, embedded.uri, Path(name) / "data")


async def _run(arguments: argparse.Namespace, uri: str, folder: Path) -> None:
    process = psutil.Process()
    begin = time.perf_counter()
    async with _window(uri, folder) as (page, services):
        seconds_to_keys = time.perf_counter() - begin
        while len(page.model.cache.anchors) < arguments.tasks // 200:
            await asyncio.sleep(0.01)
        complete = time.perf_counter() - begin
        delays = await _delays(page, services, uri, 40)
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, uri, str(arguments.updates), str(arguments.tasks)]
        )
        paints, updates = PaintTimes(page.view), UpdateTimes(page.model)
        await asyncio.sleep(1)
        cpu, start = process.cpu_times(), time.perf_counter()
        late = await _scroll(page, arguments.seconds)
        spent = sum(process.cpu_times()[:2]) - sum(cpu[:2])
        wall = time.perf_counter() - start
        writer.kill()
        writer.wait()
        window_state = process.memory_info().rss / 2**20
        idle = await _idle(process)
        print(f"{platform.platform()}, {load()}, Python {platform.python_version()}")
        print(f"{arguments.tasks:,} tasks, {arguments.updates} updates/s, scrolling for {wall:.0f} s")
        print(
            f"first rows {seconds_to_keys:.2f} s, whole order {complete:.2f} s after building the window began"
        )
        print(_line("painting the table", paints.times))
        print(_line("the same, processor time alone", paints.processor))
        print(_line("lateness of frames", late))
        print(_line("putting changes into the model", updates.times or [0.0]))
        print(_line("commit elsewhere to painted cell", delays))
        print(reach("painting p99", percentile(paints.times, 0.99), 16, unit=" ms"))
        print(reach("lateness of frames p99", percentile(late, 0.99), 8, unit=" ms"))
        print(reach("putting changes p99", percentile(updates.times or [0.0], 0.99), 2, unit=" ms"))
        print(reach("commit to paint p50", percentile(delays, 0.5), 150, unit=" ms"))
        print(reach("memory", window_state, 250, unit=" MiB"))
        print(reach("processor of an idle window", idle, 1, unit=" %"))
        print(f"{'memory':34} {window_state:.0f} MiB")
        print(f"{'processor while scrolling':34} {100 * spent / wall:.0f} % of a core")


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--updates", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20)
    app = make_application()
    with asyncio.Runner(loop_factory=lambda: Loop(app)) as runner, contextlib.suppress(KeyboardInterrupt):
        runner.run(_measure(parser.parse_args()))


if __name__ == "__main__":
    main()
