"""Commands for running nodes: slots, pause, drain, resume, give up. And what nodes report."""

from pathlib import Path

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.domain.node import Node, NodeState, Obstacle, eligibility
from ffmate_desktop.domain.task import Task, TaskStatus
from ffmate_desktop.services.nodes import NodeService
from tests.db.cluster import add, age, joined, row
from tests.expected_warnings import ExpectedWarnings
from tests.node.farm import LONG, Farm
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

RARE = 60.0


async def shown(farm: Farm, identifier: str = "a") -> Node:
    return next(node for node in await NodeService(farm.database).all() if node.identifier == identifier)


async def running(farm: Farm, number: int) -> None:
    async def so_many() -> bool:
        return (await shown(farm)).running == number

    await until(so_many, f"{number} tasks run")


async def test_slots_change_while_it_works(farm: Farm, clip: Path) -> None:
    worker = await farm.node(slots=1, heartbeat=RARE)
    nodes = NodeService(farm.database)
    for number in range(3):
        await farm.add(clip, LONG, f"{farm.folder}/{number}.mp4")
    await running(farm, 1)
    await nodes.set_slots("a", 2)
    await running(farm, 2)
    await nodes.set_slots("a", 0)
    await until(lambda: worker.node.slots == 0, "it has no slots")
    assert (await shown(farm)).running == 2  # what runs is finished
    with pytest.raises(UsageError, match="can have 0 to"):
        await nodes.set_slots("a", -1)


async def test_a_paused_node_claims_nothing_finishes_its_tasks_and_stays(farm: Farm, clip: Path) -> None:
    worker = await farm.node(slots=2, heartbeat=RARE)
    nodes = NodeService(farm.database)
    first = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(first)
    await nodes.pause("a")
    await until(lambda: worker.node.paused, "it is paused")
    second = await farm.add(clip)
    await farm.tasks.cancel([first])
    assert (await farm.done(first)).status is TaskStatus.DONE_CANCELED
    assert not ffmpeg.is_running()
    assert not worker.running.done()
    assert (await farm.task(second)).status is TaskStatus.QUEUED
    assert (await shown(farm)).paused
    await nodes.resume("a")
    await farm.successful(second)


async def test_a_draining_node_can_be_resumed(farm: Farm, clip: Path) -> None:
    worker = await farm.node(slots=1, heartbeat=RARE)
    nodes = NodeService(farm.database)
    first = await farm.add(clip, LONG)
    await farm.encoding(first)
    await nodes.drain("a")
    await until(lambda: worker.node.draining, "it drains")
    await nodes.resume("a")
    await until(lambda: not worker.node.draining, "it continues")
    second = await farm.add(clip)
    await farm.tasks.cancel([first])
    await farm.successful(second)
    assert not worker.running.done()


async def test_a_stopping_node_is_not_kept_by_a_resume(farm: Farm, clip: Path) -> None:
    worker = await farm.node(slots=1, heartbeat=1)
    await farm.encoding(await farm.add(clip, LONG))
    worker.node.retire(1.5)
    await NodeService(farm.database).resume("a")
    await worker.ended()


async def test_a_command_whose_notification_was_lost_comes_with_the_next_beat(farm: Farm) -> None:
    worker = await farm.node(slots=1, heartbeat=0.5)
    await farm.sql("ALTER TABLE ffmate.nodes DISABLE TRIGGER nodes_changed")
    nodes = NodeService(farm.database)
    await nodes.set_slots("a", 5)
    await nodes.pause("a")
    await until(lambda: (worker.node.slots, worker.node.paused) == (5, True), "it is paused, with 5 slots")
    await nodes.resume("a")
    await until(lambda: not worker.node.paused, "it continues")


async def test_a_node_reports_how_busy_it_is(farm: Farm, clip: Path) -> None:
    await farm.node(slots=1, heartbeat=0.5)
    uuid = await farm.add(clip, LONG)

    async def beaten() -> Node | None:
        node = await shown(farm)
        return node if node.tasks and node.tasks[0].fps else None

    node = await until(beaten, "a beat reported the frames")
    assert node.cpu is not None and 0 <= node.cpu <= 100
    assert node.memory is not None and 0 < node.memory <= 100
    assert node.fps == pytest.approx(node.tasks[0].fps, abs=0.01)
    assert (node.tasks[0].uuid, node.tasks[0].name) == (uuid, "clip.mov")
    assert 0 < node.lease_left <= 1.5


async def test_a_late_node_is_given_up_and_takes_its_encode_back(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.allow("declared this node dead")
    await farm.node(slots=1, heartbeat=RARE)
    uuid = await farm.add(clip, LONG)
    await farm.encoding(uuid)
    nodes = NodeService(farm.database)
    with pytest.raises(UserError, match="is online"):
        await nodes.give_up("a")
    with pytest.raises(UserError, match="still online"):
        await nodes.remove("a")
    await farm.sql("UPDATE ffmate.nodes SET beat_at = beat_at - interval '2 minutes'")
    assert await nodes.give_up("a") == 1

    async def adopted() -> Task | None:
        task = await farm.task(uuid)
        return task if task.status is TaskStatus.RUNNING and task.epoch > 1 else None

    task_here = await until(adopted, "it took its encode back")
    assert task_here.attempts == 1


async def test_a_dead_node_is_given_up_and_forgotten(database: Database, database_uri: str) -> None:
    nodes = NodeService(database)
    async with joined(database_uri):
        pass
    await add(database, row("waits"))
    with pytest.raises(UserError, match="is online"):
        await nodes.give_up("a")
    [node] = await nodes.all()
    await age(database, node.id, 6.5)
    assert await nodes.give_up("a") == 0
    assert [node.state for node in await nodes.all()] == [NodeState.DEAD]
    with pytest.raises(UserError, match="it is lost"):
        await nodes.pause("a")
    await nodes.remove("a")
    assert await nodes.all() == []
    with pytest.raises(UserError, match="No node named"):
        await nodes.remove("a")


def test_which_nodes_could_run_a_task_and_why_not() -> None:
    free = Node.model_validate(
        {
            **dict.fromkeys(("os", "arch", "version", "ffmpeg", "host", "ffmpeg_version"), "x"),
            "session": "00000000-0000-0000-0000-000000000001",
            "cluster": "00000000-0000-0000-0000-000000000002",
            **dict.fromkeys(
                ("last_seen", "heartbeat_age", "heartbeat", "pid", "cores", "slots", "running"), 1
            ),
            **{"identifier": "free", "state": "online", "status": "online", "labels": ["gpu"], "id": 1},
        }
    )

    def like(name: str, **changes: object) -> Node:
        return free.model_copy(update={"identifier": name} | changes)

    found = eligibility(
        ["gpu"],
        [
            free,
            like("bare", labels=[]),
            like("paused", paused=True),
            like("leaving", state=NodeState.DRAINING),
            like("none", slots=0),
            like("gone", state=NodeState.DEAD),
        ],
    )
    assert {node.identifier: node.obstacle for node in found} == {
        "free": None,
        "bare": Obstacle.LABELS,
        "paused": Obstacle.PAUSED,
        "leaving": Obstacle.LEAVING,
        "none": Obstacle.NO_SLOTS,
    }
    assert found[1].missing == ("gpu",)
    assert [node.can for node in found] == [True, False, False, False, False]
