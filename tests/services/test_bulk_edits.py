"""Editing many waiting tasks while nodes claim some of them."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from ffmate_desktop.db import claims
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.labels import LabelChange
from ffmate_desktop.domain.selection import TaskSelection
from ffmate_desktop.domain.task import NewTask, Task, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services import bulk_edits as module
from ffmate_desktop.services.bulk import BulkService
from ffmate_desktop.services.bulk_edits import BulkEdit, BulkEditor
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from tests.db.cluster import add, joined, row

pytestmark = pytest.mark.db


@pytest.fixture
def edits(database: Database, tasks: TaskService) -> BulkEditor:
    return BulkEditor(database, tasks)


async def found(tasks: TaskService) -> dict[str, Task]:
    return {task.name: task for task in await tasks.newest()}


async def test_priority_and_labels_of_what_waits(
    database: Database, database_uri: str, tasks: TaskService, edits: BulkEditor
) -> None:
    """Also of what is paused; not of what a node has. The input of none of these tasks exists here."""
    uuids = await add(
        database, row("runs"), row("a", labels=("gpu", "nas")), row("b", labels=("gpu",)), row("c")
    )
    await tasks.pause([uuids[2]])
    async with joined(database_uri, labels=()) as node:
        [claim] = await claims.claim(database, node.id, 1)
        change = BulkEdit(priority=7, labels=LabelChange(add=("new",), remove=("gpu",)))
        edited = await edits.edit(uuids, change)
        await claims.give_back(database, node.id)
    assert (edited.changed, list(edited.refused)) == (set(uuids[1:]), [claim.uuid])
    after = await found(tasks)
    assert {name: task.labels for name, task in after.items()} == {
        "runs": [], "a": ["nas", "new"], "b": ["new"], "c": ["new"]
    }  # fmt: skip
    assert {name: task.priority for name, task in after.items()} == {"runs": 0, "a": 7, "b": 7, "c": 7}
    assert after["b"].paused
    await edits.edit(uuids, BulkEdit(labels=LabelChange(only=("nas",)), name="all"))
    assert [(task.labels, task.name) for task in await tasks.newest()] == [(["nas"], "all")] * 4
    async with joined(database_uri, labels=("nas",)) as node:  # nodes find them by what they require now
        assert len(await claims.claim(database, node.id, 5)) == 3


async def test_a_preset_resolves_command_and_output_again(
    tmp_path: Path, tasks: TaskService, edits: BulkEditor, presets: PresetService, database: Database
) -> None:
    first, second = [preset for preset in await presets.all() if preset.output_file.endswith(".mp4")][:2]
    clips = [tmp_path / f"{name}.mov" for name in "abc"]
    for clip in clips:
        clip.touch()
    new = [NewTask(input_file=str(clip), preset=first.uuid, labels=("nas",)) for clip in clips]
    submitted = await tasks.add(new, source=TaskSource.CLI)
    clips[2].unlink()
    bulk = BulkService(database, tasks)
    selected = await bulk.select(TaskSelection(batch=submitted.batch, statuses=(TaskStatus.QUEUED,)))
    progress: list[int] = []
    edited = await edits.edit_all(
        selected, BulkEdit(preset=second.uuid, labels=LabelChange(add=("gpu",))), on_progress=progress.append
    )
    assert (edited.changed, edited.refused, progress) == (2, 1, [3])
    assert edited.examples == {submitted.uuids[2]: f"The file “{clips[2]}” doesn't exist."}
    after = await found(tasks)
    assert after["a.mov"].command.raw == second.command
    assert after["a.mov"].preset is not None and after["a.mov"].preset.uuid == second.uuid
    output = second.output_file.replace("${INPUT_FILE_DIR}", str(tmp_path)).replace(
        "${INPUT_FILE_BASENAME}", "b"
    )
    assert after["b.mov"].output_file.resolved == output
    assert after["b.mov"].labels == sorted({"gpu", *second.labels})
    assert after["c.mov"].command.raw == first.command


async def test_each_task_is_either_edited_or_claimed_when_both_happen_at_once(
    database: Database,
    database_uri: str,
    tasks: TaskService,
    edits: BulkEditor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A task is claimed as it was, and then not changed; or changed, and then claimed as it is now."""
    monkeypatch.setattr(module, "CHUNK_SIZE", 5)
    await add(database, *(row(str(number)) for number in range(40)))
    selected = await BulkService(database, tasks).select(TaskSelection(statuses=(TaskStatus.QUEUED,)))
    claimed: dict[UUID, int] = {}
    async with joined(database_uri, labels=(), slots=40) as node:

        async def claim() -> None:
            for _ in range(8):
                for claimed_task in await claims.claim(database, node.id, 3):
                    claimed[claimed_task.uuid] = claimed_task.priority
                await asyncio.sleep(0)

        edited, _ = await asyncio.gather(edits.edit_all(selected, BulkEdit(priority=9)), claim())
        after = {task.uuid: task for task in await tasks.newest()}
    changed = {uuid for uuid, task in after.items() if task.priority == 9}
    assert len(changed) == edited.changed
    assert all(after[uuid].priority == priority for uuid, priority in claimed.items())
    assert set(after) - changed <= set(claimed)
