"""Moving, copying and editing waiting tasks while nodes claim some of them."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ffmate_desktop.db import claims, leases
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.queue_order import HIGHEST_PRIORITY, QueueMove
from ffmate_desktop.domain.task import IfExists, NewTask, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.edits import TaskEdit
from ffmate_desktop.services.tasks import TaskService
from tests.db.cluster import add, joined, row

pytestmark = pytest.mark.db
COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mov"
    path.write_bytes(b"nobody looks")
    return path


async def submit(tasks: TaskService, clip: Path, output: str = "out/a.mp4", **fields: object) -> UUID:
    new = NewTask.model_validate({"input_file": str(clip), "command": COPY, "output_file": output} | fields)
    return (await tasks.add([new], source=TaskSource.CLI, base=str(clip.parent))).uuids[0]


async def order(tasks: TaskService, uuids: list[UUID]) -> str:
    """The names of the waiting tasks in the order in which they will run."""
    found = [task for task in await tasks.get(uuids) if task.status is TaskStatus.QUEUED]
    return "".join(task.name for task in sorted(found, key=lambda task: (-task.priority, task.id)))


@pytest.mark.parametrize(
    ("move", "moved", "after"),
    [
        (QueueMove.TOP, "e", "eabcd"),
        (QueueMove.TOP, "be", "beacd"),
        (QueueMove.TOP, "ae", "aebcd"),
        (QueueMove.BOTTOM, "a", "bcdea"),
        (QueueMove.BOTTOM, "ac", "bdeac"),
        (QueueMove.UP, "c", "acbde"),
        (QueueMove.DOWN, "a", "abcde"),
    ],
)
async def test_moves(database: Database, tasks: TaskService, move: QueueMove, moved: str, after: str) -> None:
    uuids = await add(database, row("a", priority=1), *(row(name) for name in "bcde"))
    by_name = dict(zip("abcde", uuids, strict=True))
    before = {task.uuid: task.priority for task in await tasks.get(uuids)}
    changed = await tasks.move([by_name[name] for name in moved], move)
    assert await order(tasks, uuids) == after
    assert set(changed) <= {by_name[name] for name in moved}
    assert changed == {uuid: before[uuid] for uuid in changed}
    if move is not QueueMove.BOTTOM:  # others rose as well
        await tasks.set_priorities(changed)
        assert {task.uuid: task.priority for task in await tasks.get(uuids)} == before


async def test_only_waiting_tasks_are_moved(
    database: Database, database_uri: str, tasks: TaskService
) -> None:
    uuids = await add(database, row("a"), row("b"))
    async with joined(database_uri) as node:
        await claims.claim(database, node.id, 1)
        assert await tasks.move([*uuids, uuid4()], QueueMove.TOP) == {}  # alone in the queue, b is at the top
        assert await tasks.move(uuids, QueueMove.UP) == {uuids[1]: 0}


async def test_the_last_of_many_tasks_moved_to_the_top_is_first(
    database: Database, tasks: TaskService
) -> None:
    uuids = await add(database, *(row(str(number)) for number in range(8)))
    await asyncio.gather(*(tasks.move([uuid], QueueMove.TOP) for uuid in uuids))
    assert len({task.priority for task in await tasks.get(uuids)}) == 8


async def test_no_priority_is_above_the_highest(database: Database, tasks: TaskService) -> None:
    low, high = await add(database, row("low"), row("high", priority=HIGHEST_PRIORITY))
    assert await tasks.move([high], QueueMove.UP) == {}
    with pytest.raises(UserError, match="above the highest"):
        await tasks.move([low], QueueMove.TOP)


async def test_a_copy_is_the_same_under_a_free_name(tasks: TaskService, clip: Path) -> None:
    uuid = await submit(tasks, clip, priority=4, labels=("gpu",), metadata={"a": 1}, if_exists=IfExists.FAIL)
    [copy] = await tasks.get((await tasks.duplicate([uuid], source=TaskSource.WINDOW)).uuids)
    [first] = await tasks.get([uuid])
    assert copy.output_file.resolved == str(clip.parent / "out" / "a-2.mp4")
    for field in ("name", "command", "priority", "labels", "metadata", "input_file"):
        assert getattr(copy, field) == getattr(first, field)
    assert copy.output_file.raw == "out/a.mp4"
    assert copy.source == "window"
    clip.unlink()
    with pytest.raises(UserError, match="doesn't exist"):
        await tasks.duplicate([uuid], source=TaskSource.WINDOW)


async def test_a_copy_of_a_preset_task_keeps_its_preset(tasks: TaskService, clip: Path) -> None:
    preset = (await tasks._presets.all())[0]
    uuid = await submit(tasks, clip, "", command=None, preset=preset.uuid, output_file=None)
    [copy] = await tasks.get((await tasks.duplicate([uuid], source=TaskSource.WINDOW)).uuids)
    assert copy.preset is not None
    assert copy.preset.uuid == preset.uuid


async def test_an_edit_keeps_the_place(
    tasks: TaskService, clip: Path, database_uri: str, database: Database
) -> None:
    uuid = await submit(tasks, clip, labels=("gpu",))
    [before] = await tasks.get([uuid])
    change = TaskEdit(command=COPY + " -y", priority=7, labels=("b",), name="new", output_file="out/b.mp4")
    await tasks.edit(uuid, change, version=before.version)
    [after] = await tasks.get([uuid])
    assert (after.id, after.created_at, after.status) == (before.id, before.created_at, TaskStatus.QUEUED)
    assert (after.command.raw, after.priority, after.labels, after.name) == (COPY + " -y", 7, ["b"], "new")
    assert after.output_file.resolved == str(clip.parent / "out" / "b.mp4")
    async with joined(database_uri, labels=("b",)) as node:
        [claim] = await claims.claim(database, node.id, 1)
    assert claim.spec.output == after.output_file.resolved
    assert claim.spec.tokens[0][-1] == "-y"


async def test_an_edit_that_changes_nothing_keeps_its_output_and_preset(
    tasks: TaskService, clip: Path
) -> None:
    preset = (await tasks._presets.all())[0]
    uuid = await submit(tasks, clip, command=None, preset=preset.uuid)
    [before] = await tasks.get([uuid])
    await tasks.edit(uuid, TaskEdit(priority=1))
    [after] = await tasks.get([uuid])
    assert (after.output_file, after.preset, after.labels) == (
        before.output_file,
        before.preset,
        before.labels,
    )
    await tasks.edit(uuid, TaskEdit(command=COPY))
    assert (await tasks.get([uuid]))[0].preset is None


async def test_edits_are_checked_like_submissions(tasks: TaskService, clip: Path) -> None:
    uuid = await submit(tasks, clip)
    other = await submit(tasks, clip, "out/b.mp4")
    with pytest.raises(UsageError):
        await tasks.edit(uuid, TaskEdit(command="-i ${NO_SUCH} x"))
    with pytest.raises(UserError, match="Another unfinished task"):
        await tasks.edit(uuid, TaskEdit(output_file="out/b.mp4", if_exists=IfExists.FAIL))
    await tasks.edit(uuid, TaskEdit(output_file="out/b.mp4"))
    found = {task.uuid: task.output_file.resolved for task in await tasks.get([uuid, other])}
    assert found == {uuid: str(clip.parent / "out" / "b-2.mp4"), other: str(clip.parent / "out" / "b.mp4")}


async def test_only_waiting_tasks_are_edited(
    tasks: TaskService, clip: Path, database: Database, database_uri: str
) -> None:
    uuid = await submit(tasks, clip)
    with pytest.raises(UserError, match="changed by someone else"):
        await tasks.edit(uuid, TaskEdit(name="x"), version=99)
    async with joined(database_uri) as node:
        await claims.claim(database, node.id, 1)
        with pytest.raises(UserError, match="a has already started"):
            await tasks.edit(uuid, TaskEdit(name="x"))
        await claims.give_back(database, node.id)
    await tasks.cancel([uuid])
    with pytest.raises(UserError, match="has ended"):
        await tasks.edit(uuid, TaskEdit(name="x"))
    await tasks.delete([uuid])
    with pytest.raises(UserError, match="deleted"):
        await tasks.edit(uuid, TaskEdit(name="x"))


async def test_an_encode_of_what_the_task_was_before_is_not_taken_back(
    tasks: TaskService, clip: Path, database: Database, database_uri: str
) -> None:
    uuid = await submit(tasks, clip)
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        await claims.give_back(database, node.id)
        await tasks.edit(uuid, TaskEdit(name="x"))
        assert await leases.adopt(node.connection, node.id, [(claim.id, claim.epoch, node.id, uuid)]) == {}


async def test_what_a_newer_release_added_survives_edits_copies_and_restarts(
    tasks: TaskService, clip: Path, database: Database
) -> None:
    script = {"scriptPath": "/a", "newer": 1}
    uuid = await submit(
        tasks, clip, preProcessing=script, webhooks=[{"event": "task.x", "url": "u", "newer": 2}]
    )
    async with database.transaction() as connection:
        await connection.execute(
            "UPDATE ffmate.tasks SET spec = jsonb_set(spec, '{preProcessing,newer}', $1) || $2",
            *({"a": [1]}, {"newer": 3}),
        )
    await tasks.edit(uuid, TaskEdit(name="x", output_file="out/b.mp4"))
    copies = await tasks.duplicate([uuid], source=TaskSource.CLI)
    await tasks.cancel([uuid])
    await tasks.restart([uuid])
    rows = await database.fetch(Sql("SELECT spec FROM ffmate.tasks"))
    assert len(rows) == 2 and copies.uuids
    for found in rows:
        spec = found["spec"]
        assert (spec["newer"], spec["preProcessing"]["newer"], spec["webhooks"][0]["newer"]) == (
            3,
            {"a": [1]},
            2,
        )


async def test_a_task_that_cannot_be_read_is_neither_copied_nor_changed(
    tasks: TaskService, clip: Path, database: Database
) -> None:
    uuid = await submit(tasks, clip)
    async with database.transaction() as connection:
        await connection.execute("UPDATE ffmate.tasks SET spec = spec - 'tokens'")
    with pytest.raises(UserError, match="newer release"):
        await tasks.edit(uuid, TaskEdit(name="x"))
    with pytest.raises(UserError, match="newer release"):
        await tasks.duplicate([uuid], source=TaskSource.CLI)
