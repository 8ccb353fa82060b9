"""Nodes that stop, drain, or are ended at once: their tasks continue on other nodes."""

import asyncio
from pathlib import Path

import pytest

from ffmate_desktop.db import claims, leases
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.node import NodeState
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.services.nodes import NodeService
from tests.expected_warnings import ExpectedWarnings
from tests.node.farm import ENCODE, LONG, Farm, Worker
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

RARE = 60.0
SECONDS_LONG = "-re -stream_loop 1 " + ENCODE


async def state(farm: Farm, worker: Worker) -> NodeState:
    (row,) = await farm.sql("SELECT state FROM ffmate.nodes WHERE id = $1", worker.id)
    return NodeState(row["state"])


async def test_stop_gives_tasks_back_and_another_node_finishes_them(farm: Farm, clip: Path) -> None:
    first = await farm.node("a", heartbeat=RARE)
    uuid = await farm.add(clip, SECONDS_LONG)
    ffmpeg = await farm.encoding(uuid)
    second = await farm.node("b", heartbeat=RARE)
    await first.stop()
    assert not ffmpeg.is_running()
    assert await state(farm, first) is NodeState.LEFT
    task = await farm.successful(uuid)
    assert task.client and task.client.identifier == "b"
    assert (task.attempts, task.epoch) == (2, 3)  # claimed, given back, claimed
    assert (await farm.sql("SELECT losses FROM ffmate.tasks"))[0]["losses"] == 0
    assert sorted(path.name for path in clip.parent.iterdir()) == ["clip.mov", "clip.out.mp4"]
    assert "given back: this node stops" in await farm.log(uuid)
    assert await state(farm, second) is NodeState.ONLINE


async def test_a_beat_during_the_leave_does_not_rejoin(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = await farm.node(heartbeat=0.05)
    leave = leases.leave

    async def slow(database: Database, node_id: int) -> None:
        await leave(database, node_id)
        await asyncio.sleep(0.5)  # beats continue while our answer is on its way

    monkeypatch.setattr(leases, "leave", slow)
    await worker.stop()
    assert [row["state"] for row in await farm.sql("SELECT state FROM ffmate.nodes")] == [NodeState.LEFT]


async def test_stop_gives_back_what_the_node_never_heard_of(farm: Farm, clip: Path) -> None:
    worker = await farm.node(heartbeat=RARE)
    running = await farm.add(clip, LONG)
    await farm.encoding(running)
    unheard = await farm.add(clip)
    (claim,) = await claims.claim(farm.database, worker.id, 1)  # as if the answer had been lost
    assert claim.uuid == unheard
    await worker.stop()
    rows = await farm.sql("SELECT status, losses FROM ffmate.tasks")
    assert [(row["status"], row["losses"]) for row in rows] == [(TaskStatus.QUEUED, 0)] * 2


async def test_a_paused_task_that_is_given_back_stays_paused(farm: Farm, clip: Path) -> None:
    worker = await farm.node(heartbeat=RARE)
    uuid = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(uuid)
    await farm.tasks.pause([uuid])
    await until(lambda: ffmpeg.status() == "stopped", "ffmpeg stands still")
    await worker.stop()
    task = await farm.task(uuid)
    assert (task.status, task.paused) == (TaskStatus.QUEUED, True)
    assert not ffmpeg.is_running()


async def test_drain_finishes_what_runs_claims_nothing_new_and_leaves(farm: Farm, clip: Path) -> None:
    worker = await farm.node("a", slots=2, heartbeat=RARE)
    running = await farm.add(clip, SECONDS_LONG)
    await farm.encoding(running)
    await NodeService(farm.database).drain("a")

    async def drains() -> bool:
        return await state(farm, worker) is NodeState.DRAINING

    await until(drains, "the node drains")
    later = await farm.add(clip)
    await worker.ended()
    assert (await farm.task(running)).status is TaskStatus.DONE_SUCCESSFUL
    assert (await farm.task(later)).status is TaskStatus.QUEUED
    assert await state(farm, worker) is NodeState.LEFT


async def test_draining_an_idle_node_ends_it(farm: Farm) -> None:
    worker = await farm.node("a", heartbeat=RARE)
    await NodeService(farm.database).drain("a")
    await worker.ended()
    assert await state(farm, worker) is NodeState.LEFT


async def test_a_node_that_is_ended_at_once_leaves_no_process_and_no_file(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    worker = await farm.node("a", slots=2)
    uuids = [await farm.add(clip, LONG), await farm.add(clip, LONG)]
    for uuid in uuids:
        await farm.encoding(uuid)
    worker.running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker.running
    assert farm.leftovers() == []
    assert [path.name for path in clip.parent.iterdir()] == ["clip.mov"]
    expected_warnings.expect("Node a is lost")
    expected_warnings.expect("is queued again")
    await farm.node("b", slots=2)
    for uuid in uuids:
        await farm.encoding(uuid)
        task = await farm.task(uuid)
        assert task.client and (task.client.identifier, task.attempts) == ("b", 2)


async def test_a_node_that_retires_finishes_what_it_can_and_gives_the_rest_back(
    farm: Farm, clip: Path
) -> None:
    worker = await farm.node("a", slots=2, heartbeat=RARE)
    short, long = (
        await farm.add(clip, SECONDS_LONG),
        await farm.add(clip, LONG, "/".join((str(farm.folder), "long.mp4"))),
    )
    await farm.encoding(short)
    ffmpeg = await farm.encoding(long)
    worker.node.retire(8)

    async def drains() -> bool:
        return await state(farm, worker) is NodeState.DRAINING

    await until(drains, "the cluster shows that it drains")
    await worker.ended()
    assert not ffmpeg.is_running()
    assert (await farm.task(short)).status is TaskStatus.DONE_SUCCESSFUL
    assert (await farm.task(long)).status is TaskStatus.QUEUED
    assert await state(farm, worker) is NodeState.LEFT


async def test_a_node_that_retires_leaves_as_soon_as_its_tasks_are_done(farm: Farm, clip: Path) -> None:
    worker = await farm.node("a", heartbeat=RARE)
    uuid = await farm.add(clip, SECONDS_LONG)
    await farm.encoding(uuid)
    worker.node.retire(3600)
    await worker.ended()
    assert (await farm.task(uuid)).status is TaskStatus.DONE_SUCCESSFUL
