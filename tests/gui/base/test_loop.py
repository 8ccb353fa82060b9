"""Our event loop: the four faults of plain qasync, threads, signals, nested Qt loops, and logging of lag."""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from ffmate_desktop import logs
from ffmate_desktop.gui.base.loop import Loop


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[Loop]:
    """A loop for the test to run."""
    made = Loop(qapp)
    yield made
    made.close()


async def test_cancelled_timeouts_leave_the_heap() -> None:
    running = asyncio.get_running_loop()
    assert isinstance(running, Loop)
    for _ in range(3000):
        async with asyncio.timeout(3600):
            await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    assert len(running._scheduled) < 200


async def test_timers_fire_in_order_and_never_early() -> None:
    loop = asyncio.get_running_loop()
    fired: list[tuple[int, float]] = []

    def fire(number: int, due: float) -> None:
        fired.append((number, loop.time() - due))

    for number in (3, 1, 2, 0):
        due = loop.time() + number * 0.013
        loop.call_at(due, fire, number, due)
    await asyncio.sleep(0.08)
    assert [number for number, _ in fired] == [0, 1, 2, 3]
    assert all(lateness >= 0 for _, lateness in fired)


async def test_a_timer_may_be_months_away() -> None:
    handle = asyncio.get_running_loop().call_later(90 * 86_400, print)
    await asyncio.sleep(0.001)
    handle.cancel()


def test_nothing_runs_while_the_loop_does_not(loop: Loop) -> None:
    steps = 0
    failed: list[object] = []
    loop.set_exception_handler(lambda _loop, context: failed.append(context))

    async def background() -> None:
        nonlocal steps
        while True:
            await asyncio.sleep(0)
            asyncio.get_running_loop()
            steps += 1

    async def start() -> "asyncio.Task[None]":
        return asyncio.ensure_future(background())

    task = loop.run_until_complete(start())
    before = steps
    pump = QEventLoop()  # as a dialog of another library would start
    QTimer.singleShot(20, pump.quit)
    pump.exec()
    assert steps == before
    loop.run_until_complete(asyncio.sleep(0.01))
    assert steps > before
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    assert failed == []


async def test_a_nested_loop_of_qt_kills_no_task() -> None:
    beats = 0

    async def heartbeat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.005)
            beats += 1

    beating = asyncio.ensure_future(heartbeat())
    await asyncio.sleep(0.02)
    pump = QEventLoop()  # from within a coroutine: no task runs, and none dies
    QTimer.singleShot(30, pump.quit)
    pump.exec()
    before = beats
    while beats < before + 3:
        await asyncio.sleep(0.01)
    assert not beating.done()
    beating.cancel()


async def test_threads_can_call_the_loop_and_return_results() -> None:
    loop = asyncio.get_running_loop()
    heard: asyncio.Future[int] = loop.create_future()
    thread = threading.Thread(target=lambda: loop.call_soon_threadsafe(heard.set_result, 7))
    thread.start()
    assert await heard == 7
    thread.join()
    assert await asyncio.to_thread(threading.get_ident) != threading.get_ident()


async def test_async_generators_are_closed() -> None:
    closed = asyncio.Event()

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.set()

    async for _ in numbers():
        break
    async with asyncio.timeout(10):
        await closed.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX signals")
async def test_signals_arrive() -> None:
    loop = asyncio.get_running_loop()
    heard = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, heard.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    async with asyncio.timeout(10):
        await heard.wait()
    loop.remove_signal_handler(signal.SIGUSR1)


def test_an_exit_inside_a_callback_leaves_the_loop(loop: Loop) -> None:
    async def main() -> None:
        loop.call_soon(sys.exit, 3)
        await asyncio.sleep(60)

    with pytest.raises(SystemExit) as exit_info:
        loop.run_until_complete(main())
    assert exit_info.value.code == 3
    for task in asyncio.all_tasks(loop):
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))


async def test_a_callback_that_blocks_the_loop_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logs.root.name)
    asyncio.get_running_loop().call_soon(time.sleep, 0.15)
    await asyncio.sleep(0.02)
    await asyncio.sleep(0)
    lines = [record.getMessage() for record in caplog.records]
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
    assert any("blocked" in line and "sleep" in line for line in lines), lines
    assert any("ms late" in line for line in lines), lines


async def test_only_a_long_delay_is_logged_at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logs.root.name)
    asyncio.get_running_loop().call_soon(time.sleep, 1.05)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert any("blocked" in record.getMessage() for record in caplog.records)


async def test_cancelling_a_fired_timer_is_not_counted() -> None:
    """Otherwise the loop would keep cleaning a heap that it believes full of cancelled timers."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    before = loop._timer_cancelled_count
    handles = [loop.call_later(0, lambda: None) for _ in range(5)]
    await asyncio.sleep(0.05)
    for handle in handles:
        handle.cancel()
    assert loop._timer_cancelled_count == before
