"""Rows written by a newer release: every page shows them, and the node keeps working."""

from functools import partial
from pathlib import Path

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.queue import QueueRow
from ffmate_desktop.domain.task import Task
from ffmate_desktop.gui.queue.detail_pane import DetailPane
from ffmate_desktop.gui.watchfolders.page import WatchfoldersPage
from ffmate_desktop.gui.widgets.media_text import media_summary
from tests.foreign import FACTS, GOOD_FOLDER, fill, spread, use_newer_values, variants
from tests.gui.desk import open_desk
from tests.node.waiting import until

pytestmark = pytest.mark.db


def test_media_facts_of_any_shape_are_summarised() -> None:
    assert media_summary(FACTS) == "2×2  ·  h264  ·  25 fps  ·  0:02  ·  10 B"
    for facts in variants(FACTS):
        assert isinstance(media_summary(facts), str)


def read(pane: DetailPane, row: QueueRow) -> Task | None:
    """The task, once the pane has loaded it."""
    return pane._task if pane._task is not None and pane._task.uuid == row.uuid else None


async def test_every_page_shows_rows_of_a_newer_release(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    """`open_desk` fails the test on unexpected errors; logged tracebacks fail it too."""
    await fill(database)
    await use_newer_values(database)
    await spread(database, every=11)
    async with open_desk(database_uri, tmp_path / "data") as desk:
        window, page = desk.window, desk.page
        for number in range(len(window.pages)):
            window.show_page(number)
            window.grab()
        window.show_page(0)
        total = page.model.rowCount()
        assert total > 50
        shown: list[QueueRow] = []
        for number in range(total):
            if (row := page.model.row_at(number)) is not None:
                shown.append(row)
        assert {"HELD", "DONE_SKIPPED"} <= {row.stored_status for row in shown}
        pane = page.details.pane
        pane.attach(desk.services)
        for row in shown[::3]:
            pane.show_row(row)
            task = await until(partial(read, pane, row), "the task is read")
            assert pane.error.isHidden() == (task.unreadable is None and row.status != "DONE_ERROR")
            pane.grab()
        folders = next(page for page in window.pages if isinstance(page, WatchfoldersPage))
        window.show_page(window.pages.index(folders))
        await until(lambda: folders.watch.is_known, "the folders are read")
        assert GOOD_FOLDER in folders.watch.views
        window.grab()
