"""The queue grouped by batch."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from ffmate_desktop.domain.task import NewTask, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.gui.queue.columns import QueueColumn
from tests.gui.desk import Desk
from tests.node.farm import ENCODE
from tests.node.waiting import until


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


async def test_an_action_on_a_batch_applies_to_all_its_tasks(desk: Desk, clip: Path, tmp_path: Path) -> None:
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
        "all of them are queued again",
    )
    page.actions_.moves[0].trigger()

    async def moved() -> bool:
        return all(task.priority > 0 for task in await desk.services.tasks.get(submitted.uuids))

    await until(moved, "all of them are before the others")
