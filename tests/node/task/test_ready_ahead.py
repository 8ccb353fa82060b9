"""Short encodes: the next task is claimed and prepared while the slot is still taken, and delays no other task."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.node.task import slots
from ffmate_desktop.node.task.slots import Slots
from tests.expected_warnings import ExpectedWarnings
from tests.node.farm import LONG, Farm, Worker, ffmpegs
from tests.node.waiting import until

RARE = 60.0
AGE = 3600.0


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine too, encodes count as short, and a waiting task keeps waiting."""
    monkeypatch.setattr(slots, "SHORT", AGE)
    monkeypatch.setattr(slots, "PATIENCE", AGE)


async def busy(farm: Farm, clip: Path, **options: Any) -> tuple[Worker, UUID, list[UUID]]:
    """A node whose only slot has a long task; of the two later tasks the first is prepared."""
    worker = await farm.node(**options)
    for number in range(2):
        await farm.successful(await farm.add(clip, output=f"{farm.folder}/before-{number}.mp4"))
    running = await farm.add(clip, LONG, f"{farm.folder}/long.mp4")
    await farm.encoding(running)
    later = [await farm.add(clip, output=f"{farm.folder}/later-{number}.mp4") for number in range(2)]
    await until(lambda: any(run.is_waiting for run in worker.node._runs), "the next task is ready")
    assert await states(farm, later) == [TaskStatus.RUNNING, TaskStatus.QUEUED]
    assert len(ffmpegs()) == 1
    return worker, running, later


async def states(farm: Farm, uuids: list[UUID]) -> list[TaskStatus]:
    return [(await farm.task(uuid)).status for uuid in uuids]


async def has_state(farm: Farm, uuid: UUID, status: TaskStatus) -> None:
    async def reached() -> bool:
        return (await farm.task(uuid)).status is status

    await until(reached, f"{uuid} is {status}")


