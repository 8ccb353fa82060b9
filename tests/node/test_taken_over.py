"""A node dies at some step of publishing; its successor makes exactly one output, and nothing is left over."""

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ffmate_desktop.db import claims, leases
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.publishing import PublishingRecord, RecordedOutput
from ffmate_desktop.domain.task import Claim, IfExists, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts
from ffmate_desktop.node import janitor
from ffmate_desktop.node.task.attempt import EncodeAttempt, SkippedError
from tests.db.cluster import Joined, age, joined
from tests.expected_warnings import ExpectedWarnings
from tests.faults.silent import open_silent
from tests.node.farm import Farm
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

SET = "-i ${INPUT_FILE} -c:v libx264 -preset ultrafast -g 10 -an -f hls -hls_time 0.5 ${OUTPUT_FILE}"


class Victim:
    """A node that works on a task by hand, up to the step at which it dies."""

    def __init__(self, farm: Farm, node: Joined, claim: Claim, attempt: EncodeAttempt) -> None:
        self._farm = farm
        self.node = node
        self.claim = claim
        self.attempt = attempt
        self.outputs: tuple[RecordedOutput, ...] = ()

    async def encode(self) -> None:
        """Everything before the permission to publish."""
        await self.attempt.prepare()
        facts = replace(await self.attempt.examine(TaskFacts()), folders=self.attempt.folders())
        await claims.set_phase(self._farm.database, self.node.id, self.claim, "encode", facts)
        finished = await self.attempt.encode()
        assert (await self.attempt.judge(finished)).diagnosis is None
        self.outputs = await self.attempt.secure()

    async def ask(self) -> None:
        """The permission to publish."""
        record = PublishingRecord(self.outputs, TaskFacts(unknown={"marker": "of the first attempt"}))
        answer = await claims.set_phase(
            self._farm.database, self.node.id, self.claim, "publish", TaskFacts(), record
        )
        assert answer == "run"

    async def die(self) -> None:
        """As by kill -9: nothing is cleaned up but what the operating system does."""
        self.node.connection.terminate()
        await self.attempt.log.close()
        shutil.rmtree(self._farm.folder.parent / "victim", ignore_errors=True)
        await age(self._farm.database, self.node.id, 60)


@asynccontextmanager
async def victim(farm: Farm, uuid: UUID) -> AsyncIterator[Victim]:
    """A node that has claimed the task."""
    async with joined(farm.uri, identifier="victim", labels=()) as node:
        (claim,) = await claims.claim(farm.database, node.id, 1)
        assert claim.uuid == uuid
        resources = await farm.resources(farm.folder.parent / "victim")
        yield Victim(
            farm,
            node,
            claim,
            EncodeAttempt(claim, node.id, resources, on_lines=lambda _: None),
        )


def announce(expected_warnings: ExpectedWarnings, uuid: UUID, fate: str = "is queued again") -> None:
    """What a sweep says."""
    expected_warnings.expect("Node victim is lost")
    expected_warnings.expect(f"{uuid} of victim {fate}")


def outputs(farm: Farm) -> list[str]:
    """Names of what was published."""
    return sorted(path.name for path in farm.folder.iterdir() if ".out" in path.name)


@pytest.mark.parametrize("choice", IfExists)
async def test_a_death_between_the_move_and_the_last_write_makes_no_second_output(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings, choice: IfExists
) -> None:
    uuid = await farm.add(clip, if_exists=choice)
    async with victim(farm, uuid) as dying:
        await dying.encode()
        await dying.ask()
        (path,) = (await dying.attempt.publish()).paths
        before = path.stat()
        await dying.die()
        announce(expected_warnings, uuid)
        await farm.node("b", heartbeat=0.3)
        task = await farm.successful(uuid)
    assert outputs(farm) == ["clip.out.mp4"]
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert (task.attempts, task.output_file.resolved, task.size) == (2, str(path), before.st_size)


@pytest.mark.parametrize("choice", [IfExists.RENAME, IfExists.REPLACE, IfExists.FAIL])
async def test_a_death_between_the_permission_and_the_move_keeps_the_encode(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings, choice: IfExists
) -> None:
    uuid = await farm.add(clip, if_exists=choice)
    async with victim(farm, uuid) as dying:
        await dying.encode()
        await dying.ask()
        (temporary,) = farm.temporaries()
        inode = temporary.stat().st_ino
        await dying.die()
        announce(expected_warnings, uuid)
        await farm.node("b", heartbeat=0.3)
        await farm.successful(uuid)
    assert outputs(farm) == ["clip.out.mp4"]
    assert (farm.folder / "clip.out.mp4").stat().st_ino == inode


