"""Commands to all tasks that meet conditions."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.selection import TaskSelection
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.services import bulk as module
from ffmate_desktop.services.bulk import BulkService, TaskAction
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from tests.db.cluster import add, row

pytestmark = pytest.mark.db
BATCH, PRESET = UUID(int=1), UUID(int=2)
NAMES = "old failed.mov|new failed.mov|old done.mov|waiting 1_.mov|waiting 10.mov"

SET = """
UPDATE ffmate.tasks SET status = $2::text, preset = $3::uuid, preset_name = $4::text, node_name = $5::text,
       created_at = now() - $6::interval, finished_at = CASE WHEN $2 LIKE 'DONE%' THEN now() - $6 END
 WHERE name = $1 RETURNING id
"""


async def set_task(
    database: Database, name: str, status: str, *, preset: str | None, node: str | None, days: int
) -> None:
    uuid = PRESET if preset else None
    await database.fetch(Sql(SET), name, status, uuid, preset, node, timedelta(days=days))


@pytest.fixture
async def bulk(database: Database, tasks: TaskService) -> BulkService:
    names = NAMES.split("|")
    await add(database, row(names[0]), row(names[1]), row(names[3], labels=("gpu", "nas")), batch=BATCH)
    await add(database, row(names[2]))
    await add(database, row(names[4], labels=("gpu",)))
    await set_task(database, names[0], "DONE_ERROR", preset="Web", node="a", days=40)
    await set_task(database, names[1], "DONE_ERROR", preset="web", node="b", days=1)
    await set_task(database, names[2], "DONE_SUCCESSFUL", preset=None, node="a", days=31)
    return BulkService(database, tasks)


DAYS = timedelta(days=30)
ERROR, DONE, QUEUED = TaskStatus.DONE_ERROR, TaskStatus.DONE_SUCCESSFUL, TaskStatus.QUEUED


CONDITIONS: tuple[tuple[TaskSelection, str], ...] = (
    (TaskSelection(), NAMES),
    (TaskSelection(batch=BATCH), "old failed.mov|new failed.mov|waiting 1_.mov"),
    (TaskSelection(statuses=(ERROR,)), "old failed.mov|new failed.mov"),
    (TaskSelection(statuses=(ERROR, DONE), older_than=DAYS), "old failed.mov|old done.mov"),
    (TaskSelection(older_than=timedelta(days=50)), ""),
    (TaskSelection(presets=("WEB",)), "old failed.mov|new failed.mov"),
    (TaskSelection(presets=(str(PRESET),), older_than=DAYS), "old failed.mov"),
    (TaskSelection(presets=("other", "web"), nodes=("b",)), "new failed.mov"),
    (TaskSelection(nodes=("a", "b"), statuses=(DONE,)), "old done.mov"),
    (TaskSelection(labels=("gpu",)), "waiting 1_.mov|waiting 10.mov"),
    (TaskSelection(labels=("nas", "gpu")), "waiting 1_.mov"),
    (TaskSelection(labels=("elsewhere",)), ""),
    (TaskSelection(names=("*FAILED*", "old*")), "old failed.mov|new failed.mov|old done.mov"),
    (TaskSelection(names=("waiting 1_.mov",)), "waiting 1_.mov"),
    (TaskSelection(names=("waiting 1?.mov",)), "waiting 1_.mov|waiting 10.mov"),
    (TaskSelection(names=("%",)), ""),
    (TaskSelection(names=("*\udcff*",), nodes=("\udcff",), presets=("\udcff",), labels=("\udcff",)), ""),
)


async def test_conditions(bulk: BulkService, tasks: TaskService) -> None:
    """What is listed is what is counted."""
    for selection, names in CONDITIONS:
        expected = set(filter(None, names.split("|")))
        assert {task.name for task in await tasks.newest(selection)} == expected, selection
        assert (await bulk.select(selection)).total == len(expected), selection


async def test_what_is_counted_is_deleted(bulk: BulkService, tasks: TaskService) -> None:
    for selection, changed in ((TaskSelection(presets=("web",), older_than=DAYS), 1), (TaskSelection(), 4)):
        result = await bulk.perform(await bulk.select(selection), TaskAction.DELETE)
        assert (result.matched, result.changed) == (changed, changed)
    assert await tasks.newest() == []


@pytest.mark.parametrize(
    ("action", "status", "changed"),
    [
        (TaskAction.CANCEL, "DONE_CANCELED", "waiting"),
        (TaskAction.RESTART, "QUEUED", "done|failed"),
        (TaskAction.PAUSE, "QUEUED", "waiting"),
    ],
)
async def test_an_action_changes_only_tasks_it_applies_to(
    bulk: BulkService, tasks: TaskService, action: TaskAction, status: str, changed: str
) -> None:
    before = {task.name: task.version for task in await tasks.newest()}
    result = await bulk.perform(await bulk.select(TaskSelection()), action)
    found = [task for task in await tasks.newest() if task.version != before[task.name]]
    assert {task.status.value for task in found} == {status}
    assert result.changed == len(found) == sum(bool(re.search(changed, name)) for name in before)


async def test_a_task_that_changes_or_is_queued_later_is_left_alone(
    bulk: BulkService, tasks: TaskService, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK_SIZE", 1)
    selected = await bulk.select(TaskSelection(statuses=(ERROR,)))
    await add(database, row("later"))
    await set_task(database, "later", "DONE_ERROR", preset=None, node=None, days=0)
    progress: list[int] = []
    # Between the reading of a page and its deletion.
    delete = tasks.delete

    async def slow_delete(uuids: list[UUID], only: tuple[TaskStatus, ...] | None = None) -> set[UUID]:
        if not progress:
            await tasks.restart(uuids)
        return await delete(uuids, only)

    monkeypatch.setattr(tasks, "delete", slow_delete)
    result = await bulk.perform(selected, TaskAction.DELETE, on_progress=progress.append)
    assert (result.matched, result.changed, progress) == (2, 1, [1, 2])
    left = {task.name: task.status for task in await tasks.newest()}
    assert left["old failed.mov"] is QUEUED and left["later"] is ERROR and "new failed.mov" not in left


async def test_a_restart_leaves_out_what_another_task_is_writing(
    database: Database, tasks: TaskService
) -> None:
    failed = [row(str(number), output_key=f"/{number}") for number in range(5)]
    await add(database, *failed, batch=uuid4())
    await database.fetch(
        Sql("UPDATE ffmate.tasks SET status = 'DONE_ERROR', finished_at = now() RETURNING id")
    )
    await add(database, row("another", output_key="/3"))
    bulk = BulkService(database, tasks)
    result = await bulk.perform(await bulk.select(TaskSelection(statuses=(ERROR,))), TaskAction.RESTART)
    assert (result.matched, result.changed, result.in_use) == (5, 4, [failed[3].uuid])


async def test_a_command_succeeds_although_a_batch_is_locked(
    database: Database, bulk: BulkService, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a session that is idle in its transaction, for example. Nodes finish the batch later."""
    monkeypatch.setattr(module, "CHUNK_SIZE", 1)
    holder = await connect(database_uri)
    async with holder.transaction():
        await holder.execute("LOCK TABLE ffmate.batches")
        async with Database(f"{database_uri}&options=-c%20lock_timeout%3D100ms") as hasty:
            impatient = BulkService(hasty, TaskService(hasty, PresetService(hasty, Path())))
            everything = await impatient.select(TaskSelection())
            assert (await impatient.perform(everything, TaskAction.CANCEL)).changed == 2
            assert (await impatient.perform(everything, TaskAction.DELETE)).changed == 5
    await holder.close()
    assert (await bulk.select(TaskSelection())).total == 0