@pytest.mark.db
@pytest.mark.ffmpeg
class TestReadyTask:
    async def test_it_starts_when_the_slot_is_free(self, farm: Farm, clip: Path) -> None:
        _, running, later = await busy(farm, clip, heartbeat=RARE)
        await farm.tasks.cancel([running])
        for uuid in later:
            assert (await farm.successful(uuid)).attempts == 1

    async def test_it_can_be_cancelled(self, farm: Farm, clip: Path) -> None:
        _, running, later = await busy(farm, clip, heartbeat=RARE)
        await farm.tasks.cancel([later[0]])
        assert (await farm.done(later[0])).status is TaskStatus.DONE_CANCELED
        assert (await farm.task(running)).status is TaskStatus.RUNNING
        await farm.tasks.cancel([running])
        await farm.successful(later[1])
        assert not (farm.folder / "later-0.mp4").exists()

    async def test_it_can_be_deleted(self, farm: Farm, clip: Path) -> None:
        _, _, later = await busy(farm, clip, heartbeat=RARE)
        await farm.tasks.delete([later[0]])

        async def gone() -> bool:
            return await farm.sql("SELECT FROM ffmate.tasks WHERE uuid = $1", later[0]) == []

        await until(gone, "the row is gone")

    async def test_it_is_paused_in_the_queue(self, farm: Farm, clip: Path) -> None:
        _, running, later = await busy(farm, clip, heartbeat=RARE)
        await farm.tasks.pause([later[0]])
        await has_state(farm, later[0], TaskStatus.QUEUED)
        assert (await farm.task(later[0])).paused
        await farm.tasks.cancel([running])
        await farm.successful(later[1])  # it isn't held up
        await farm.tasks.resume([later[0]])
        await farm.successful(later[0])

    async def test_a_node_that_stops_gives_it_back(self, farm: Farm, clip: Path) -> None:
        worker, running, later = await busy(farm, clip, heartbeat=RARE)
        await worker.stop()
        assert await states(farm, [running, *later]) == [TaskStatus.QUEUED] * 3
        assert "given back: this node stops" in await farm.log(later[0])

    async def test_a_lost_claim_ends_it(
        self, farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
    ) -> None:
        worker, running, later = await busy(farm, clip, heartbeat=0.2)
        expected_warnings.expect("was lost; its attempt ended here")
        await farm.sql(
            "UPDATE ffmate.tasks SET status = 'DONE_CANCELED', node_id = NULL, epoch = epoch + 5 WHERE uuid = $1",
            later[0],
        )
        await until(lambda: all(run.claim.uuid != later[0] for run in worker.node._runs), "it is let go")
        assert (await farm.task(running)).status is TaskStatus.RUNNING
        await farm.tasks.cancel([running])
        await farm.successful(later[1])
        assert not (farm.folder / "later-0.mp4").exists()

    async def test_a_task_that_waits_too_long_is_left_to_other_nodes(
        self, farm: Farm, clip: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(slots, "PATIENCE", 0.05)
        await farm.node("a", heartbeat=RARE)
        for number in range(2):
            await farm.successful(await farm.add(clip, output=f"{farm.folder}/before-{number}.mp4"))
        running = await farm.add(clip, LONG, f"{farm.folder}/long.mp4")
        await farm.encoding(running)
        later = [await farm.add(clip, output=f"{farm.folder}/later-{number}.mp4") for number in range(2)]

        async def was_given_back() -> bool:
            return "no slot was free here" in await farm.log(later[0])

        await until(was_given_back, "the task is in the queue again")
        await has_state(farm, later[0], TaskStatus.QUEUED)
        await farm.node("b", heartbeat=RARE)
        for uuid, attempts in zip(later, (2, 1), strict=True):
            task = await farm.successful(uuid)
            assert task.client
            assert (task.client.identifier, task.attempts) == ("b", attempts)


class TestSlots:
    async def test_first_come_first_served(self) -> None:
        places = Slots(1)
        for name in "abc":
            places.enter(name)
        order: list[str] = []

        async def work(name: str) -> None:
            await places.acquire(name)
            order.append(name)
            places.leave(name)

        await asyncio.gather(work("c"), work("b"), work("a"))
        assert order == ["a", "b", "c"]

    async def test_a_slot_goes_to_the_next_task_as_soon_as_it_is_left(self) -> None:
        places = Slots(1)
        for name in "abc":
            places.enter(name)
        assert [places.has(name) for name in "abc"] == [True, False, False]
        places.leave("a")
        places.leave("a")
        assert [places.has(name) for name in "abc"] == [False, True, False]

    async def test_a_task_that_stops_waiting_takes_no_slot(self) -> None:
        places = Slots(1)
        for name in "abc":
            places.enter(name)
        waiting = [asyncio.create_task(places.acquire(name)) for name in "bc"]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.wait(waiting[:1])
        places.leave("a")
        places.leave("b")
        await waiting[1]
        assert places.has("c")

    async def test_a_slot_assigned_just_as_its_task_stops_waiting_is_left_by_the_task(self) -> None:
        places = Slots(1)
        for name in "abc":
            places.enter(name)
        waiting = asyncio.create_task(places.acquire("b"))
        await asyncio.sleep(0)
        places.leave("a")
        waiting.cancel()  # it has the slot, and has not run since
        await asyncio.wait([waiting])
        places.leave("b")
        assert places.has("c")

    async def test_tasks_are_wanted_ahead_only_while_encodes_are_short(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        places = Slots(1)
        ahead = [places.ahead()]
        for name in "ab":
            places.enter(name)
            places.leave(name)
            ahead.append(places.ahead())
        assert ahead == [0, 0, 1]
        places.enter("c")
        assert places.ahead() == 1
        monkeypatch.setattr(slots, "SHORT", 0.0)
        assert places.ahead() == 0

    async def test_waiting_in_vain_ends_claiming_ahead(self, monkeypatch: pytest.MonkeyPatch) -> None:
        places = Slots(1)
        for name in "ab":
            places.enter(name)
            places.leave(name)
        places.enter("c")
        places.enter("d")
        assert places.ahead() == 1
        monkeypatch.setattr(slots, "PATIENCE", 0.01)
        with pytest.raises(TimeoutError):
            await places.acquire("d")
        assert places.ahead() == 0
