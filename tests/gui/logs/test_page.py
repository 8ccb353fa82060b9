"""The logs page: lines of this and other processes, filters, paging back, following, pausing, copying and saving."""

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from ffmate_desktop.db import node_logs as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.node_log import LogLevel, NewLogLine
from ffmate_desktop.gui.logs.delegate import ROW_HEIGHT
from ffmate_desktop.gui.logs.model import PAGE
from ffmate_desktop.gui.logs.page import LEVELS, LogsPage
from tests.gui.desk import Desk, click
from tests.gui.peers import open_peer
from tests.node.waiting import until


def page_of(desk: Desk) -> LogsPage:
    """Show the page and return it."""
    page = next(page for page in desk.window.pages if isinstance(page, LogsPage))
    desk.window.show_page(desk.window.pages.index(page))
    return page


def messages(page: LogsPage) -> list[str]:
    """All messages shown, oldest first."""
    lines = (page.model.line_at(row) for row in range(page.model.rowCount()))
    return [line.message for line in lines if line is not None]


async def write(
    database: Database, node: str, *texts: str, level: LogLevel = LogLevel.INFO, topic: str = "task"
) -> None:
    """Lines of a node that is elsewhere."""
    now = datetime.now(UTC).timestamp()
    await stored.add(database, node, 0, [NewLogLine(now, level, topic, text) for text in texts])


async def test_lines_of_another_process_appear_and_can_be_filtered(
    desk: Desk, database_uri: str, database: Database, tmp_path: Path
) -> None:
    page = page_of(desk)
    await write(database, "other", "something else")
    await until(lambda: messages(page) == ["something else"], "a line is there")
    async with open_peer("peer", database_uri, tmp_path):
        await until(
            lambda: any("Node peer joined" in text for text in messages(page)), "the line of the peer"
        )
    assert page.nodes.entries == ["other", "peer"]
    page.show_node("peer")
    await until(lambda: messages(page) and "something else" not in messages(page), "only the peer")
    page.nodes.choose(None)
    await until(lambda: "something else" in messages(page), "all again")
    page.search.setText("peer joined")
    await until(lambda: len(messages(page)) == 1, "the text is searched")
    page.levels.press(LEVELS.index(LogLevel.ERROR))
    await until(
        lambda: messages(page) == [] and page._nothing.isVisible(), "there are no errors, and it says so"
    )


async def test_following_paging_back_and_pausing(desk: Desk, database: Database) -> None:
    await write(database, "other", *(f"line {number}" for number in range(3 * PAGE)))
    page = page_of(desk)
    page.nodes.choose(frozenset({"other"}))
    lines, bar = page.lines, page.lines.verticalScrollBar()
    await until(lambda: messages(page)[-1:] == [f"line {3 * PAGE - 1}"], "the newest page")
    assert len(messages(page)) == PAGE
    await until(lambda: bar.maximum() > 0 and bar.value() == bar.maximum(), "the end is in view")
    await write(database, "other", "newest")
    await until(lambda: messages(page)[-1] == "newest" and bar.value() == bar.maximum(), "it follows")
    bar.setValue(40 * ROW_HEIGHT + 5)
    assert not lines.is_following
    top = lines.indexAt(lines.viewport().rect().topLeft()).data()
    await until(lambda: len(messages(page)) > PAGE + 1, "older lines are read at the top")
    assert lines.indexAt(lines.viewport().rect().topLeft()).data() == top
    await write(database, "other", "while away")
    await until(
        lambda: lines.jump_button.isVisible() and lines.jump_button.text() == "1 new line",
        "it tells of new lines",
    )
    click(lines.jump_button)
    await until(lambda: lines.is_following, "it follows again")
    page.pause.click()
    await write(database, "other", "while paused")
    await write(database, "third", "for another filter")
    page.pause.click()
    await until(lambda: messages(page)[-1] == "while paused", "the line appears after the pause")

    def at_first_line() -> bool:
        bar.setValue(0)
        return messages(page)[0] == "line 0"

    await until(at_first_line, "back to the first line")
    assert messages(page) == [
        *(f"line {number}" for number in range(3 * PAGE)),
        *("newest", "while away", "while paused"),
    ]


async def test_lines_are_copied_and_saved_in_full(desk: Desk, database: Database, tmp_path: Path) -> None:
    page = page_of(desk)
    await write(database, "other", "first", "two\nlines", level=LogLevel.WARN)
    page.show_node("other")
    await until(lambda: messages(page) == ["first", "two\nlines"], "both are there")
    page.lines.setCurrentIndex(page.model.index(1, 0))
    assert page.full_text.isVisible()
    assert "two\nlines" in page.full_text.toPlainText()
    page.lines.selectAll()
    QTest.keyClick(page.lines, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    assert "WARN   other  task: first\n" in copied
    target = tmp_path / "saved.log"
    page.save_to(str(target))
    await until(lambda: target.exists() and target.read_text() == copied + "\n", "it is saved")
    page.save_to(str(tmp_path / "no" / "folder.log"))
    await until(lambda: desk.window.messages.title.startswith("Can't save the log"), "the error is shown")
