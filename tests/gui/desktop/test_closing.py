"""Closing the window while tasks run here."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from ffmate_desktop.domain.node import NodeState
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.gui.desktop import closing
from ffmate_desktop.gui.desktop.closing import CloseDialog, Closing
from ffmate_desktop.gui.presets.page import PresetsPage
from ffmate_desktop.settings.preferences import OnClose
from tests.gui.desk import Desk, click
from tests.node.farm import ENCODE, LONG
from tests.node.waiting import until

SHORT = f"-re {ENCODE}"


def ask(desk: Desk) -> Closing:
    """Close through the dialog, as the program does."""
    desk.window.close_requested.disconnect(desk.program.quit)
    return Closing(desk.window, desk.program)


def question(closes: Closing) -> CloseDialog | None:
    """The dialog, if it is open. A function, so that mypy doesn't assume it unchanged."""
    return closes.dialog


async def dialog_of(desk: Desk, closing_: Closing) -> CloseDialog:
    """Close the window; returns the dialog this opens."""
    desk.window.close()
    assert closing_.dialog is not None
    assert desk.window.isVisible()
    return closing_.dialog


async def test_an_idle_window_closes_without_asking(desk: Desk) -> None:
    closes = ask(desk)
    desk.window.close()
    assert closes.dialog is None
    assert desk.program.is_leaving


async def test_escape_cancels_and_now_returns_the_task(desk: Desk, clip: Path) -> None:
    closes = ask(desk)
    uuid = await desk.add(clip, LONG)
    await desk.shown(uuid, TaskStatus.RUNNING)
    dialog = await dialog_of(desk, closes)
    assert OnClose.BACKGROUND not in dialog.buttons  # the offscreen platform has no tray
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    await until(lambda: closes.dialog is None, "it goes")
    assert not desk.program.is_leaving
    dialog = await dialog_of(desk, closes)
    click(dialog.buttons[OnClose.NOW])
    await until(lambda: desk.program.is_leaving, "the program ends")
    assert closes.choice is OnClose.ASK


async def test_finish_quits_once_the_task_is_done(desk: Desk, clip: Path) -> None:
    closes = ask(desk)
    uuid = await desk.add(clip, SHORT.replace("-re", "-re -stream_loop 1"))
    await desk.shown(uuid, TaskStatus.RUNNING)
    dialog = await dialog_of(desk, closes)
    dialog.always.setChecked(True)
    click(dialog.buttons[OnClose.FINISH])
    await until(lambda: desk.program.is_leaving, "the program ends")
    assert closes.choice is OnClose.FINISH


async def test_keep_running_accepts_tasks_again(desk: Desk, clip: Path) -> None:
    closes = ask(desk)
    uuid = await desk.add(clip, LONG)
    await desk.shown(uuid, TaskStatus.RUNNING)
    click((await dialog_of(desk, closes)).buttons[OnClose.FINISH])

    async def is_(state: NodeState) -> bool:
        return [node.state for node in await desk.services.nodes.all()] == [state]

    await until(lambda: is_(NodeState.DRAINING), "the node drains")
    await until(lambda: desk.window.messages.title.startswith("FFmate Desktop quits"), "it says so")
    desk.window.messages._on_button()
    await until(lambda: is_(NodeState.ONLINE), "the node is online again")
    await desk.services.tasks.cancel([uuid])
    await desk.shown(uuid, TaskStatus.DONE_CANCELED)
    assert await desk.shown(await desk.add(clip), TaskStatus.DONE_SUCCESSFUL)
    assert not desk.program.is_leaving


async def test_a_stored_answer_is_not_asked_for_again(
    desk: Desk, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "has_tray", lambda: True)
    closes = ask(desk)
    uuid = await desk.add(clip, LONG)
    await desk.shown(uuid, TaskStatus.RUNNING)
    dialog = await dialog_of(desk, closes)
    dialog.always.setChecked(True)
    click(dialog.buttons[OnClose.BACKGROUND])
    assert not desk.window.isVisible()
    desk.window.show()
    desk.window.close()
    assert question(closes) is None
    assert not desk.window.isVisible()
    assert not desk.program.is_leaving
    closes.quit()  # quitting from the tray can't mean "in the background"
    asked = question(closes)
    assert asked is not None
    asked.reject()
    desk.program.quit()


async def test_a_signal_never_asks(desk: Desk, clip: Path) -> None:
    closes = ask(desk)
    uuid = await desk.add(clip, LONG)
    await desk.shown(uuid, TaskStatus.RUNNING)
    await dialog_of(desk, closes)
    desk.program.on_signal()  # while the question is open
    assert desk.program.is_leaving
    await until(lambda: closes.dialog is None, "the question goes away")


def box_of(desk: Desk) -> QMessageBox | None:
    """The question about unsaved changes."""
    return next(iter(desk.window.findChildren(QMessageBox)), None)


async def test_unsaved_changes_are_not_lost_without_asking(desk: Desk) -> None:
    ask(desk)
    page = desk.window.show_page_with_key("presets")
    assert isinstance(page, PresetsPage)
    await until(lambda: page.new_button.isEnabled() and page.list.current, "presets are read")
    page.new_button.click()
    page.form.name.setText("Half a preset")
    desk.window.close()
    box = await until(lambda: box_of(desk), "it asks")
    assert "Half a preset" in box.informativeText()
    desk.window.close()  # a second request asks no second question
    assert len(desk.window.findChildren(QMessageBox)) == 1
    QTest.keyClick(box, Qt.Key.Key_Escape)
    await until(lambda: box_of(desk) is None, "the question is gone")
    assert not desk.program.is_leaving
    assert page.form.name.text() == "Half a preset"
    desk.window.close()
    box = await until(lambda: box_of(desk), "it asks again")
    next(button for button in box.buttons() if button is not box.escapeButton()).click()
    await until(lambda: desk.program.is_leaving, "the program ends")
