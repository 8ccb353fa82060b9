"""The watchfolders page with a real node: from a dropped folder to the finished output."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.watchfolder import (
    FileState,
    OriginalAction,
    WatchedFile,
    Watchfolder,
    WatchfolderSettings,
)
from ffmate_desktop.gui.watchfolders.dialog import WatchfolderDialog
from ffmate_desktop.gui.watchfolders.page import WatchfoldersPage
from ffmate_desktop.gui.watchfolders.text import FolderDisplay, FolderHealth
from ffmate_desktop.services.preset_editor import PresetDraft
from tests.gui.desk import Desk
from tests.gui.submit.test_flow import mime, submit_flow
from tests.node.waiting import until

COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"
QUICK: dict[str, Any] = {"interval": 1, "growth_checks": 0}


def shown_page(desk: Desk) -> WatchfoldersPage:
    page = desk.window.show_page_with_key("watchfolders")
    assert isinstance(page, WatchfoldersPage)
    return page


async def known(page: WatchfoldersPage) -> None:
    await until(lambda: page.watch.is_known, "the watchfolders are read")


async def begin(desk: Desk, root: Path, **settings: Any) -> Watchfolder:
    """Add a watchfolder as another client does; outputs go to a folder next to it."""
    root.mkdir(exist_ok=True)
    pattern = f"{root.parent}/out/${{INPUT_FILE_BASENAME}}.mp4"
    preset = await desk.services.preset_editor.add(
        PresetDraft(f"copy {root.name}", COPY, output_file=pattern)
    )
    given: dict[str, Any] = {"name": root.name, "path": str(root), "preset": preset.uuid}
    return await desk.services.watchfolders.add(WatchfolderSettings.model_validate(given | QUICK | settings))


def first(page: WatchfoldersPage) -> FolderDisplay:
    """The folder in the first row."""
    view = page.model.view_at(0)
    assert view is not None
    return view


def has_health(page: WatchfoldersPage, health: FolderHealth) -> bool:
    """Whether the folder in the first row has this health."""
    view = page.model.view_at(0)
    return view is not None and view.health is health


def is_scanned(page: WatchfoldersPage, folder: Watchfolder) -> bool:
    """Whether the table shows a scan of it."""
    view = page.model.view_of(folder.uuid)
    return view is not None and view.folder.last_check is not None


def names(page: WatchfoldersPage) -> list[str]:
    """The names of the folders in the table."""
    views = [page.model.view_at(number) for number in range(page.model.rowCount())]
    return [view.folder.name for view in views if view is not None]


async def opened(page: WatchfoldersPage) -> WatchfolderDialog:
    """The open dialog, once it has read the presets."""
    dialog = await until(lambda: page.dialog, "the dialog opens")
    await until(lambda: dialog.presets.current, "it knows the presets")
    return dialog


async def saved(page: WatchfoldersPage) -> None:
    await until(lambda: page.dialog is None, "it is saved")


def row(page: WatchfoldersPage, path: str) -> WatchedFile | None:
    """The file as the table shows it."""
    model = page.files.model
    rows = (model.file_at(number) for number in range(model.rowCount()))
    return next((file for file in rows if file is not None and file.path == path), None)


async def shown(page: WatchfoldersPage, path: str, state: FileState) -> WatchedFile:
    def reached() -> WatchedFile | None:
        file = row(page, path)
        return file if file is not None and file.state is state else None

    return await until(reached, f"{path} is shown as {state}")


def select(page: WatchfoldersPage, path: str) -> None:
    file = row(page, path)
    assert file is not None
    number = page.files.model.number_of(file.id)
    assert number is not None
    page.files.table.selectRow(number)


def drag_and_drop(target: QWidget, place: QPoint, *paths: Path) -> None:
    """Like the system: first into the window, then onto the widget below the pointer."""
    actions, shift = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction, Qt.KeyboardModifier.ShiftModifier
    left, data = Qt.MouseButton.LeftButton, mime(*paths)
    for event in (
        QDragEnterEvent(place, actions, data, left, shift),
        QDropEvent(QPointF(place), actions, data, left, shift),
    ):
        event.ignore()
        QApplication.sendEvent(target, event)
        assert event.dropAction() is Qt.DropAction.CopyAction


def answer(page: QWidget, pick: Callable[[QMessageBox], object]) -> Callable[[], bool]:
    """Press a button of the open question; returns whether there was one."""

    def pressed() -> bool:
        box = next((box for box in page.window().findChildren(QMessageBox) if box.isVisible()), None)
        if box is None:
            return False
        next(button for button in box.buttons() if pick(box) == (button is box.escapeButton())).click()
        return True

    return pressed


# -- From a dropped folder to an output ------------------------------------------------------------------------------


async def test_a_dropped_folder_is_watched_and_its_files_are_encoded(
    desk: Desk, clip: Path, tmp_path: Path
) -> None:
    page = shown_page(desk)
    await known(page)
    assert page.empty.isVisible()
    root = tmp_path / "ingest"
    root.mkdir()
    drag_and_drop(desk.window, QPoint(700, 400), root)
    dialog = await opened(page)
    assert submit_flow(desk).sheet is None
    assert dialog.basics.path.text() == str(root)
    assert "hasn't changed for 30 s" in dialog.basics.complete.text()
    dialog.basics.interval.setValue(1)
    dialog.basics.checks.setValue(1)
    assert "hasn't changed for 1 s" in dialog.basics.complete.text()
    QTest.keyClicks(dialog.presets.search, "copy into mp4")
    assert dialog.basics.example.text().startswith("reel1/Harbour_Lights.mov becomes ")
    QTest.keyClick(dialog.presets.search, Qt.Key.Key_Return)
    await saved(page)
    view = await until(lambda: page.model.view_at(0), "it is in the table")
    assert (view.folder.name, page.table.current) == ("ingest", view.folder.uuid)
    assert not page.empty.isVisible()
    shutil.copyfile(clip, root / "one.mov")
    await shown(page, "one.mov", FileState.DONE)
    output = await until(lambda: next(root.glob("one*.mp4"), None), "the output is there")
    file = await shown(page, output.name, FileState.OUTPUT)
    assert "output of task" in file.reason
    assert desk.window.sidebar.buttons[1].accessibleName().startswith("Watchfolders")
    await until(lambda: first(page).count(FileState.DONE) == 1, "it is counted")


async def test_on_other_pages_a_dropped_folder_is_queued_once(desk: Desk, clip: Path) -> None:
    page = shown_page(desk)
    await known(page)
    drag_and_drop(desk.window, QPoint(100, 300), clip.parent)  # the sidebar
    sheet = await until(lambda: submit_flow(desk).sheet, "the sheet opens")
    sheet.reject()
    await until(lambda: submit_flow(desk).sheet is None, "the sheet is closed")
    drag_and_drop(desk.window, QPoint(700, 400), clip)  # a file on the page
    sheet = await until(lambda: submit_flow(desk).sheet, "the sheet opens")
    sheet.reject()
    assert page.dialog is None
    assert await desk.services.watchfolders.all() == []


# -- Set and commanded -----------------------------------------------------------------------------------------------


async def test_a_suspended_folder_queues_nothing_until_resumed(
    desk: Desk, clip: Path, tmp_path: Path
) -> None:
    page = shown_page(desk)
    folder = await begin(desk, tmp_path / "in")
    await until(lambda: is_scanned(page, folder), "it is scanned")
    page.folder_actions.suspend.trigger()
    await until(lambda: has_health(page, FolderHealth.SUSPENDED), "it is shown")
    assert not page.folder_actions.scan.isEnabled()
    scanned = (await desk.services.watchfolders.get(folder.uuid)).last_check
    shutil.copyfile(clip, tmp_path / "in" / "one.mov")
    other = await begin(desk, tmp_path / "other")  # the node encodes other files meanwhile
    await until(lambda: is_scanned(page, other), "another is scanned")
    assert (await desk.services.watchfolders.get(folder.uuid)).last_check == scanned
    assert await desk.services.watchfolders.files(folder.uuid) == []
    assert page.table.current == folder.uuid
    page.folder_actions.resume.trigger()
    await shown(page, "one.mov", FileState.DONE)


async def test_a_watchfolder_is_edited_in_the_same_dialog(desk: Desk, tmp_path: Path) -> None:
    page = shown_page(desk)
    folder = await begin(desk, tmp_path / "in", filter={"minSize": 100}, priority=3, labels=["x"])
    await until(lambda: page.table.current, "it is chosen")
    QTest.keyClick(page.table, Qt.Key.Key_F2)
    dialog = await opened(page)
    assert dialog.presets.current is not None
    assert dialog.presets.current.uuid == folder.preset
    dialog.basics.interval.setValue(600)
    dialog.basics.checks.setValue(3)
    dialog.file_filter.include.setText("mov, .MXF")
    dialog.file_filter.never.setText("*_proxy.*, old reels/")
    dialog.originals.retries.setValue(2)
    dialog.originals.success.choose(OriginalAction.MOVE)
    assert not dialog.save_button.isEnabled()
    assert "No folder to move originals to." in dialog.trouble.text()
    dialog.originals.success.folder.setText("done")
    dialog.save_button.click()
    await until(answer(page, lambda _box: True), "it asks")
    await until(dialog.save_button.isEnabled, "No keeps everything open")
    assert (await desk.services.watchfolders.get(folder.uuid)).interval == 1
    dialog.save_button.click()
    await until(answer(page, lambda _box: False), "it asks again")
    await saved(page)
    now = await desk.services.watchfolders.get(folder.uuid)
    assert (now.interval, now.growth_checks, now.retries) == (600, 3, 2)
    assert now.filter.extensions.include == ("mov", ".MXF")
    assert now.filter.globs.exclude == ("*_proxy.*", "old reels/")
    assert (now.filter.min_size, now.priority, now.labels) == (100, 3, ("x",))
    assert (now.on_success.action, now.on_success.folder) == (OriginalAction.MOVE, "done")
    await until(lambda: first(page).folder.interval == 600, "the table shows it")


async def test_two_editors_and_invalid_settings(desk: Desk, tmp_path: Path) -> None:
    page = shown_page(desk)
    folder = await begin(desk, tmp_path / "in")
    await until(lambda: page.table.current, "it is chosen")
    page.folder_actions.edit.trigger()
    dialog = await opened(page)
    dialog.basics.path.setText("relative")
    assert not dialog.save_button.isEnabled()
    assert "isn't an absolute path" in dialog.trouble.text()
    dialog.basics.path.setText(folder.path)
    await desk.services.watchfolders.suspend(folder.uuid)
    dialog.save_button.click()
    await until(lambda: "Someone else" in dialog.trouble.text(), "the second one gets an error")
    assert page.dialog is dialog  # nothing typed is lost
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    await saved(page)


async def test_deleting_asks_and_says_what_stays(desk: Desk, clip: Path, tmp_path: Path) -> None:
    page = shown_page(desk)
    await begin(desk, tmp_path / "in")
    source = Path(shutil.copyfile(clip, tmp_path / "in" / "one.mov"))
    await shown(page, "one.mov", FileState.DONE)
    page.folder_actions.delete.trigger()
    box = await until(lambda: page.window().findChild(QMessageBox), "it asks")
    assert "stay as they are" in box.informativeText()
    answer(page, lambda _box: False)()
    await until(page.empty.isVisible, "it is gone")
    assert await desk.services.watchfolders.all() == []
    assert source.exists()
    assert len(await desk.services.tasks.newest(limit=None)) == 1


# -- Looking ---------------------------------------------------------------------------------------------------------


async def test_a_dry_run_shows_what_would_happen_and_why(desk: Desk, clip: Path, tmp_path: Path) -> None:
    page = shown_page(desk)
    root = tmp_path / "in"
    root.mkdir()
    shutil.copyfile(clip, root / "one.mov")
    shutil.copyfile(clip, root / "one_proxy.mov")
    await known(page)
    page.add_folder(str(root))
    dialog = await opened(page)
    dialog.file_filter.never.setText("*_proxy.*")
    dialog.dry_run_button.click()
    model = dialog.dry_run.model
    await until(lambda: model.rowCount() == 2, "it has looked")
    assert dialog.dry_run.title.text() == "1 of 2 files would be queued"
    first, second = model.file_at(0), model.file_at(1)
    assert (first.path, first.takes) == ("one.mov", True)
    assert first.output == str(root / "one_1080p.mp4")
    assert second.reason == "Excluded by the pattern *_proxy.*"
    dialog.dry_run.start(dialog.settings(), None)
    dialog.dry_run.stop()
    assert dialog.dry_run.title.text() == "Stopped"
    dialog.dry_run.leave()
    dialog.basics.path.setText(str(tmp_path / "nothing"))
    dialog.dry_run_button.click()
    await until(lambda: "doesn't exist" in dialog.dry_run.title.text(), "the error is shown")
    dialog.reject()
    await saved(page)
    assert await desk.services.watchfolders.all() == []


@pytest.mark.parametrize("narrow", [False, True])
async def test_every_file_has_a_reason_and_can_be_found(
    desk: Desk, clip: Path, tmp_path: Path, narrow: bool
) -> None:
    if narrow:
        desk.window.resize(760, 640)
    page = shown_page(desk)
    folder = await begin(desk, tmp_path / "in", retries=1)
    shutil.copyfile(clip, tmp_path / "in" / "one.mov")
    (tmp_path / "in" / "notes.txt").write_text("x")
    (tmp_path / "in" / "bad.mov").write_bytes(b"no film")
    await shown(page, "one.mov", FileState.DONE)
    skipped = await shown(page, "notes.txt", FileState.SKIPPED)
    assert page.files.model.why(skipped) == "Not a media file, by its extension."
    await until(lambda: (found := row(page, "bad.mov")) and found.attempts == 2, "it is tried twice")
    failed = await shown(page, "bad.mov", FileState.FAILED)
    assert page.files.model.why(failed).endswith("(attempt 2 of 2)")
    page.files.tabs.press(3)
    await until(lambda: page.files.model.is_known and page.files.model.rowCount() == 1, "only what failed")
    select(page, "bad.mov")
    page.file_actions.copy.trigger()
    assert QGuiApplication.clipboard().text() == str(tmp_path / "in" / "bad.mov")
    assert page.file_actions.retry.isEnabled()
    page.files.tabs.press(0)
    page.files.search.setText("NOTES")
    page.files.search.returnPressed.emit()
    await until(
        lambda: page.files.model.is_known and page.files.model.rowCount() == 1, "only what is searched"
    )
    assert row(page, "notes.txt") is not None
    page.files.search.clear()
    page.files.search.returnPressed.emit()
    await until(lambda: row(page, "one.mov"), "all again")
    select(page, "one.mov")
    page.file_actions.show_task.trigger()
    assert desk.window.current_page is desk.page
    task = await until(
        lambda: desk.page.view.selected_task() and desk.page.detail_pane.task_id, "it is shown"
    )
    [file] = [
        found for found in await desk.services.watchfolders.files(folder.uuid) if found.path == "one.mov"
    ]
    assert task == file.task_id


async def test_a_failed_file_is_retried(desk: Desk, clip: Path, tmp_path: Path) -> None:
    page = shown_page(desk)
    folder = await begin(desk, tmp_path / "in")
    bad = tmp_path / "in" / "bad.mov"
    bad.write_bytes(b"no film")
    failed = await shown(page, "bad.mov", FileState.FAILED)
    await desk.services.watchfolders.suspend(folder.uuid)  # otherwise the fixed file would be a new version
    shutil.copyfile(clip, bad)
    select(page, "bad.mov")
    page.files.table.setFocus()
    QTest.keyClick(page.files.table, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert failed.task is not None
    await desk.shown(failed.task, TaskStatus.DONE_SUCCESSFUL)
    await shown(page, "bad.mov", FileState.DONE)


async def test_a_failed_file_is_retried_even_if_its_task_was_deleted(
    desk: Desk, clip: Path, tmp_path: Path
) -> None:
    page = shown_page(desk)
    await begin(desk, tmp_path / "in")
    bad = tmp_path / "in" / "bad.mov"
    bad.write_bytes(b"no film")
    failed = await shown(page, "bad.mov", FileState.FAILED)
    assert failed.task is not None
    await desk.services.tasks.delete([failed.task])
    await until(lambda: (found := row(page, "bad.mov")) and found.task_id is None, "its task is gone")
    select(page, "bad.mov")
    assert page.file_actions.retry.isEnabled() and not page.file_actions.show_task.isEnabled()
    page.file_actions.retry.trigger()
    await until(lambda: (found := row(page, "bad.mov")) and found.task != failed.task, "it has another")
    await shown(page, "bad.mov", FileState.FAILED)


async def test_moved_files_stay_in_the_list(desk: Desk, clip: Path, tmp_path: Path) -> None:
    page = shown_page(desk)
    root = tmp_path / "in"
    await begin(desk, root, on_success={"action": "move", "folder": "done"})
    (root / "notes.txt").write_text("x")
    await shown(page, "notes.txt", FileState.SKIPPED)
    shutil.copyfile(clip, root / "one.mov")
    await until(lambda: (found := row(page, "one.mov")) and found.gone, "it is moved")
    file = await shown(page, "one.mov", FileState.DONE)
    assert page.files.model.why(file) == f"Moved to “{root / 'done' / 'one.mov'}”."
    await until(lambda: first(page).count(FileState.DONE) == 1, "it is counted")
    select(page, "one.mov")
    assert not page.file_actions.retry.isEnabled()
    (root / "notes.txt").unlink()
    await until(lambda: row(page, "notes.txt") is None, "what had no task leaves the list")
    assert row(page, "one.mov") is not None


async def test_overlapping_watchfolders_are_reported(desk: Desk, tmp_path: Path) -> None:
    page = shown_page(desk)
    await begin(desk, tmp_path / "in")
    await until(lambda: page.table.current, "it is chosen")
    assert not page.files._row.isVisible()
    page.add_folder(str(tmp_path / "in" / "deeper"))
    dialog = await opened(page)
    await until(lambda: "“in”" in dialog.note.text(), "the dialog shows the overlap")
    assert dialog.save_button.isEnabled()
    dialog.basics.path.setText(str(tmp_path / "else"))
    assert not dialog.note.text()
    dialog.reject()
    await saved(page)
    await begin(desk, tmp_path / "in" / "deeper")
    await until(lambda: "“deeper”" in page.files._problem.text(), "the page shows the overlap")
    assert page.files._row.isVisible()


async def test_an_unreachable_folder_shows_since_when_and_why(desk: Desk, tmp_path: Path) -> None:
    page = shown_page(desk)
    root = tmp_path / "in"
    await begin(desk, root)
    await until(lambda: has_health(page, FolderHealth.WATCHING), "it is watched")
    root.rmdir()
    await until(lambda: has_health(page, FolderHealth.UNREACHABLE), "it is shown")
    folder = first(page).folder
    assert folder.error_at is not None
    assert page.files._problem.text().startswith(f"The folder “{root}” doesn't exist.")
    await until(lambda: first(page).folder.last_check != folder.last_check, "it is tried again")
    assert first(page).folder.error_at == folder.error_at
    root.mkdir()
    await until(lambda: first(page).folder.error is None, "it heals")


async def test_folders_are_sorted_and_searched(desk: Desk, tmp_path: Path) -> None:
    page = shown_page(desk)
    for name in ("beta", "alpha", "gamma"):
        await begin(desk, tmp_path / name)
    await until(lambda: page.model.rowCount() == 3, "all are read")
    assert names(page) == ["alpha", "beta", "gamma"]
    page.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert names(page) == ["gamma", "beta", "alpha"]
    QTest.keyClicks(page.search, "alp")
    assert names(page) == ["alpha"]
    page.search.setText("nothing like it")
    assert page._no_match.isVisible()


MANY = """
INSERT INTO ffmate.watched_files (folder, path, size, mtime, inode, view, state, reason, ledger)
SELECT w.id, 'reel ' || n / 100 || '/' || n || '.mov', n, n, n, 1, CASE n % 3 WHEN 0 THEN 'skipped' ELSE 'done' END,
       '', 0 FROM ffmate.watchfolders w, generate_series(1, $1) AS n
