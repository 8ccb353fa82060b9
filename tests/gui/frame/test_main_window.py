"""The window on a real database with a real node in it, and other nodes beside it."""

import asyncio
from pathlib import Path

import psutil
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QLineEdit, QMenu, QWidget

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.queue import SortColumn
from ffmate_desktop.domain.task import NewTask, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.gui.queue.columns import QueueColumn
from ffmate_desktop.gui.queue.edit_dialog import EditTaskDialog
from ffmate_desktop.services.edits import TaskEdit
from tests.gui.desk import Desk, click, open_desk
from tests.node.farm import ENCODE, LONG, ffmpegs, open_farm
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


async def test_cancel_by_keyboard_and_restart_by_menu(desk: Desk, clip: Path) -> None:
    uuid = await desk.add(clip, LONG)
    await desk.shown(uuid, TaskStatus.RUNNING)
    await until(lambda: desk.page.model.live_progress(_first(desk)), "progress is heard")
    await until(lambda: len(ffmpegs()) == 1, "ffmpeg runs")
    desk.click_row(0)
    assert desk.page.actions_.cancel.isEnabled()
    QTest.keyClick(desk.page.view, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    await desk.shown(uuid, TaskStatus.DONE_CANCELED)
    await until(lambda: ffmpegs() == [], "ffmpeg is gone")
    desk.page.actions_.update()
    assert not desk.page.actions_.cancel.isEnabled()
    desk.page.actions_.restart.trigger()
    await desk.shown(uuid, TaskStatus.RUNNING)


async def test_deleting_a_running_task_asks_first(desk: Desk, clip: Path) -> None:
    uuid = await desk.add(clip, LONG)
    await desk.shown(uuid, TaskStatus.RUNNING)
    desk.click_row(0)
    desk.page.actions_.delete.trigger()
    box = await until(lambda: _message_box(desk), "it asks")
    box.button(box.StandardButton.Cancel).click()
    await until(lambda: _message_box(desk) is None, "the question is gone")
    assert (await desk.task(uuid)).status is TaskStatus.RUNNING
    desk.page.actions_.delete.trigger()
    box = await until(lambda: _message_box(desk), "it asks again")
    next(button for button in box.buttons() if button is not box.escapeButton()).click()
    await until(desk.page.empty.isVisible, "nothing is left")


async def test_no_task_is_deleted_by_one_key(desk: Desk, clip: Path) -> None:
    uuid = await desk.add(clip)
    await desk.shown(uuid, TaskStatus.DONE_SUCCESSFUL)
    desk.click_row(0)
    QTest.keyClick(desk.page.view, Qt.Key.Key_Delete)
    box = await until(lambda: _message_box(desk), "it asks")
    assert "are kept" in box.informativeText()
    QTest.keyClick(box, Qt.Key.Key_Escape)
    await until(lambda: _message_box(desk) is None, "the question is gone")
    assert desk.row(uuid)


async def test_closing_gives_the_task_back_and_leaves_no_process(
    database_uri: str, database: Database, tmp_path: Path, clip: Path
) -> None:
    async with open_desk(database_uri, tmp_path / "data") as desk:
        uuid = await desk.add(clip, LONG)
        await desk.shown(uuid, TaskStatus.RUNNING)
        await until(lambda: len(ffmpegs()) == 1, "ffmpeg runs")
    assert ffmpegs() == []
    assert [p for p in psutil.Process().children(recursive=True) if "ffmpeg" in p.name()] == []
    row = await database.fetch("SELECT status FROM ffmate.tasks")  # type: ignore[arg-type]
    assert [one["status"] for one in row] == ["QUEUED"]
    nodes = await database.fetch("SELECT state FROM ffmate.nodes")  # type: ignore[arg-type]
    assert [one["state"] for one in nodes] == ["left"]


async def test_what_fails_is_told_and_ends_nothing(desk: Desk, expected_warnings: object) -> None:
    expected_warnings.expect("Failed while: testing")  # type: ignore[attr-defined]

    async def fail() -> None:
        raise ZeroDivisionError("on purpose")

    desk.bridge.run(fail(), "testing")
    await until(lambda: desk.defects, "the defect is told")
    dialog = await until(lambda: desk.window._reports, "a dialog is open")
    assert "ZeroDivisionError: on purpose" in dialog[0].text
    dialog[0].accept()
    desk.defects.clear()
    assert desk.services.node.is_working


async def test_expected_trouble_is_a_sentence_in_the_bar(desk: Desk) -> None:
    desk.bridge.run(desk.services.nodes.drain("nobody"), "draining")
    await until(lambda: "nobody" in desk.window.messages.title, "the bar tells it")
    desk.window.messages.dismiss()


async def test_this_computer_is_paused_resumed_and_given_slots(desk: Desk, clip: Path) -> None:
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


async def test_the_menu_moves_duplicates_and_filters(desk: Desk, clip: Path) -> None:
    page = desk.page
    uuids = [await desk.add(clip, name=name, labels=("nobody",)) for name in ("first", "second", "third")]
    await until(lambda: page.model.rowCount() == 3, "three tasks are shown")
    page.filters.set_order(SortColumn.PRIORITY, True)
    await until(lambda: _names(desk) == ["first", "second", "third"], "what runs next is on top")
    desk.click_row(2)
    page.view.menu_requested.emit(page.view.mapToGlobal(QPoint(50, 50)))
    menu = page.actions_._menu
    assert menu.isVisible()
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert {"Pause", "Cancel", "Restart", "Priority", "Duplicate", "Delete", "Copy command"} <= set(texts)
    menu.close()
    page.actions_.moves[0].trigger()
    await until(lambda: _names(desk) == ["third", "first", "second"], "it is on top")
    page.actions_.copy_command.trigger()
    await until(lambda: "-c:v libx264" in QGuiApplication.clipboard().text(), "its command is copied")
    page.actions_.duplicate.trigger()
    await until(lambda: page.model.rowCount() == 4, "there is one more")
    page.view.selectAll()
    page.actions_.cancel.trigger()
    page.tabs.press(5)
    await until(lambda: page.model.counts.get(TaskStatus.DONE_CANCELED) == 4, "all are canceled")
    assert {(await desk.task(uuid)).status for uuid in uuids} == {TaskStatus.DONE_CANCELED}


async def test_a_waiting_task_is_edited(desk: Desk, clip: Path) -> None:
    uuid = await desk.add(clip, labels=("nobody",))
    await desk.shown(uuid, TaskStatus.QUEUED)
    desk.click_row(0)
    desk.page.actions_.edit.trigger()
    dialog = await until(
        lambda: next(iter(desk.page.findChildren(EditTaskDialog)), None), "the dialog is open"
    )
    dialog.name.setText("another name")
    dialog.priority.setValue(7)
    dialog.command.set_command("-i 'unclosed")
    click(dialog.save)
    await until(dialog.error.isVisible, "what is wrong is told in the dialog")
    dialog.command.set_command("-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}")
    click(dialog.save)
    await until(lambda: _names(desk) == ["another name"], "it is changed")
    row = desk.row(uuid)
    assert row
    assert row.priority == 7
    assert (await desk.task(uuid)).command.raw == "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


async def test_a_command_that_ends_in_a_line_break_is_not_changed_by_opening_it(
    desk: Desk, clip: Path
) -> None:
    uuid = await desk.add(clip, "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}\n", labels=("nobody",))
    assert (await desk.task(uuid)).command.raw.endswith("\n")
    await desk.shown(uuid, TaskStatus.QUEUED)
    desk.click_row(0)
    desk.page.actions_.edit.trigger()
    dialog = await until(
        lambda: next(iter(desk.page.findChildren(EditTaskDialog)), None), "the dialog is open"
    )
    assert dialog.change() == TaskEdit()
    dialog.priority.setValue(7)
    assert dialog.change() == TaskEdit(priority=7)


async def test_a_command_is_for_the_tasks_that_were_seen(desk: Desk, clip: Path) -> None:
    page = desk.page
    first, second = [await desk.add(clip, name=name, labels=("nobody",)) for name in ("first", "second")]
    await until(lambda: page.model.rowCount() == 2, "both are shown")
    desk.click_row(0)  # the newest
    page.actions_.cancel.trigger()
    page.filters.set_order(
        SortColumn.CREATED, False
    )  # before the command has begun, the other one may stand there
    await desk.shown(second, TaskStatus.DONE_CANCELED)
    assert (await desk.task(first)).status is TaskStatus.QUEUED


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


async def test_columns_order_theme_and_place_are_remembered(database_uri: str, tmp_path: Path) -> None:
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


def _names(desk: Desk) -> list[str]:
    rows = [desk.page.model.row_at(number) for number in range(desk.page.model.rowCount())]
    return [row.name for row in rows if row is not None]


async def test_batches_open_and_close_with_keyboard_and_mouse(desk: Desk, clip: Path, tmp_path: Path) -> None:
    page = desk.page
    single = await desk.add(clip)
    new = [
        NewTask(input_file=str(clip), command=ENCODE, output_file=f"{tmp_path}/{name}.mp4") for name in "abc"
    ]
    submitted = await desk.services.tasks.add(new, source=TaskSource.CLI)
    page.grouping.button.click()
    model, view = page.grouping.model, page.grouping.view
    await until(lambda: model.rowCount() == 2, "the single task, and one batch")
    await until(lambda: (group := model.group_at(1)) and group.state.progress == 100, "its progress rises")
    assert model.data(model.index(1, QueueColumn.TASK)) == "clip.mov and 2 more, 3 of 3 done"
    assert model.data(model.index(0, QueueColumn.TASK)) == "Single tasks, 1 of 1 done"
    view.selectRow(1)
    QTest.keyClick(view, Qt.Key.Key_Right)
    await until(lambda: model.rowCount() == 5 and model.row_at(4), "its tasks are shown")
    assert [row.uuid for n in (2, 3, 4) if (row := model.row_at(n))] == list(submitted.uuids)
    assert view.ranges() == [(1, 1)]
    view.selectRow(4)
    await until(page.detail_pane.isVisible, "the details of a task")
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.currentIndex().row() == 1, "the first press goes to the head"
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert model.rowCount() == 2
    place = QPoint(view.columnViewportPosition(QueueColumn.TASK) + 18, view.rowViewportPosition(0) + 28)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    await until(lambda: (row := model.row_at(1)) and row.uuid == single, "the single one is shown")
    page.grouping.button.click()
    await until(lambda: page.model.rowCount() == 4 and desk.row(single), "all tasks again")


async def test_what_is_done_to_a_batch_is_done_to_all_its_tasks(
    desk: Desk, clip: Path, tmp_path: Path
) -> None:
    page = desk.page
    await desk.services.nodes.pause("desk")
    new = [
        NewTask(input_file=str(clip), command=ENCODE, output_file=f"{tmp_path}/{n}.mp4") for n in range(300)
    ]
    submitted = await desk.services.tasks.add(new, source=TaskSource.CLI)
    other = await desk.add(clip)
    page.grouping.button.click()
    model, view = page.grouping.model, page.grouping.view
    await until(lambda: model.rowCount() == 2, "the batch, and the single task")
    view.selectRow(1)
    assert view.count_tasks() == 300
    page.actions_.cancel.trigger()
    await until(
        lambda: (group := model.group_at(1)) and group.state.by_status == {TaskStatus.DONE_CANCELED: 300},
        "all of them are canceled",
    )
    assert (await desk.task(other)).status is TaskStatus.QUEUED
    page.actions_.restart.trigger()
    await until(
        lambda: (group := model.group_at(1)) and group.state.by_status == {TaskStatus.QUEUED: 300},
        "all of them wait again",
    )
    page.actions_.moves[0].trigger()

    async def moved() -> bool:
        return all(task.priority > 0 for task in await desk.services.tasks.get(submitted.uuids))

    await until(moved, "all of them are before the others")


def _first(desk: Desk):  # type: ignore[no-untyped-def]
    row = desk.page.model.row_at(0)
    assert row is not None
    return row


def _message_box(desk: Desk):  # type: ignore[no-untyped-def]
    from PySide6.QtWidgets import QMessageBox

    found = [box for box in desk.page.findChildren(QMessageBox) if box.isVisible()]
    return found[0] if found else None
