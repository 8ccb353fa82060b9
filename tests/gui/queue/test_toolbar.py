"""The toolbar above the queue, its menus, and the texts of the table."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.gui.queue.columns import QueueColumn
from ffmate_desktop.gui.queue.delegate import elide
from ffmate_desktop.gui.theme import fonts
from ffmate_desktop.gui.theme.theme import Theme
from ffmate_desktop.settings.folders import resources_folder
from tests.gui.desk import Desk, click
from tests.node.waiting import until


def choose_entry(menu: QMenu, text: str) -> None:
    """Choose the menu entry that contains this text."""
    found = [action for action in menu.actions() if text in action.text()]
    assert found, [action.text() for action in menu.actions()]
    found[0].trigger()
    menu.close()


async def add_queued_tasks(desk: Desk, clip: Path) -> None:
    """Queue a single task and a batch of two that no node can run."""
    await desk.add(clip, labels=("nowhere",))
    new = [
        NewTask(
            input_file=str(clip),
            command="-i ${INPUT_FILE} -f null -",
            name=name,
            labels=("nowhere",),
        )
        for name in ("first of two", "second of two")
    ]
    await desk.services.tasks.add(new, source=TaskSource.CLI)
    await until(lambda: desk.page.model.rowCount() == 3, "all are shown")


async def test_columns_are_chosen_by_keyboard(desk: Desk, clip: Path) -> None:
    await add_queued_tasks(desk, clip)
    button = desk.page.toolbar.columns
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    menu = desk.page.view.findChild(QMenu)
    assert menu is not None
    assert menu.isVisible()
    choose_entry(menu, "Attempts")
    assert not desk.page.view.isColumnHidden(QueueColumn.ATTEMPTS)


async def test_a_column_that_does_not_fit_is_marked(desk: Desk, clip: Path) -> None:
    await add_queued_tasks(desk, clip)
    desk.window.resize(800, 700)
    await until(lambda: desk.page.view.isColumnHidden(QueueColumn.NODE), "it had to go")
    desk.page.view.open_columns(QPoint(0, 0))
    menu = desk.page.view.findChild(QMenu)
    assert menu is not None
    texts = [action.text() for action in menu.actions()]
    assert "Node (no space)" in texts
    assert "Status" in texts
    menu.close()


async def test_filters_offer_nodes_and_batches(desk: Desk, clip: Path) -> None:
    await add_queued_tasks(desk, clip)
    page = desk.page
    click(page.toolbar.filter)
    menu = await until(lambda: page.toolbar.findChild(QMenu), "the menu opens")
    assert "desk" in [action.text() for action in menu.actions()]
    choose_entry(menu, "first of two")
    await until(lambda: page.model.rowCount() == 2, "only the batch is shown")
    assert page.toolbar.clear_filter.text() == "One batch"
    await until(lambda: page.toolbar.findChild(QMenu) is None, "the menu is gone")
    click(page.toolbar.filter)
    menu = await until(lambda: page.toolbar.findChild(QMenu), "the menu opens")
    choose_entry(menu, "Single tasks")
    await until(lambda: page.model.rowCount() == 1, "only the other task is shown")
    click(page.toolbar.clear_filter)
    await until(lambda: page.model.rowCount() == 3, "all are shown again")
    assert not page.toolbar.clear_filter.isVisible()


async def test_the_context_menu_key_acts_on_the_current_row(desk: Desk, clip: Path) -> None:
    await add_queued_tasks(desk, clip)
    view = desk.page.view
    view.setCurrentIndex(desk.page.model.index(1, QueueColumn.TASK))
    view.clearSelection()
    places: list[QPoint] = []
    view.menu_requested.connect(places.append)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(9, 9), QPoint(900, 500))
    QApplication.sendEvent(view.viewport(), event)
    assert view.ranges() == [(1, 1)]
    assert view.rowAt(view.viewport().mapFromGlobal(places[0]).y()) == 1
    menu = QApplication.activePopupWidget()
    assert menu is not None
    assert desk.page.actions_.cancel.isEnabled()
    menu.close()


async def test_an_idle_cluster_is_described_as_ready(desk: Desk, clip: Path) -> None:
    await add_queued_tasks(desk, clip)
    subtitle = desk.page.subtitle
    await until(lambda: subtitle.text() == "Nothing is running  ·  1 slot is free", "it is ready")
    await desk.services.nodes.pause("desk")
    await until(lambda: subtitle.text() == "No node is taking tasks", "it is paused")


@pytest.mark.usefixtures("qapp")
def test_a_long_path_is_elided_at_its_start(qapp: QApplication) -> None:
    Theme(qapp, resources_folder())
    metrics = QFontMetrics(fonts.text(12))
    right = Qt.TextElideMode.ElideRight
    whole = "Review copy  ·  /volumes/ingest/monday/harbour/s01"
    wide = metrics.horizontalAdvance(whole)
    assert elide(metrics, right, wide + 1, whole[:16], whole[16:]) == whole
    shown = elide(metrics, right, wide - 40, whole[:16], whole[16:])
    assert shown.startswith("Review copy  ·  …")
    assert shown.endswith("/harbour/s01")
    assert elide(metrics, right, 60, whole[:16], whole[16:]).startswith("Review")
    assert elide(metrics, right, 120, "It is broken, and this is why.", "").endswith("…")
