"""A task that one node can't run goes to another. If no node can run it, it fails, and names the nodes that tried."""

import sys
from pathlib import Path
from uuid import UUID

import pytest

from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.node.task.stages import MOST_TRIES
from tests.db.cluster import joined
from tests.node.farm import Farm, Worker
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

PATIENT = 600.0
"""Heartbeat of nodes that are only rows: they aren't declared lost during a test."""


async def refused(farm: Farm, uuid: UUID) -> list[str]:
    """Names of the nodes that refused the task, once it waits for others."""

    async def names() -> list[str]:
        (row,) = await farm.sql("SELECT status, refused FROM ffmate.tasks WHERE uuid = $1", uuid)
        return [name for name, _ in row["refused"].values()] if row["status"] == "QUEUED" else []

    return await until(names, f"{uuid} is refused")


async def beats(worker: Worker, count: int = 3) -> None:
    """Enough time for the node to claim a task that it should leave alone."""
    for _ in range(count):
        await worker.node._heartbeat.beat_now()


@pytest.mark.parametrize("missing", ["input", "folder"])
async def test_another_node_runs_a_task_whose_input_this_one_cannot_reach(
    farm: Farm, clip: Path, database_uri: str, missing: str
) -> None:
    content, output = clip.read_bytes(), farm.folder / "share" / "out.mp4"
    uuid = await farm.add(clip, output=str(output))
    if missing == "input":
        clip.unlink()
    else:
        output.parent.write_bytes(b"a file where the share should be")
    async with joined(database_uri, identifier="b", labels=(), heartbeat=PATIENT):
        blind = await farm.node("a", heartbeat=0.5)
        assert await refused(farm, uuid) == ["a"]
        await beats(blind)
        task = await farm.task(uuid)
        assert (task.status, task.attempts) == (TaskStatus.QUEUED, 1), "it does not claim it again"
        assert "share" in await farm.log(uuid) or "doesn't exist" in await farm.log(uuid)
        if missing == "input":
            clip.write_bytes(content)
        else:
            output.parent.unlink()
        await farm.node("c")
        task = await farm.successful(uuid)
    assert output.stat().st_size == task.size


async def test_only_when_no_node_can_read_the_input_the_task_fails_and_names_them(
    farm: Farm, clip: Path
) -> None:
    uuid = await farm.add(clip)
    await farm.tasks.pause([uuid])
    clip.unlink()
    for name in ("edit-bay-1", "edit-bay-2", "store"):
        await farm.node(name, labels=() if name != "store" else ("x",))
    await farm.tasks.resume([uuid])
    task = await farm.done(uuid)
    assert task.status is TaskStatus.DONE_ERROR
    sentence = f"No node can read “{clip}”: it doesn't exist on edit-bay-1, edit-bay-2, store."
    assert task.error and task.error.startswith(sentence)
    assert task.attempts == 3
    await farm.tasks.restart([uuid])
    assert (await farm.done(uuid)).attempts == 3, "after a restart every node tries again"


async def test_a_task_does_not_wait_for_nodes_that_lack_its_labels(farm: Farm, clip: Path) -> None:
    uuid = await farm.add(clip, labels=("gpu",))
    clip.unlink()
    await farm.node("plain")
    await farm.node("gpu", labels=("gpu",))
    task = await farm.done(uuid)
    assert task.error and task.error.startswith(f"The input “{clip}” doesn't exist.")


async def test_a_node_that_refused_tries_again_when_the_others_have_left(
    farm: Farm, clip: Path, database_uri: str
) -> None:
    uuid = await farm.add(clip)
    clip.unlink()
    async with joined(database_uri, identifier="b", labels=(), heartbeat=PATIENT) as other:
        await farm.node("a", heartbeat=0.5)
        await refused(farm, uuid)
        await farm.sql("UPDATE ffmate.nodes SET state = 'left' WHERE id = $1", other.id)
        task = await farm.done(uuid)
    assert (task.status, task.attempts) == (TaskStatus.DONE_ERROR, 2)


@pytest.fixture
def poor(tmp_path: Path) -> Path:
    """An ffmpeg that lacks the encoder."""
    path = tmp_path / "poor" / "ffmpeg"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho \"[error] Unknown encoder 'libx264'\" >&2\nexit 8\n")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(
    sys.platform == "win32", reason="a shell script stands in for ffmpeg, and Windows can't start it"
)
async def test_a_node_whose_ffmpeg_lacks_the_encoder_leaves_the_task_to_another(
    farm: Farm, clip: Path, poor: Path, database_uri: str
) -> None:
    uuid = await farm.add(clip)
    async with joined(database_uri, identifier="b", labels=(), heartbeat=PATIENT):
        await farm.node("a", ffmpeg=poor)
        assert await refused(farm, uuid) == ["a"]
        await farm.node("c")
        task = await farm.successful(uuid)
    assert task.client and task.client.identifier == "c"


@pytest.mark.skipif(
    sys.platform == "win32", reason="a shell script stands in for ffmpeg, and Windows can't start it"
)
async def test_not_every_node_of_a_large_cluster_tries_a_task_that_always_fails(
    farm: Farm, clip: Path, poor: Path
) -> None:
    for number in range(MOST_TRIES + 1):
        await farm.node(f"n{number}", ffmpeg=poor)
    task = await farm.done(await farm.add(clip))
    assert task.attempts == MOST_TRIES
    sentence, *lines = (task.error or "").splitlines()
    assert sentence.startswith("This node's ffmpeg has no encoder “libx264”.")
    assert (
        sum(line.endswith(": This node's ffmpeg has no encoder “libx264”.") for line in lines)
        == MOST_TRIES - 1
    )
