"""One window per data folder: a second start hands its files over and exits."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.gui.desktop import single_instance
from ffmate_desktop.gui.desktop.single_instance import SingleInstance, acquire_or_hand_over, socket_name
from ffmate_desktop.gui.submit.flow import SubmitFlow
from ffmate_desktop.settings.table import Settings
from tests.gui.desk import Desk
from tests.node.waiting import until

ROOT = Path(__file__).parents[3]
HOLD = """
import sys, time, pathlib
from PySide6.QtCore import QCoreApplication
from ffmate_desktop.gui.desktop.single_instance import SingleInstance
app = QCoreApplication([])
assert SingleInstance(pathlib.Path(sys.argv[1])).acquire()
print("first", flush=True)
time.sleep(600)
"""
HAND_OVER = """
import os, sys
from ffmate_desktop.settings.read import read_settings
from ffmate_desktop.gui.desktop.single_instance import hand_over
sys.exit(not hand_over(read_settings({"--data-dir": [sys.argv[1]]}, os.environ), sys.argv[2:]))
"""


async def test_a_second_start_hands_its_files_to_the_first(desk: Desk, tmp_path: Path, clip: Path) -> None:
    instance = SingleInstance(tmp_path / "data")
    instance.files_received.connect(desk.window.bring_to_front)
    assert instance.acquire()
    desk.window.hide()
    second = subprocess.Popen(
        [sys.executable, "-m", "ffmate_desktop", "--data-dir", str(tmp_path / "data"), "clip.mov"],
        cwd=clip.parent,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert second.stderr is not None
    try:
        [code] = await until(lambda: None if second.poll() is None else [second.poll()], "it ends")
        assert (code, await asyncio.to_thread(second.stderr.read)) == (0, "")
    finally:
        second.kill()
        second.wait()
        second.stderr.close()
        instance.close()
    submitting = desk.window.findChild(SubmitFlow)
    assert submitting is not None
    sheet = await until(lambda: submitting.sheet, "the sheet opens")
    assert desk.window.isVisible()
    assert [file.path for file in sheet.model.files] == [str(clip)]
    sheet.cancel()


async def test_files_from_a_start_with_other_settings_are_rejected(qapp: object, tmp_path: Path) -> None:
    first = SingleInstance(tmp_path, Settings(data_dir=tmp_path))
    received: list[list[str]] = []
    first.files_received.connect(received.append)
    assert first.acquire()

    async def second() -> "subprocess.CompletedProcess[bytes]":
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", HAND_OVER, str(tmp_path), "a.mov"],
            cwd=ROOT,
            env={**os.environ, "FFMATE_DEBUG": "info:?"},
            capture_output=True,
            check=False,
            timeout=60,
        )

    ended = await second()
    assert b"already open with other settings: --debug." in ended.stderr
    assert received == []
    assert first.settings is not None
    first.settings = replace(first.settings, debug="info:?")
    assert (await second()).returncode == 0
    await until(lambda: received, "the file arrives")
    first.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_later_start_replaces_a_killed_window(qapp: object, tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "first\n"
    late = SingleInstance(tmp_path)
    assert not late.acquire()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert late.acquire()
    socket = QLocalSocket()
    socket.connectToServer(socket_name(tmp_path))
    assert socket.waitForConnected(5000)
    socket.abort()
    late.close()


async def test_invalid_and_missing_messages_are_disconnected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_instance, "REPLY_TIMEOUT", 0.2)
    instance = acquire_or_hand_over(Settings(data_dir=tmp_path), [])
    assert instance is not None
    received: list[list[str]] = []
    instance.files_received.connect(received.append)
    for words in (b"GET / HTTP/1.1\n", b'{"files": [1]}\n', b""):
        socket = QLocalSocket()
        socket.connectToServer(socket_name(tmp_path))
        socket.write(words)
        unconnected = QLocalSocket.LocalSocketState.UnconnectedState
        await until(lambda: socket.state() is unconnected, f"{words!r} is disconnected")  # noqa: B023 - awaited here
        assert received == []
    odd = ["/films/\udcff.mov", "/films/Füße.mov"]
    command = [sys.executable, "-c", HAND_OVER, str(tmp_path), *odd]
    second = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, check=False, timeout=60)
    assert second.returncode == 0
    await until(lambda: received, "the files arrive")
    assert received == [odd]
    instance.close()


def test_a_window_that_does_not_respond_is_an_error(
    qapp: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_instance, "CONNECT_TIMEOUT", 0.2)
    first = SingleInstance(tmp_path)
    assert first.acquire()
    first.stop_listening()
    with pytest.raises(UserError, match="doesn't respond"):
        acquire_or_hand_over(Settings(data_dir=tmp_path), [])
    first.close()
