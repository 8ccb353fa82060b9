"""A queue of 100,000 tasks: scrolling, selecting and sorting show the right rows while heartbeats stay on time."""

import asyncio
import random
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.queue import SortColumn
from ffmate_desktop.gui.queue.delegate import ROW_HEIGHT
from tests.gui.desk import Desk
from tests.node.waiting import PATIENCE, until

MANY = 100_000

FILL = """
WITH needs AS (INSERT INTO ffmate.requirement_sets (labels) VALUES ('{nobody}') RETURNING id)
INSERT INTO ffmate.tasks (uuid, status, requirement_set, name, source, spec, finished_at)
SELECT gen_random_uuid(), CASE n % 4 WHEN 0 THEN 'DONE_ERROR' WHEN 1 THEN 'DONE_SUCCESSFUL' ELSE 'QUEUED' END,
       needs.id, 'task ' || n, 'test',
       '{"command": "", "tokens": [], "input": "/in.mov", "outputPattern": "", "ifExists": "rename", "clockNs": 1,
         "utcOffset": 0, "source": "test"}', CASE WHEN n % 4 < 2 THEN now() END
  FROM generate_series(1, $1) AS n, needs
"""

ONE_MORE = """
INSERT INTO ffmate.tasks (uuid, requirement_set, name, source, spec)
SELECT gen_random_uuid(), requirement_set, 'one more', 'test', spec FROM ffmate.tasks LIMIT 1
"""


async def fill(database: Database, tasks: int) -> None:
    """Add tasks that no node can run. Task 1 is the oldest."""
    async with database.transaction() as connection:
        await connection.execute(FILL, tasks)
    async with database.transaction() as connection:
        await connection.execute("ANALYZE ffmate.tasks")


def visible_names(desk: Desk) -> list[str]:
    """The names of the visible rows. Empty while one of them is being read."""
    view, model = desk.page.view, desk.page.model
    first, last = view.rowAt(0), view.rowAt(view.viewport().height() - 1)
    last = model.rowCount() - 1 if last < 0 else last
    rows = [model.row_at(number) for number in range(first, last + 1)]
    return [row.name for row in rows if row is not None] if None not in rows else []


@pytest.mark.slow
async def test_a_hundred_thousand_tasks(desk: Desk, database: Database) -> None:
    await fill(database, MANY)
    view, model = desk.page.view, desk.page.model
    await until(
        lambda: model.rowCount() == MANY and len(model.cache.anchors) == MANY // 200, "all are counted"
    )
    await _scrolling(desk, database)
    await _selecting(desk)
    await _filtering_and_sorting(desk)
    await _keeping_place(desk, database)
    assert len(model.cache.pages) <= 40
    view.scrollToTop()


async def _scrolling(desk: Desk, database: Database) -> None:
    """Every jump shows the right rows, and the node keeps sending heartbeats."""
    scroll = desk.page.view.verticalScrollBar()
    loop, chance = asyncio.get_running_loop(), random.Random(1)
    beats: set[object] = set()
    jumps, end = 0, loop.time() + PATIENCE
    while len(beats) < 4 or jumps < 20:
        assert loop.time() < end, "the node sends no heartbeats"
        jumps += 1
        number = chance.randrange(MANY - 50)
        scroll.setValue(number * ROW_HEIGHT)
        expected = f"task {MANY - number}"
        await until(partial(_begins, desk, expected), f"{expected} is seen")
        for _ in range(20):
            scroll.setValue(scroll.value() + 40)
            desk.page.view.viewport().repaint()
            await asyncio.sleep(0)
        rows = await database.fetch(Sql("SELECT beat_at FROM ffmate.nodes"))
        beats.add(rows[0]["beat_at"])


def _begins(desk: Desk, name: str) -> bool:
    return visible_names(desk)[:1] == [name]


async def _selecting(desk: Desk) -> None:
    """Select all tasks, including those that were never read."""
    view, model = desk.page.view, desk.page.model
    desk.click_row(view.rowAt(20))
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert view.count_selected() == MANY
    assert len(set(await model.selection([(99_000, MANY - 1)]).uuids())) == 1_000
    view.clearSelection()


async def _filtering_and_sorting(desk: Desk) -> None:
    page, model = desk.page, desk.page.model
    page.tabs.press(3)
    await until(lambda: model.rowCount() == MANY // 4 and visible_names(desk), "only the failed ones")
    assert visible_names(desk)[0] == f"task {MANY}"
    page.search.setText("task 99996")
    await until(lambda: visible_names(desk) == ["task 99996"], "only the one that was searched")
    page.search.clear()
    page.tabs.press(0)
    await until(lambda: model.rowCount() == MANY, "all again")
    page.filters.set_order(SortColumn.CREATED, False)
    await until(lambda: visible_names(desk)[:1] == ["task 1"], "oldest first")
    page.filters.set_order(SortColumn.CREATED, True)
    await until(lambda: visible_names(desk)[:1] == [f"task {MANY}"], "newest first")


async def _keeping_place(desk: Desk, database: Database) -> None:
    """New tasks at the top leave the visible rows and the selection in place."""
    view, model = desk.page.view, desk.page.model
    view.verticalScrollBar().setValue(5_000 * ROW_HEIGHT + 7)
    await until(lambda: visible_names(desk), "rows are read")
    before = visible_names(desk)
    desk.click_row(view.rowAt(100))
    selected = [row.name for row in view.selected_rows()]
    async with database.transaction() as connection:
        await connection.execute(ONE_MORE)
    await until(lambda: model.rowCount() == MANY + 1, "one more")
    await until(lambda: visible_names(desk) == before, "the same rows")
    assert [row.name for row in view.selected_rows()] == selected
    await desk.services.tasks.delete(await model.selection([(0, 0)]).uuids())
    await until(lambda: model.rowCount() == MANY, "one less")
    await until(lambda: visible_names(desk) == before, "the same rows again")
    assert [row.name for row in view.selected_rows()] == selected
