"""Actions on selected tasks: cancel, restart, delete, edit, move and duplicate."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from ffmate_desktop.domain.queue import QueueRow, SortColumn
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.gui.queue.edit_dialog import EditTaskDialog
from ffmate_desktop.services.edits import TaskEdit
from tests.gui.desk import Desk, click
from tests.node.farm import LONG, ffmpegs
from tests.node.waiting import until


async def test_cancel_by_keyboard_and_restart_by_menu(desk: Desk, clip: Path) -> None:
    uuid = await desk.add(clip, LONG)
    await desk.shown(uuid, TaskStatus.RUNNING)
    await until(lambda: desk.page.model.live_progress(_first(desk)), "progress arrives")
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


async def test_the_delete_key_asks_first(desk: Desk, clip: Path) -> None:
    uuid = await desk.add(clip)
    await desk.shown(uuid, TaskStatus.DONE_SUCCESSFUL)
    desk.click_row(0)
    QTest.keyClick(desk.page.view, Qt.Key.Key_Delete)
    box = await until(lambda: _message_box(desk), "it asks")
    assert "are kept" in box.informativeText()
    QTest.keyClick(box, Qt.Key.Key_Escape)
    await until(lambda: _message_box(desk) is None, "the question is gone")
    assert desk.row(uuid)


async def test_the_menu_moves_duplicates_and_cancels(desk: Desk, clip: Path) -> None:
    page = desk.page
    uuids = [await desk.add(clip, name=name, labels=("nobody",)) for name in ("first", "second", "third")]
    await until(lambda: page.model.rowCount() == 3, "three tasks are shown")
    page.filters.set_order(SortColumn.PRIORITY, True)
    await until(lambda: _names(desk) == ["first", "second", "third"], "what runs next is on top")
    desk.click_row(2)
    page.view.menu_requested.emit(page.view.mapToGlobal(QPoint(50, 50)))
    menu = page.actions_.context_menu
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


async def test_a_queued_task_can_be_edited(desk: Desk, clip: Path) -> None:
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
    await until(dialog.error.isVisible, "the dialog shows the error")
    dialog.command.set_command("-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}")
    click(dialog.save)
    await until(lambda: _names(desk) == ["another name"], "it is changed")
    row = desk.row(uuid)
    assert row
    assert row.priority == 7
    assert (await desk.task(uuid)).command.raw == "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


async def test_opening_the_editor_does_not_change_a_trailing_line_break(desk: Desk, clip: Path) -> None:
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


async def test_an_action_applies_to_the_tasks_selected_when_it_was_triggered(desk: Desk, clip: Path) -> None:
    page = desk.page
    first, second = [await desk.add(clip, name=name, labels=("nobody",)) for name in ("first", "second")]
    await until(lambda: page.model.rowCount() == 2, "both are shown")
    desk.click_row(0)  # the newest
    page.actions_.cancel.trigger()
    page.filters.set_order(SortColumn.CREATED, False)  # may move the other task into this row first
    await desk.shown(second, TaskStatus.DONE_CANCELED)
    assert (await desk.task(first)).status is TaskStatus.QUEUED


def _first(desk: Desk) -> QueueRow:
    row = desk.page.model.row_at(0)
    assert row is not None
    return row


def _message_box(desk: Desk) -> QMessageBox | None:
    boxes = [box for box in desk.page.findChildren(QMessageBox) if box.isVisible()]
    return boxes[0] if boxes else None


def _names(desk: Desk) -> list[str]:
    rows = [desk.page.model.row_at(number) for number in range(desk.page.model.rowCount())]
    return [row.name for row in rows if row is not None]
