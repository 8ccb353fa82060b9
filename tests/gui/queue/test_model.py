"""Changes that arrive while the model is reading are not lost."""

import asyncio
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.queue import QueueQuery, QueueRow
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.base.progress_tracker import ProgressTracker
from ffmate_desktop.gui.queue.model import QueueModel
from ffmate_desktop.services.queue import QueueService
from tests.db.cluster import add, row
from tests.node.waiting import until


class SlowQueue(QueueService):
    """The real queue service. Its replies are held back while `gate` is closed."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.gate = asyncio.Event()
        self.gate.set()
        self.held = 0

    async def _hold(self) -> None:
        self.held += 1
        await self.gate.wait()

    async def page(self, query: QueueQuery, **where: Any) -> list[QueueRow]:
        found = await super().page(query, **where)
        await self._hold()
        return found


@pytest.mark.parametrize("is_known", [False, True], ids=["first reading", "later reading"])
async def test_a_change_during_a_reading_is_not_lost(
    qapp: QApplication, database: Database, is_known: bool
) -> None:
    await add(database, row("a"), row("b"))
    bridge, queue = Bridge(), SlowQueue(database)
    model = QueueModel(bridge, ProgressTracker(bridge))
    model.attach(queue)
    if is_known:
        model.reload()
        await until(lambda: model.rowCount() == 2, "both are shown")
        queue.held = 0
    queue.gate.clear()
    model.reload()
    await until(lambda: queue.held, "the rows were read, but the answer has not come yet")
    async with database.transaction() as connection:
        await connection.execute("UPDATE ffmate.tasks SET status = 'DONE_SUCCESSFUL' WHERE name = 'b'")
        changed = await connection.fetchval("SELECT id FROM ffmate.tasks WHERE name = 'b'")
    bridge.tasks_changed.emit(frozenset({changed}))
    await asyncio.sleep(0.05)
    queue.gate.set()
    await until(lambda: not model.reader.is_reading, "the reading is over")

    def shown() -> bool:
        first = model.row_at(0) if model.rowCount() else None
        return first is not None and first.status is TaskStatus.DONE_SUCCESSFUL

    await until(shown, "the change is shown", timeout=10)
    model.detach()
    await bridge.close()
