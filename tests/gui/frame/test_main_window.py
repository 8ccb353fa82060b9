"""The window on a real database, with a real node in it and other nodes next to it."""

import asyncio
from pathlib import Path

import psutil
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QLineEdit, QMenu, QWidget

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.queue import SortColumn
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.gui.queue.columns import QueueColumn
from tests.expected_warnings import ExpectedWarnings
from tests.gui.desk import Desk, click, open_desk
from tests.node.farm import LONG, ffmpegs, open_farm
from tests.node.waiting import until


async def test_a_new_task_appears_runs_here_and_turns_green(desk: Desk, clip: Path) -> None:
    assert desk.page.empty.isVisible()
    uuid = await desk.add(clip)
    row = await desk.shown(uuid, TaskStatus.DONE_SUCCESSFUL)
    assert (row.node, row.name) == ("desk", "clip.mov")
    assert not desk.page.empty.isVisible()
    assert (clip.parent / "clip.out.mp4").stat().st_size > 0
    assert desk.window.sidebar.buttons[0].accessibleDescription() == "1"


async def test_a_task_that_another_node_finished_turns_green(
    desk: Desk, database_uri: str, database: Database, clip: Path
) -> None:
    async with open_farm(database_uri, database, clip.parent) as farm:
        await farm.node("other", labels=("elsewhere",))
        uuid = await desk.add(clip, labels=("elsewhere",))
        row = await desk.shown(uuid, TaskStatus.DONE_SUCCESSFUL)
        assert row.node == "other"


async def test_closing_gives_the_task_back_and_leaves_no_process(
    database_uri: str, database: Database, tmp_path: Path, clip: Path
) -> None:
    async with open_desk(database_uri, tmp_path / "data") as desk:
        uuid = await desk.add(clip, LONG)
        await desk.shown(uuid, TaskStatus.RUNNING)
        await until(lambda: len(ffmpegs()) == 1, "ffmpeg runs")
    assert ffmpegs() == []
    assert [p for p in psutil.Process().children(recursive=True) if "ffmpeg" in p.name()] == []
    row = await database.fetch(Sql("SELECT status FROM ffmate.tasks"))
    assert [record["status"] for record in row] == ["QUEUED"]
    nodes = await database.fetch(Sql("SELECT state FROM ffmate.nodes"))
    assert [record["state"] for record in nodes] == ["left"]


async def test_an_unexpected_error_opens_a_report_and_stops_nothing(
    desk: Desk, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.expect("Failed while: testing")

    async def fail() -> None:
        raise ZeroDivisionError("on purpose")

    desk.bridge.run(fail(), "testing")
    await until(lambda: desk.defects, "the error is reported")
    dialog = await until(lambda: desk.window._reports, "a dialog is open")
    assert "ZeroDivisionError: on purpose" in dialog[0].text
    dialog[0].accept()
    desk.defects.clear()
    assert desk.services.node.is_working


async def test_a_user_error_is_shown_in_the_message_bar(desk: Desk) -> None:
    desk.bridge.run(desk.services.nodes.drain("nobody"), "draining")
    await until(lambda: "nobody" in desk.window.messages.title, "the bar shows it")
    desk.window.messages.dismiss()


async def test_this_computer_can_be_paused_resumed_and_given_more_slots(desk: Desk, clip: Path) -> None:
    page, panel = desk.page, desk.window.node_panel
    await until(lambda: panel._slots.text() == "0 of 1 slots", "the panel shows the node")
    click(page.pause)
    await until(lambda: panel.is_paused, "the node is paused")
    assert page.pause.text() == "Resume"
    first, second = await desk.add(clip, LONG), await desk.add(clip, LONG)
    await desk.shown(first, TaskStatus.QUEUED)
    await asyncio.sleep(0.5)
    assert (await desk.task(first)).status is TaskStatus.QUEUED
    click(page.pause)
    await desk.shown(first, TaskStatus.RUNNING)
    assert (await desk.task(second)).status is TaskStatus.QUEUED
    panel.open_controls()
    panel._controls.slots.setValue(2)
    await desk.shown(second, TaskStatus.RUNNING)
    await until(lambda: panel._slots.text() == "2 of 2 slots", "the panel shows the new slots")
    panel._controls.hide()


async def test_order_and_columns_are_chosen_from_menus(desk: Desk, clip: Path) -> None:
    page, view = desk.page, desk.page.view
    uuid = await desk.add(clip)
    await desk.shown(uuid, TaskStatus.DONE_SUCCESSFUL)
    click(page.order)
    menu = page.order.findChild(QMenu)
    assert menu is not None
    next(action for action in menu.actions() if action.text() == "Recently finished first").trigger()
    menu.close()
    assert page.model.query.column.value == "finished"
    assert page.order.text() == "Recently finished first"
    view.horizontalHeader().customContextMenuRequested.emit(QPoint(5, 5))
    menu = view.findChild(QMenu)
    assert menu is not None
    next(action for action in menu.actions() if action.text() == "Attempts").trigger()
    menu.close()
    assert not view.isColumnHidden(QueueColumn.ATTEMPTS)
    view.horizontalHeader().sectionClicked.emit(QueueColumn.TASK)
    assert page.model.query.column.value == "name"
    await until(lambda: desk.row(uuid), "the row is there again")


async def test_columns_order_and_theme_survive_a_restart(database_uri: str, tmp_path: Path) -> None:
    async with open_desk(database_uri, tmp_path / "data") as desk:
        desk.page.view.show_column(QueueColumn.PRIORITY, True)
        desk.page.view.show_column(QueueColumn.NODE, False)
        desk.page.filters.set_order(SortColumn.FINISHED, False)
        if not desk.window.context.theme.tokens.is_dark:
            click(desk.window.sidebar.switch)
        assert desk.window.context.theme.tokens.is_dark
    async with open_desk(database_uri, tmp_path / "data") as desk:
        assert QueueColumn.PRIORITY in desk.page.view.chosen_columns
        assert QueueColumn.NODE not in desk.page.view.chosen_columns
        assert desk.page.model.query.column is SortColumn.FINISHED
        assert desk.page.order.text() == "Finished longest ago first"
        assert desk.window.context.theme.tokens.is_dark


async def test_every_control_has_a_name_and_can_be_reached_by_keyboard(desk: Desk, clip: Path) -> None:
    uuid = await desk.add(clip)
    await desk.shown(uuid, TaskStatus.DONE_SUCCESSFUL)
    desk.click_row(0)
    nameless, unreachable = [], []
    for widget in desk.window.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, QAbstractButton | QLineEdit | QAbstractSpinBox):
            continue
        if isinstance(widget.parent(), QLineEdit):
            continue  # the icon inside a field is a picture
        text = widget.text()
        if not (widget.accessibleName() or text.strip()):
            nameless.append(f"{widget.metaObject().className()} in {widget.parent()}")
        if widget.focusPolicy() is Qt.FocusPolicy.NoFocus:
            unreachable.append(f"{widget.metaObject().className()} {text!r}")
    assert nameless == []
    assert unreachable == []
