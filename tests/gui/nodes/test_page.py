"""The nodes page with real nodes in separate processes: what it shows, its menus and its buttons."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from ffmate_desktop.domain.node import NodeState
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.gui.logs.page import LogsPage
from ffmate_desktop.gui.nodes.add_dialog import EXAMPLE_COMMAND, AddNodeDialog
from ffmate_desktop.gui.nodes.display import NodeDisplay, NodeHealth, alert_text, outlook_text
from ffmate_desktop.gui.nodes.model import NodeColumn
from ffmate_desktop.gui.nodes.page import NodesPage
from ffmate_desktop.gui.nodes.slots_dialog import SlotsDialog
from tests.gui.desk import Desk, click
from tests.gui.peers import open_peer
from tests.node.farm import LONG
from tests.node.waiting import until

BEAT = 5.0
"""Seconds; long enough to press a button between "late" and "lost"."""


def page_of(desk: Desk) -> NodesPage:
    """The nodes page, shown in the window."""
    page = next(page for page in desk.window.pages if isinstance(page, NodesPage))
    desk.window.show_page(desk.window.pages.index(page))
    return page


async def node_shown(page: NodesPage, name: str, *states: NodeHealth) -> NodeDisplay:
    """Wait until the card shows the node in one of these states."""

    def found() -> NodeDisplay | None:
        display = page.model.find(name)
        return display if display is not None and display.health in states else None

    return await until(found, f"{name} is {states}")


def choose(page: NodesPage, name: str, text: str) -> None:
    """Open the menu of a card with the keyboard and choose the entry that starts with this text."""
    row = page.model.row_of(name)
    assert row is not None
    page.cards.setCurrentIndex(page.model.index(row, 0))
    QTest.keyClick(page.cards, Qt.Key.Key_Return)
    menu = next(
        menu for menu in page.findChildren(QMenu) if menu.isVisible() and name in menu.accessibleName()
    )
    next(action for action in menu.actions() if action.text().startswith(text)).trigger()
    menu.close()


async def test_a_killed_node_is_shown_as_lost(
    desk: Desk, database_uri: str, tmp_path: Path, clip: Path, expected_warnings: Any
) -> None:
    expected_warnings.allow("is lost|is queued again")
    page = page_of(desk)
    async with open_peer("peer", database_uri, tmp_path, labels=("peer",)) as peer:
        uuid = await desk.add(clip, LONG, labels=("peer",))
        await until(lambda: (display := page.model.find("peer")) and display.tasks, "it works")
        peer.kill()
        lost = await node_shown(page, "peer", NodeHealth.LOST)
        assert lost.last_running == 1
        banner = await until(lambda: page.banners.banners.get("peer"), "a banner appears")
        await until(lambda: banner.title.text() == "peer is lost", "in words")
        assert banner.text.text() == ("Its running task is back in the queue, and another node will take it.")
        assert (await desk.task(uuid)).status is TaskStatus.QUEUED
        click(banner.close_button)
        assert not page.banners.isVisible()
        await node_shown(page, "peer", NodeHealth.LOST)


async def test_tasks_of_a_silent_node_can_be_requeued_at_once(
    desk: Desk, database_uri: str, tmp_path: Path, clip: Path, expected_warnings: Any
) -> None:
    expected_warnings.allow("is lost|is queued again")
    page = page_of(desk)
    await node_shown(page, "desk", NodeHealth.ONLINE, NodeHealth.LATE)
    async with open_peer("peer", database_uri, tmp_path, heartbeat=BEAT, labels=("peer",)) as peer:
        await node_shown(page, "peer", NodeHealth.ONLINE)
        uuid = await desk.add(clip, LONG, labels=("peer",))
        await until(
            lambda: [task.uuid for task in _display(page, "peer").tasks] == [uuid], "the card names the task"
        )
        await until(lambda: _display(page, "peer").tasks[0].progress > 0, "and its progress")
        await until(lambda: max(_display(page, "peer").samples, default=0) > 0, "its speed is drawn")
        assert not page.banners.isVisible()
        peer.freeze()
        late = await node_shown(page, "peer", NodeHealth.LATE)
        assert late.fps is None
        banner = await until(lambda: page.banners.banners.get("peer"), "a banner appears")
        assert banner.title.text().startswith("No heartbeat from peer for ")
        assert banner.text.text().startswith("Its running task returns to the queue in ")
        assert outlook_text(late).startswith("1 task returns to the queue in ")
        click(banner.button)
        lost = await node_shown(page, "peer", NodeHealth.LOST)
        assert (await desk.task(uuid)).status is TaskStatus.QUEUED
        assert lost.last_running == 1
        assert outlook_text(lost) == "Its task is back in the queue"
        assert desk.window.messages.title == "1 task of peer is back in the queue."
        await until(lambda: banner.title.text() == "peer is lost", "the banner follows")
        choose(page, "peer", "Remove")
        await until(lambda: page.model.find("peer") is None, "it is forgotten")
        await until(lambda: not page.banners.isVisible(), "no banner is left")


async def test_the_menu_of_a_node_pauses_it_sets_its_slots_and_drains_it(
    desk: Desk, database_uri: str, tmp_path: Path
) -> None:
    page = page_of(desk)
    async with open_peer("peer", database_uri, tmp_path, heartbeat=BEAT) as peer:
        await node_shown(page, "peer", NodeHealth.ONLINE)
        assert desk.window.sidebar.buttons[desk.window.pages.index(page)].accessibleDescription() == "2"
        choose(page, "peer", "Pause")
        paused = await node_shown(page, "peer", NodeHealth.PAUSED)
        assert outlook_text(paused) == "Takes no new tasks"
        choose(page, "peer", "Resume: take tasks again")
        await node_shown(page, "peer", NodeHealth.ONLINE)
        choose(page, "peer", "Set slots")
        dialog = await until(lambda: page.findChild(SlotsDialog), "it asks for the slots")
        dialog.slots.setValue(7)
        click(dialog.ok)
        await until(lambda: _display(page, "peer").node.slots == 7, "the card shows the slots")
        choose(page, "peer", "Drain")
        assert await peer.exit_code() == 0
        await node_shown(page, "peer", NodeHealth.LEFT)


async def test_the_table_shows_the_same_nodes(desk: Desk) -> None:
    page = page_of(desk)
    await until(lambda: page.model.rowCount() == 1, "the node is read")
    page.layouts.press(1)
    assert page.table.isVisible()
    assert not page.cards.isVisible()
    assert page.model.index(0, NodeColumn.NODE).data() == "desk"
    assert page.model.index(0, NodeColumn.SLOTS).data() == "0 / 1"
    assert _display(page, "desk").is_here
    page.layouts.press(0)
    assert page.cards.isVisible()
    choose(page, "desk", "Show log")
    logs = desk.window.stack.currentWidget()
    assert isinstance(logs, LogsPage)
    assert logs.model.where.nodes == frozenset({"desk"})


async def test_adding_a_node_shows_a_command_and_hides_the_password(desk: Desk, database_uri: str) -> None:
    page = page_of(desk)
    click(page.add_button)
    dialog = await until(lambda: page.findChild(AddNodeDialog), "the dialog opens")
    click(dialog.copy)
    assert QGuiApplication.clipboard().text() == f'ffmate-desktop --database "{database_uri}"'
    dialog.accept()
    remote = AddNodeDialog(page, page.theme, "postgresql://me:s3cret@server/ffmate")
    remote.open()
    assert "s3cret" not in remote.command.toPlainText()
    remote.show_password.click()
    assert 'me:s3cret@server/ffmate"' in remote.command.toPlainText()
    remote.accept()
    embedded = AddNodeDialog(page, page.theme, "")
    assert embedded.command.toPlainText() == EXAMPLE_COMMAND
    states = []
    embedded.settings_requested.connect(lambda: states.append(True))
    embedded.open()
    click(embedded.settings)
    assert states == [True]
    assert embedded.isHidden()


async def test_texts_use_the_right_plural(desk: Desk) -> None:
    display = await node_shown(page_of(desk), "desk", NodeHealth.ONLINE, NodeHealth.LATE)
    node = display.node.model_copy(update={"identifier": "render-c", "state": NodeState.ONLINE})

    def late(tasks: int) -> NodeDisplay:
        task = {"id": 1, "uuid": node.session, "name": "x"}
        some = tuple(type(node).model_validate({**node.model_dump(), "tasks": [task] * tasks}).tasks)
        return NodeDisplay(node, NodeHealth.LATE, False, 96.4, 24.0, None, (), some, None)

    assert alert_text(late(4)) == (
        "No heartbeat from render-c for 96 seconds",
        "Its 4 running tasks return to the queue in 24 seconds, and other nodes will take them.",
    )
    assert (
        alert_text(late(0))[1]
        == "It isn't running any tasks. Without a heartbeat, it counts as lost in 24 seconds."
    )


def _display(page: NodesPage, name: str) -> NodeDisplay:
    display = page.model.find(name)
    assert display is not None
    return display
