"""Cancel, pause, resume and delete, while a task runs."""

import os
from pathlib import Path

import psutil
import pytest

from ffmate_desktop.domain.task import TaskStatus
from tests.node.farm import ENCODE, LONG, Farm
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

RARE = 60.0
"""Seconds between heartbeats, so long that only a notification can make a node react."""


async def test_cancel_kills_and_removes_what_was_written(farm: Farm, clip: Path) -> None:
    worker = await farm.node(heartbeat=RARE)
    uuid = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(uuid)
    assert await farm.tasks.cancel([uuid]) == {uuid}
    task = await farm.done(uuid)
    assert (task.status, task.error) == (TaskStatus.DONE_CANCELED, None)
    assert not ffmpeg.is_running()
    assert farm.leftovers() == []
    assert [path.name for path in clip.parent.iterdir()] == ["clip.mov"]
    assert "cancelled" in await farm.log(uuid)
    (complete,) = worker.data.glob("logs/*.log")
    assert complete.stat().st_size > 0
    second = await farm.add(clip)
    await farm.successful(second)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
async def test_cancel_does_not_wait_for_an_input_that_does_not_answer(farm: Farm, clip: Path) -> None:
    silent = clip.with_name("silent.mov")
    silent.write_bytes(clip.read_bytes())
    uuid = await farm.add(silent)
    silent.unlink()
    os.mkfifo(silent)  # opening it blocks forever
    await farm.node(heartbeat=RARE)

    async def runs() -> bool:
        return (await farm.task(uuid)).status is TaskStatus.RUNNING

    await until(runs, "the node looks at the input")
    await farm.tasks.cancel([uuid])
    task = await until_done_soon(farm, uuid)
    assert task is TaskStatus.DONE_CANCELED


async def until_done_soon(farm: Farm, uuid: object) -> TaskStatus:
    async def ended() -> TaskStatus | None:
        (row,) = await farm.sql("SELECT status FROM ffmate.tasks WHERE uuid = $1", uuid)
        return TaskStatus(row["status"]) if TaskStatus(row["status"]).is_done else None

    return await until(ended, "the task ends long before the probe gives up", timeout=10)


async def test_a_cancel_among_more_changes_than_fit_into_a_notification(farm: Farm, clip: Path) -> None:
    await farm.node(heartbeat=RARE)
    running = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(running)
    waiting = [await farm.add(clip, labels=("nobody",)) for _ in range(70)]
    assert len(await farm.tasks.cancel([*waiting, running])) == 71
    assert (await farm.done(running)).status is TaskStatus.DONE_CANCELED
    assert not ffmpeg.is_running()


async def test_delete_kills_and_leaves_no_row(farm: Farm, clip: Path) -> None:
    await farm.node(heartbeat=RARE)
    uuid = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(uuid)
    assert await farm.tasks.delete([uuid]) == {uuid}
    await gone(farm, uuid)
    assert not ffmpeg.is_running()
    assert farm.leftovers() == []
    assert await farm.sql("SELECT FROM ffmate.task_logs") == []


async def test_delete_right_after_cancel_still_deletes(farm: Farm, clip: Path) -> None:
    await farm.node(heartbeat=RARE)
    uuid = await farm.add(clip, LONG)
    await farm.encoding(uuid)
    await farm.tasks.cancel([uuid])
    await farm.tasks.delete([uuid])
    await gone(farm, uuid)


async def test_delete_in_the_moment_of_success_still_deletes(farm: Farm, clip: Path) -> None:
    await farm.node(heartbeat=RARE)
    output = clip.with_name("clip.out.mp4")
    async with farm.database.transaction() as connection:
        await connection.execute("LOCK TABLE ffmate.task_logs IN SHARE MODE")  # holds up the last lines
        uuid = await farm.add(clip)
        await until(output.exists, "the output is published")
        await farm.sql("UPDATE ffmate.tasks SET desired = 'delete' WHERE uuid = $1", uuid)
    await gone(farm, uuid)
    assert output.exists()


async def gone(farm: Farm, uuid: object) -> None:
    async def missing() -> bool:
        return await farm.sql("SELECT FROM ffmate.tasks WHERE uuid = $1", uuid) == []

    await until(missing, "the row is gone")


async def test_pause_stops_ffmpeg_and_resume_lets_it_finish(farm: Farm, clip: Path) -> None:
    await farm.node(heartbeat=RARE)
    uuid = await farm.add(clip, "-re -stream_loop 2 " + ENCODE)
    ffmpeg = await farm.encoding(uuid)
    await farm.tasks.pause([uuid])
    await until(lambda: ffmpeg.status() == psutil.STATUS_STOPPED, "ffmpeg stands still")
    assert (await farm.task(uuid)).paused
    await farm.tasks.resume([uuid])
    task = await farm.successful(uuid)
    assert task.attempts == 1
    assert not task.paused
    lines = (await farm.log(uuid)).splitlines()
    assert lines.index("paused") < lines.index("resumed")


async def test_a_paused_task_can_be_cancelled(farm: Farm, clip: Path) -> None:
    worker = await farm.node(heartbeat=RARE)
    uuid = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(uuid)
    await farm.tasks.pause([uuid])
    await until(lambda: ffmpeg.status() == psutil.STATUS_STOPPED, "ffmpeg stands still")
    await farm.tasks.cancel([uuid])
    task = await farm.done(uuid)
    assert (task.status, task.paused) == (TaskStatus.DONE_CANCELED, False)
    assert not ffmpeg.is_running()
    await worker.stop()
    (complete,) = worker.data.glob("logs/*.log")
    assert "resumed" not in complete.read_text(encoding="utf-8")


async def test_a_cancelled_task_can_be_restarted_cleanly(farm: Farm, clip: Path) -> None:
    await farm.node()
    uuid = await farm.add(clip, "-re -stream_loop 1 " + ENCODE)
    await farm.encoding(uuid)
    await farm.tasks.cancel([uuid])
    await farm.done(uuid)
    assert await farm.tasks.restart([uuid]) == {uuid}
    task = await farm.successful(uuid)
    assert task.attempts == 1
    assert sorted(path.name for path in clip.parent.iterdir()) == ["clip.mov", "clip.out.mp4"]
