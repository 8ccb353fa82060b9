"""Any user who may connect can send notifications. No node takes one as a command, however many there are."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import psutil
import pytest

from ffmate_desktop.domain.task import Task, TaskStatus
from ffmate_desktop.node.task.interrupt import InterruptReason
from ffmate_desktop.services.nodes import NodeService
from tests.db.roles import open_outsider
from tests.expected_warnings import ExpectedWarnings
from tests.garbage import GARBAGE
from tests.node.farm import LONG, Farm, Worker
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

RARE = 60.0
"""Seconds between heartbeats where only a notification can be why a node acts."""

NEWEST = 10**15
"""A version that is higher than any row's."""

if TYPE_CHECKING:
    Outsider = asyncpg.Connection[asyncpg.Record]


async def send(outsider: "Outsider", news: object, channel: str = "ffmate_node") -> None:
    payload = news if isinstance(news, str) else json.dumps(news)
    await outsider.execute("SELECT pg_notify($1, $2)", channel, payload)


def task_news(task: Task, worker: Worker, desired: str) -> dict[str, Any]:
    row = [task.id, NEWEST, "RUNNING", "", desired, worker.id, task.epoch, 0]
    return {"kind": "task", "op": "update", "rows": [row]}


def node_news(worker: Worker, state: str, slots: object, *, paused: bool = False) -> dict[str, Any]:
    return {"kind": "node", "op": "update", "rows": [[worker.id, NEWEST, state, "a", slots, paused]]}


async def has_looked(worker: Worker) -> None:
    """The node has read its rows after everything that was sent until now."""
    await asyncio.wait_for(worker.node._heartbeat.beat_now(), 30)


async def test_a_user_without_rights_cannot_command_a_node(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    expected_warnings.allow("could not be read")
    worker = await farm.node(slots=1, heartbeat=RARE)
    uuid = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(uuid)
    waiting = await farm.add(clip, LONG, f"{farm.folder}/second.mp4")
    task = await farm.task(uuid)
    async with open_outsider(farm.uri) as outsider:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await outsider.fetch("SELECT * FROM ffmate.tasks")
        for desired in ("pause", "cancel", "delete", "nonsense"):
            await send(outsider, task_news(task, worker, desired))
        for slots in (0, 24, 10**12, "abc", None, -1):
            await send(outsider, node_news(worker, "online", slots))
        await send(outsider, node_news(worker, "online", 1, paused=True))
        await send(outsider, node_news(worker, "draining", 1))
        for channel in ("ffmate_node", "ffmate", "ffmate_check"):
            for garbage in GARBAGE:
                await send(outsider, garbage, channel)
        await has_looked(worker)
        await until(lambda: len(worker.changes) > 10, "it received all of them")
        await has_looked(worker)
    assert ffmpeg.status() != psutil.STATUS_STOPPED
    assert (worker.node.slots, worker.node.paused, worker.node.draining) == (1, False, False)
    assert (await farm.task(uuid)).status is TaskStatus.RUNNING
    assert (await farm.task(waiting)).status is TaskStatus.QUEUED
    # It still reacts: commands in rows are applied at once.
    await NodeService(farm.database).set_slots("a", 2)
    await farm.encoding(waiting)
    await farm.tasks.cancel([uuid, waiting])
    assert (await farm.done(uuid)).status is TaskStatus.DONE_CANCELED
    assert not ffmpeg.is_running()
    await farm.done(waiting)


async def test_a_cancel_that_no_row_wants_any_more_ends_no_task(farm: Farm, clip: Path) -> None:
    worker = await farm.node(slots=1, heartbeat=RARE)
    uuid = await farm.add(clip, "-re -t 1.5 " + LONG)
    for order in (InterruptReason.CANCEL, InterruptReason.DELETE):
        await farm.encoding(uuid)
        [run] = worker.node._runs
        run.interrupt(order)
        await asyncio.wait_for(worker.node._runs.wait_until_empty(), 60)
    task = await farm.successful(uuid)
    assert task.attempts == 3


async def test_a_flood_of_notifications_makes_no_storm_of_beats(farm: Farm, clip: Path) -> None:
    worker = await farm.node(slots=2, heartbeat=RARE)
    uuid = await farm.add(clip, LONG)
    await farm.encoding(uuid)
    task = await farm.task(uuid)
    beats, began = worker.node._heartbeat._last_asked, asyncio.get_running_loop().time()
    async with open_outsider(farm.uri) as outsider:
        prefix = json.dumps(task_news(task, worker, "run"))[:-1]
        work = '{"kind":"task","op":"update","bulk":true,"queued":true'
        for news in (prefix, work):
            # Equal ones of a transaction would arrive once.
            await outsider.execute(
                "SELECT pg_notify('ffmate_node', $1 || ',\"n\":' || n || '}') FROM generate_series(1, 5000) AS n",
                news,
            )
            for number in range(150):
                await send(outsider, f'{news},"n":{number}}}')
        await until(lambda: len(worker.changes) > 10_300, "it received all of them")
        passed = asyncio.get_running_loop().time() - began
        assert worker.node._heartbeat._last_asked - beats <= 2 + 4 * passed
        await farm.tasks.cancel([uuid])
        assert (await farm.done(uuid)).status is TaskStatus.DONE_CANCELED
