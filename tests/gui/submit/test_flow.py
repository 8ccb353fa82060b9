"""From a drop to a finished output: the overlay, the submit sheet, its preview, and error messages."""

from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QFileOpenEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from ffmate_desktop.domain.task import IfExists, TaskStatus
from ffmate_desktop.domain.wildcards import wildcards_in
from ffmate_desktop.gui.app import Application
from ffmate_desktop.gui.presets.defaults import DEFAULT_PRESET
from ffmate_desktop.gui.submit.choice import SubmitChoice
from ffmate_desktop.gui.submit.dropped_paths import paths_from
from ffmate_desktop.gui.submit.flow import SubmitFlow
from ffmate_desktop.gui.submit.preview_debounce import FIRST_FILES
from ffmate_desktop.gui.submit.sheet import SubmitSheet
from ffmate_desktop.gui.widgets.wildcard_menu import wildcards
from ffmate_desktop.services.preview import PreviewIssue
from tests.gui.desk import Desk
from tests.node.farm import LONG
from tests.node.waiting import until

DropEvent = TypeVar("DropEvent", bound=QDropEvent)
COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


def submit_flow(desk: Desk) -> SubmitFlow:
    found = desk.window.findChild(SubmitFlow)
    assert isinstance(found, SubmitFlow)
    return found