async def test_an_output_that_appears_during_the_encode_is_skipped(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    uuid = await farm.add(clip, if_exists=IfExists.SKIP)
    async with victim(farm, uuid) as dying:
        await dying.encode()
        await dying.ask()
        existing = farm.folder / "clip.out.mp4"
        existing.write_bytes(b"somebody's only copy")
        with pytest.raises(SkippedError):
            await dying.attempt.publish()
        await dying.die()
        announce(expected_warnings, uuid)
        await farm.node("b", heartbeat=0.3)
        task = await farm.done(uuid)
    assert (task.status, task.skipped) == (TaskStatus.DONE_CANCELED, True)
    assert (outputs(farm), existing.read_bytes()) == (["clip.out.mp4"], b"somebody's only copy")


async def test_a_frozen_node_that_wakes_after_its_successor_publishes_nothing(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    uuid = await farm.add(clip)
    async with victim(farm, uuid) as dying:
        await dying.encode()
        await dying.ask()
        await dying.die()
        announce(expected_warnings, uuid)
        await farm.node("b", heartbeat=0.3)
        await farm.successful(uuid)
        with pytest.raises(Exception, match="temporary file"):
            await dying.attempt.publish()
    assert outputs(farm) == ["clip.out.mp4"]


async def test_after_a_failover_that_lost_a_claim_its_second_claim_makes_the_only_output(
    farm: Farm, clip: Path
) -> None:
    uuid = await farm.add(clip)
    async with victim(farm, uuid) as forgotten:
        await forgotten.encode()
        await forgotten.ask()
        await farm.sql("DELETE FROM ffmate.nodes")
        await farm.sql(
            "UPDATE ffmate.tasks SET status = 'QUEUED', phase = '', epoch = epoch - 1, node_id = NULL,"
            " publishing = NULL, result = NULL"
        )
        await farm.node("b")
        task = await farm.successful(uuid)
        assert task.epoch == forgotten.claim.epoch
        with pytest.raises(UserError, match="temporary file"):
            await forgotten.attempt.publish()
        await forgotten.attempt.clean_up()
    assert outputs(farm) == ["clip.out.mp4"]


async def test_a_foreign_file_is_not_mistaken_for_the_output(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    uuid = await farm.add(clip)
    async with victim(farm, uuid) as dying:
        await dying.encode()
        await dying.ask()
        (temporary,) = farm.temporaries()
        temporary.unlink()
        (farm.folder / "clip.out.mp4").write_text("mine")
        await dying.die()
        announce(expected_warnings, uuid)
        await farm.node("b", heartbeat=0.3)
        task = await farm.successful(uuid)
    assert (farm.folder / "clip.out.mp4").read_text() == "mine"
    assert outputs(farm) == ["clip.out-2.mp4", "clip.out.mp4"]
    assert task.output_file.resolved == str(farm.folder / "clip.out-2.mp4")


async def test_a_set_that_was_moved_in_part_is_completed(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    target = farm.folder / "stream"
    uuid = await farm.add(clip, SET, f"{target}/list.m3u8")
    async with victim(farm, uuid) as dying:
        await dying.encode()
        await dying.ask()
        (temporary,) = farm.temporaries()
        names = sorted(path.name for path in temporary.iterdir())
        os.rename(temporary / "list0.ts", target / "list0.ts")  # noqa: PTH104 - what the dying node was doing
        await dying.die()
        announce(expected_warnings, uuid)
        await farm.node("b", heartbeat=0.3)
        await farm.successful(uuid)
    assert len(names) > 2
    assert sorted(path.name for path in target.iterdir()) == names


async def test_leftovers_of_a_dead_node_go_when_its_task_is_cancelled_in_the_queue(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    uuid = await farm.add(clip, labels=("nobody",))
    await farm.sql("UPDATE ffmate.requirement_sets SET labels = '{}'")
    async with victim(farm, uuid) as dying:
        await farm.sql("UPDATE ffmate.requirement_sets SET labels = '{nobody}'")
        await dying.encode()
        assert len(farm.temporaries()) == 1
        await dying.die()
        announce(expected_warnings, uuid)
        await farm.node("b", heartbeat=0.3)

        async def queued() -> bool:
            return (await farm.task(uuid)).status is TaskStatus.QUEUED

        await until(queued, "it is swept")
        await asyncio.sleep(1)
        assert len(farm.temporaries()) == 1, "a node may still adopt the task"
        await farm.tasks.cancel([uuid])
        await until(lambda: not farm.temporaries(), "the janitor comes")

        async def forgotten() -> bool:
            return not await leases.leftovers_of_ended(farm.database)

        await until(forgotten, "they are forgotten")


async def left(farm: Farm, folder: Path) -> UUID:
    """Something that a dead node is said to have left in this folder, of a task that was deleted."""
    task = uuid4()
    await farm.sql(
        "INSERT INTO ffmate.leftovers (task, epoch, machine, folders)"
        " VALUES ($1, 1, 'machine of b', jsonb_build_array($2::text))",
        task,
        str(folder),
    )
    return task


def cleaners() -> int:
    """Threads that wait for the folder of a leftover."""
    return sum(thread.name == "removing leftovers" for thread in threading.enumerate())


async def test_leftovers_on_a_share_that_never_answers_hold_up_no_recovery(
    farm: Farm,
    clip: Path,
    tmp_path_factory: pytest.TempPathFactory,
    expected_warnings: ExpectedWarnings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_silent(tmp_path_factory.mktemp("share")) as share:
        if share is None:
            pytest.skip("a silent share can only be mounted by root on Linux")
        expected_warnings.allow("Transport endpoint is not connected")  # at the end
        silent = await left(farm, share.folder)
        uuid = await farm.add(clip)
        async with victim(farm, uuid) as dying:
            worker = await farm.node("b", heartbeat=0.3)
            await until(cleaners, "the share is asked")
            await dying.die()
            announce(expected_warnings, uuid)
            await farm.successful(uuid)
        await worker.stop()
        assert cleaners() == 1, "it still hangs, but the node has left"

        monkeypatch.setattr(janitor, "FOLDER_TIMEOUT", 0.3)
        monkeypatch.setattr(janitor, "RETRY_INTERVAL", 0.5)
        await farm.node("b", heartbeat=0.3)
        await until(lambda: cleaners() == 2, "the next one asks it once")
        other = await left(farm, farm.folder)

        async def others() -> bool:
            waiting = {leftover.task for leftover in await leases.leftovers_of_ended(farm.database)}
            return silent in waiting and other not in waiting

        await until(others, "other folders continue")
        await asyncio.sleep(1.5)
        assert cleaners() == 2, "who hangs is not asked again"
    await until(lambda: not cleaners(), "no thread waits any longer")