"""


async def test_many_files_are_read_page_by_page(desk: Desk, database: Database, tmp_path: Path) -> None:
    many = 5_000
    page = shown_page(desk)
    await begin(desk, tmp_path / "in", suspended=True)
    async with database.transaction() as connection:
        await connection.execute(MANY, many)
    await until(lambda: page.table.current, "it is chosen")
    model = page.files.model
    model.reload()
    await until(lambda: model.rowCount() == many and len(model._anchors) == many // 200, "all are counted")
    assert len(model._pages) < 4
    scroll = page.files.table.verticalScrollBar()
    for number in (4_000, 17, 2_345):
        scroll.setValue(number * page.files.table.rowHeight(0))
        page.files.table.viewport().repaint()
        file = await until(partial(model.file_at, number), "it is read")
        assert file.size == many - number
    page.files.table.selectRow(2_345)
    async with database.transaction() as connection:
        await connection.execute(MANY.replace("n / 100", "'new' || n"), 10)
    model.reload()
    await until(lambda: model.rowCount() == many + 10, "the new ones are counted")
    current = page.files.table.current
    assert current is not None
    assert current.size == many - 2_345  # the same file is chosen, and is seen where it was
    assert page.files.table.rowAt(0) == 2_355
    page.files.tabs.press(4)
    await until(lambda: model.is_known and model.rowCount() == many // 3 + 3, "only what was skipped")