def mime(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


COPY_OR_MOVE = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier  # Shift proposes a move


def drag(widget: QWidget, data: QMimeData) -> QDragEnterEvent:
    """Drag data onto a widget, as the system does."""
    return sent(QDragEnterEvent(QPoint(200, 200), COPY_OR_MOVE, data, LEFT, SHIFT), widget)


def drop(widget: QWidget, data: QMimeData) -> QDropEvent:
    """Drop data on a widget that a drag has entered."""
    return sent(QDropEvent(QPointF(200, 200), COPY_OR_MOVE, data, LEFT, SHIFT), widget)


def sent(event: DropEvent, widget: QWidget) -> DropEvent:
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event


def drag_and_drop(widget: QWidget, data: QMimeData) -> None:
    drag(widget, data)
    drop(widget, data)


async def sheet_for(desk: Desk, *paths: Path) -> SubmitSheet:
    """Drop these paths and wait for the preview in the sheet."""
    drag_and_drop(desk.window, mime(*paths))
    sheet = await until(lambda: submit_flow(desk).sheet, "the sheet opens")
    await until(lambda: sheet.is_preview_current, "the preview is ready")
    return sheet


async def preview_issues(sheet: SubmitSheet) -> list[PreviewIssue]:
    await until(lambda: sheet.is_preview_current, "the preview is ready")
    return [row.issue for row in sheet.model.rows]


async def sheet_closed(desk: Desk) -> None:
    await until(lambda: submit_flow(desk).sheet is None, "the sheet is closed")


def use_command(sheet: SubmitSheet, command: str = COPY) -> None:
    """Use a command instead of a preset; this is also the fastest encode."""
    sheet.mode.press(1)
    sheet.command.set_command(command)


# -- Dropping and submitting -----------------------------------------------------------------------------------------


async def test_a_dropped_file_is_encoded_after_pressing_enter(desk: Desk, clip: Path) -> None:
    window, overlay = desk.window, submit_flow(desk).target.overlay
    data = mime(clip)
    entered = drag(window, data)
    assert entered.isAccepted()
    assert entered.dropAction() is Qt.DropAction.CopyAction  # a move might remove the input
    assert overlay.isVisible()
    assert overlay.size() == window.size()
    QApplication.sendEvent(window, QDragLeaveEvent())
    drag(overlay, data)  # the overlay is now under the pointer
    dropped = drop(overlay, data)
    assert dropped.dropAction() is Qt.DropAction.CopyAction
    assert not overlay.isVisible()
    sheet = await until(lambda: submit_flow(desk).sheet, "the sheet opens")
    QTest.keyClick(sheet.presets.search, Qt.Key.Key_Return)  # immediately: the sheet waits for its preview
    await sheet_closed(desk)
    output = clip.with_name("clip_1080p.mp4")
    await until(output.exists, "the output is next to the input")
    row = await until(lambda: desk.page.model.row_at(0), "the table shows it")
    await desk.shown(row.uuid, TaskStatus.DONE_SUCCESSFUL)
    assert clip.exists()
    assert desk.window.messages.title == "Queued 1 file."


async def test_the_overlay_disappears_when_a_drag_leaves(desk: Desk, clip: Path) -> None:
    overlay = submit_flow(desk).target.overlay
    drag(desk.window, mime(clip))
    assert overlay.isVisible()
    QApplication.sendEvent(desk.window, QDragLeaveEvent())
    await until(lambda: not overlay.isVisible(), "the overlay is gone")
    words = QMimeData()
    words.setText("no file")
    assert not drag(desk.window, words).isAccepted()
    assert not overlay.isVisible()


async def test_escape_queues_nothing(desk: Desk, clip: Path) -> None:
    desk.window.show_page(1)  # files can be dropped on every page
    sheet = await sheet_for(desk, clip)
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    await sheet_closed(desk)
    assert await desk.services.tasks.newest() == []


async def test_undo_removes_unfinished_tasks(desk: Desk, clip: Path, tmp_path: Path) -> None:
    other = tmp_path / "media" / "other.mov"
    other.write_bytes(clip.read_bytes())
    sheet = await sheet_for(desk, clip, other)
    use_command(sheet, LONG)
    await preview_issues(sheet)
    sheet.submit_button.click()
    await sheet_closed(desk)
    assert len(await desk.services.tasks.newest()) == 2
    assert desk.window.messages.title == "Queued 2 files."
    desk.window.messages._button.click()

    async def gone() -> bool:
        return await desk.services.tasks.newest() == []

    await until(gone, "nothing is left")
    assert not list(clip.parent.glob("*_new.mp4"))


async def test_the_last_choice_is_remembered(desk: Desk, clip: Path, tmp_path: Path) -> None:
    sheet = await sheet_for(desk, clip)
    QTest.keyClicks(sheet.presets.search, "prores proxy")
    chosen = sheet.presets.current
    assert chosen is not None
    assert chosen.name == "ProRes 422 Proxy"
    sheet.output.folder.setText(str(tmp_path / "out"))
    sheet.output.policy.press(1)
    sheet.output.priority.setText("7")
    await preview_issues(sheet)
    sheet.submit_button.click()
    await sheet_closed(desk)
    [task] = await desk.services.tasks.newest()
    assert (task.priority, task.preset and task.preset.name) == (7, "ProRes 422 Proxy")
    assert task.output_file.resolved == str(tmp_path / "out" / "clip_prores_proxy.mov")
    assert submit_flow(desk).target.overlay.preset == "ProRes 422 Proxy"
    sheet = await sheet_for(desk, clip)
    assert sheet.presets.current == chosen
    assert sheet.output.folder.text() == str(tmp_path / "out")
    assert sheet.output.policy.current == 1
    assert sheet.output.priority.text() == ""  # priority is not remembered
    sheet.reject()
    await sheet_closed(desk)


async def test_the_window_closes_while_the_sheet_is_open(desk: Desk, clip: Path) -> None:
    sheet = await sheet_for(desk, clip)
    assert sheet.isVisible()  # now the fixture must shut down cleanly


# -- Dropped paths ---------------------------------------------------------------------------------------------------


async def test_a_dropped_folder_keeps_its_tree(desk: Desk, clip: Path, tmp_path: Path) -> None:
    shoot = tmp_path / "shoot ${UUID}"
    for place in ("day 1/a.mov", "day 2/cards/b.mov", "day 2/notes.txt", ".hidden/c.mov"):
        (shoot / place).parent.mkdir(parents=True, exist_ok=True)
        (shoot / place).write_bytes(clip.read_bytes())
    sheet = await sheet_for(desk, shoot)
    assert [Path(file.path).name for file in sheet.model.files] == ["a.mov", "b.mov"]
    use_command(sheet)
    sheet.output.folder.setText(str(tmp_path / "out"))
    await preview_issues(sheet)
    sheet.submit_button.click()
    await sheet_closed(desk)
    below = tmp_path / "out" / shoot.name
    for output in (below / "day 1" / "a_new.mp4", below / "day 2" / "cards" / "b_new.mp4"):
        await until(output.exists, f"{output} is there")
    tasks = await desk.services.tasks.newest()
    assert len({task.batch for task in tasks}) == 1


async def test_the_first_of_many_files_are_previewed_early(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(FIRST_FILES + 10):
        (folder / f"clip {number:03}.mov").write_bytes(b"no film")
    drag_and_drop(desk.window, mime(folder))
    sheet = await until(lambda: submit_flow(desk).sheet, "the sheet opens")
    lengths: list[int] = []
    sheet.debouncer.first_rows_ready.connect(lambda rows: lengths.append(len(rows)))
    assert await preview_issues(sheet) == [PreviewIssue.NONE] * (FIRST_FILES + 10)
    assert lengths == [FIRST_FILES]
    sheet.reject()
    await sheet_closed(desk)


async def test_more_files_are_dropped_on_the_sheet(desk: Desk, clip: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mov"
    other.write_bytes(clip.read_bytes())
    sheet = await sheet_for(desk, clip)
    assert drag(sheet, mime(other)).isAccepted()
    drop(sheet, mime(other, clip))
    await until(lambda: len(sheet.model.files) == 2, "the other one is added, this one is known")
    assert sheet.title.text() == "Queue 2 files"
    sheet.reject()
    await sheet_closed(desk)


async def test_paths_without_media_are_reported(desk: Desk, tmp_path: Path) -> None:
    drag_and_drop(desk.window, mime(tmp_path / "gone.mov"))
    await until(lambda: "gone.mov” doesn't exist" in desk.window.messages.title, "the message is shown")
    desk.window.open_files(["/" + "words " * 2000, "a\0b"])
    await until(
        lambda: "None of these 2" in desk.window.messages.title, "text that isn't a path is reported too"
    )
    assert desk.defects == []
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "letter.txt").write_text("no film")
    drag_and_drop(desk.window, mime(papers))
    await until(lambda: "No video" in desk.window.messages.title, "the message is shown")
    assert submit_flow(desk).sheet is None


async def test_outputs_of_the_cluster_in_a_folder_are_skipped(desk: Desk, clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    source = clip.rename(folder / "clip.mov")
    await desk.add(source)
    output = folder / "clip.out.mp4"
    await until(output.exists, "it is encoded")
    await until(lambda: desk.services.tasks.own_outputs([str(output)]), "it is known as an output")
    sheet = await sheet_for(desk, folder)
    assert [file.path for file in sheet.model.files] == [str(source)]
    assert desk.window.messages.title == "Skipped 1 file written by this cluster."
    sheet.reject()
    await sheet_closed(desk)
    source.unlink()
    drag_and_drop(desk.window, mime(folder))
    await until(
        lambda: submit_flow(desk).sheet is None and desk.window.messages.isVisible(), "nothing is left"
    )
    sheet = await sheet_for(desk, output)  # a file dropped on its own is not skipped
    assert [file.path for file in sheet.model.files] == [str(output)]
    sheet.reject()
    await sheet_closed(desk)


async def test_an_unreadable_file_does_not_block_the_others(desk: Desk, clip: Path, tmp_path: Path) -> None:
    sheet = await sheet_for(desk, clip, tmp_path / "gone.mov")
    assert [row.issue for row in sheet.model.rows] == [PreviewIssue.NONE, PreviewIssue.INPUT]
    assert sheet.preview.note.text() == "1 file can't be read. It will be skipped."
    assert sheet.submit_button.text() == "Queue 1 of 2"
    sheet.submit_button.click()
    await sheet_closed(desk)
    [task] = await desk.services.tasks.newest()
    assert task.name == "clip.mov"


@pytest.mark.parametrize("kind", ["urls", "text"])
async def test_paths_are_pasted(desk: Desk, clip: Path, kind: str) -> None:
    data = mime(clip)
    if kind == "text":
        data = QMimeData()
        data.setText(f'some words\n  "{clip}"\n')
    QGuiApplication.clipboard().setMimeData(data)
    desk.page.view.setFocus()
    QTest.keyClick(desk.window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    sheet = await until(lambda: submit_flow(desk).sheet, "the sheet opens")
    assert [file.path for file in sheet.model.files] == [str(clip)]
    sheet.reject()
    await sheet_closed(desk)


async def test_a_clipboard_without_files_is_reported(desk: Desk) -> None:
    QGuiApplication.clipboard().setText("just words")
    submit_flow(desk).paste()
    assert desk.window.messages.title == "There are no files on the clipboard."


# -- Preview ---------------------------------------------------------------------------------------------------------


async def test_conflicts_are_shown_before_submitting(desk: Desk, clip: Path, tmp_path: Path) -> None:
    folder = clip.parent
    twin = tmp_path / "elsewhere" / "free.mov"
    twin.parent.mkdir()
    for path in (folder / "free.mov", folder / "busy.mov", twin):
        path.write_bytes(clip.read_bytes())
    (folder / "clip_new.mp4").write_bytes(b"existing work")
    await desk.add(folder / "busy.mov", LONG)  # reserves busy.out.mp4
    sheet = await sheet_for(desk, clip, folder / "busy.mov", folder / "free.mov", twin)
    use_command(sheet)
    sheet.output.folder.setText(str(folder))
    sheet.output.name.setText("${INPUT_FILE_BASENAME}_new.mp4")
    assert await preview_issues(sheet) == [
        PreviewIssue.RENAMED,
        PreviewIssue.NONE,
        PreviewIssue.NONE,
        PreviewIssue.RENAMED,
    ]
    assert sheet.preview.note.text() == "The output name of 2 files is taken, so a number will be added."
    sheet.output.policy.press(2)
    assert await preview_issues(sheet) == [
        PreviewIssue.EXISTS,
        PreviewIssue.NONE,
        PreviewIssue.NONE,
        PreviewIssue.SHARED,
    ]
    assert sheet.submit_button.text() == "Queue 2 of 4"
    sheet.output.policy.press(1)
    assert await preview_issues(sheet) == [
        PreviewIssue.REPLACES,
        PreviewIssue.NONE,
        PreviewIssue.NONE,
        PreviewIssue.SHARED,
    ]
    sheet.output.name.setText("${INPUT_FILE_BASENAME}.out.mp4")
    assert await preview_issues(sheet) == [
        PreviewIssue.NONE,
        PreviewIssue.TAKEN,
        PreviewIssue.NONE,
        PreviewIssue.SHARED,
    ]
    sheet.submit_button.click()
    await sheet_closed(desk)
    assert sorted(task.name for task in await desk.services.tasks.newest()) == [
        "busy.mov",
        "clip.mov",
        "free.mov",
    ]
    await desk.services.tasks.cancel([task.uuid for task in await desk.services.tasks.newest()])
    assert (folder / "clip_new.mp4").read_bytes() == b"existing work"


async def test_the_sheet_shows_which_nodes_can_run_the_tasks(desk: Desk, clip: Path) -> None:
    sheet = await sheet_for(desk, clip)
    assert sheet.eligibility_label.text() == "desk can run this now."
    sheet.output.labels.setText("encoder:hevc_nvenc, gpu")
    assert sheet.eligibility_label.text() == (
        "No node can run this now, so it waits: desk doesn't have encoder:hevc_nvenc, gpu."
    )
    sheet.output.labels.setText("no label:")
    assert "isn't a valid label" in sheet.preview.note.text()
    assert not sheet.submit_button.isEnabled()
    sheet.reject()
    await sheet_closed(desk)


async def test_an_error_in_a_command_is_shown_while_typing(desk: Desk, clip: Path) -> None:
    sheet = await sheet_for(desk, clip)
    use_command(sheet, "-i ${INPUT_FILE} | tee")
    assert sheet.command.error is not None
    assert "don't run in a shell" in sheet.command.error_label.text()
    assert not sheet.submit_button.isEnabled()
    use_command(sheet, "-i ${INPUT_FIL} ${OUTPUT_FILE}")
    assert "${INPUT_FIL} isn't a wildcard." in sheet.command.error_label.text()
    use_command(sheet)
    assert await preview_issues(sheet) == [PreviewIssue.NONE]
    sheet.output.name.clear()
    assert await preview_issues(sheet) == [PreviewIssue.COMMAND]
    assert "the task has no output" in sheet.preview.note.text()
    assert not sheet.submit_button.isEnabled()
    sheet.output.name.setText("a.mp4")
    await preview_issues(sheet)
    sheet.submit_button.click()
    await sheet_closed(desk)
    sheet = await sheet_for(desk, clip)  # the command is remembered, and switching back to presets works
    assert sheet.command.command() == COPY
    assert sheet.output.name.text() == "a.mp4"
    sheet.mode.press(0)
    assert await preview_issues(sheet) == [PreviewIssue.NONE]
    assert sheet.presets.current is not None
    assert sheet.output.name.text() == ""
    sheet.reject()
    await sheet_closed(desk)


# -- Parts -----------------------------------------------------------------------------------------------------------


def test_a_file_opened_by_macos_is_passed_on(qapp: QApplication) -> None:
    assert isinstance(qapp, Application)
    opened: list[str] = []
    connection = qapp.file_opened.connect(opened.append)
    QApplication.sendEvent(qapp, QFileOpenEvent("/films/a b.mov"))
    qapp.file_opened.disconnect(connection)
    assert opened == ["/films/a b.mov"]


def test_paths_are_found_in_text(qapp: QApplication) -> None:
    data = QMimeData()
    data.setText(
        "/a/b.mov\nfile:///c%20d.mov\n'/quoted one.mov'\nC:\\film.mov\nrelative.mov\nhttps://example.org/x\n"
    )
    assert paths_from(data) == ["/a/b.mov", "/c d.mov", "/quoted one.mov", "C:\\film.mov"]


@pytest.mark.parametrize("for_output", [True, False])
def test_every_wildcard_in_the_menu_exists(*, for_output: bool) -> None:
    for text, meaning in wildcards(for_output=for_output):
        assert wildcards_in(text)
        assert meaning


def test_a_choice_is_saved_and_restored(tmp_path: Path) -> None:
    path = str(tmp_path / "window.ini")
    choice = SubmitChoice(
        preset=None, command='-i ${INPUT_FILE} -vf "scale=1,2" x', folder="/a, b", if_exists=IfExists.SKIP
    )
    window_state = QSettings(path, QSettings.Format.IniFormat)
    choice.save(window_state)
    window_state.sync()
    again = QSettings(path, QSettings.Format.IniFormat)
    assert SubmitChoice.remembered(again) == choice
    again.setValue("submit/preset", "nonsense")
    again.setValue("submit/if_exists", "nonsense")
    spoiled = SubmitChoice.remembered(again)
    assert (spoiled.preset, spoiled.if_exists) == (DEFAULT_PRESET, IfExists.RENAME)
