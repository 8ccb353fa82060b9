"""The detail pane of running and failed tasks, and its buttons."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.gui.queue.detail_cards import CommandBox
from ffmate_desktop.gui.submit.flow import SubmitFlow
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.gui.widgets.action_button import ActionButton
from ffmate_desktop.settings.folders import resources_folder
from tests.gui.desk import Desk, click
from tests.node.farm import LONG
from tests.node.waiting import until

FAILS = "-i ${INPUT_FILE} -c:v no_such_encoder ${OUTPUT_FILE}"


async def test_a_running_task_is_shown_live(desk: Desk, clip: Path) -> None:
    pane = desk.page.detail_pane
    uuid = await desk.add(clip, LONG)
    await desk.shown(uuid, TaskStatus.RUNNING)
    assert not pane.isVisible()
    desk.click_row(0)
    assert pane.isVisible()
    assert (pane.name.text(), pane.path.text()) == ("clip.mov", str(clip))
    await until(lambda: pane.percent.text() not in ("", "0\u2009%"), "the percentage rises")
    await until(lambda: len(pane.graph._samples) >= 2, "speed is drawn")
    await until(lambda: "-stream_loop -1" in pane.command.lines.toPlainText(), "the command is shown")
    await until(lambda: "160×90" in pane.files.input_facts, "what the probe found is shown")
    assert "25\u00a0fps  ·  " in pane.files.input_facts  # lines break between facts, not inside them
    click(pane.command.copy)
    assert str(clip) in QGuiApplication.clipboard().text()
    cancel = next(button for button in pane.findChildren(ActionButton) if button.text() == "Cancel")
    click(cancel)
    await desk.shown(uuid, TaskStatus.DONE_CANCELED)
    await until(lambda: pane.chip.accessibleName() == "Cancelled", "the pane follows")


async def test_a_failure_is_explained_and_the_log_can_be_searched_and_saved(
    desk: Desk, clip: Path, tmp_path: Path
) -> None:
    pane = desk.page.detail_pane
    uuid = await desk.add(clip, FAILS)
    await desk.shown(uuid, TaskStatus.DONE_ERROR)
    desk.click_row(0)
    await until(pane.error.isVisible, "the error is shown")
    assert "no_such_encoder" in pane.error.cause.text()
    await until(lambda: "no_such_encoder" in pane.log.text, "the log is shown")
    pane.log._toggle_search(True)
    QTest.keyClicks(pane.log.search, "no_such")
    assert pane.log.lines.textCursor().selectedText() == "no_such"
    target = tmp_path / "saved.log"
    pane.log.save_requested.emit(str(target))
    await until(lambda: target.exists() and target.read_text() == pane.log.text, "the log is saved")
    epoch = (await desk.task(uuid)).epoch
    desk.page.actions_.restart.trigger()

    async def failed_again() -> bool:
        task = await desk.task(uuid)
        return task.epoch > epoch and task.status is TaskStatus.DONE_ERROR

    await until(failed_again, "the task has failed again")
    await until(
        lambda: {attempt.node for attempt in pane.timeline._shown or []} == {"desk"}, "the attempt is listed"
    )


async def test_a_failed_task_can_be_queued_differently(desk: Desk, clip: Path) -> None:
    pane = desk.page.detail_pane
    await desk.shown(await desk.add(clip, FAILS), TaskStatus.DONE_ERROR)
    desk.click_row(0)
    await until(pane.error.isVisible, "the error is shown")
    click(pane.error.resubmit_button)
    submitting = desk.window.findChild(SubmitFlow)
    assert submitting is not None
    sheet = await until(lambda: submitting.sheet, "the sheet opens")
    await until(lambda: sheet.debouncer.is_current, "it knows what will happen")
    assert [task.input_file for task in sheet.debouncer.accepted] == [str(clip)]
    sheet.reject()


async def test_a_closed_pane_stays_closed_until_it_is_opened_again(desk: Desk, clip: Path) -> None:
    pane, view = desk.page.detail_pane, desk.page.view
    uuid = await desk.add(clip)
    await desk.shown(uuid, TaskStatus.DONE_SUCCESSFUL)
    desk.click_row(0)
    assert pane.isVisible()
    pane.closed.emit()
    view.clearSelection()
    desk.click_row(0)
    assert not pane.isVisible()
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert pane.isVisible()


async def test_selecting_another_task_scrolls_the_pane_to_the_top(desk: Desk, clip: Path) -> None:
    pane = desk.page.detail_pane
    await desk.shown(await desk.add(clip, FAILS), TaskStatus.DONE_ERROR)
    await desk.shown(await desk.add(clip, FAILS), TaskStatus.DONE_ERROR)
    await until(lambda: desk.page.model.rowCount() == 2, "both are listed")
    desk.click_row(0)
    await until(
        lambda: pane.timeline.isVisible() and pane.scroll_bar.maximum() > 50, "there is more than fits"
    )
    pane.scroll_bar.setValue(50)
    desk.click_row(1)
    assert pane.scroll_bar.value() == 0


def test_no_line_of_a_command_is_cut_off(qapp: QApplication) -> None:
    box = CommandBox(Theme(qapp, resources_folder()))
    box.resize(330, 140)
    box.show_command("-i /media/ingest/harbour/Harbour_Lights.mov " + "-metadata comment=words " * 20)
    box.show()
    box.grab()  # applies the margins of the style sheet
    lines = box.lines
    block = lines.document().firstBlock()
    rect = lines.blockBoundingGeometry(block).translated(lines.contentOffset())
    layout = block.layout()
    bottoms = [
        rect.top() + layout.lineAt(n).y() + layout.lineAt(n).height() for n in range(layout.lineCount())
    ]
    seen = [bottom for bottom in bottoms if bottom <= lines.viewport().height()]
    assert len(seen) == 4
    assert lines.viewport().height() - seen[-1] < 4
