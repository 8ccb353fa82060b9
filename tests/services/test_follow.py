"""Following tasks: only what changed is read again, and the end is seen."""

import asyncio
import json

import pytest

from ffmate_desktop.db import claims, tasks
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.change import progress_payload
from ffmate_desktop.domain.task import LiveProgress, Outcome, Task, TaskStatus
from ffmate_desktop.services.follow import follow
from tests.db.cluster import add, joined, row
from tests.db.roles import open_outsider
from tests.expected_warnings import ExpectedWarnings
from tests.garbage import GARBAGE

pytestmark = pytest.mark.db
DONE = Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0)


async def test_every_change_progress_and_the_end_are_seen(database: Database, database_uri: str) -> None:
    uuids = await add(database, row("a"), row("b"), row("c"))
    states: list[list[Task]] = []

    async def watch() -> None:
        states.extend([state async for state in follow(database, uuids)])

    async with joined(database_uri) as node, asyncio.timeout(20):
        watching = asyncio.create_task(watch())
        while not await database.fetch(
            Sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%ffmate.look%'")
        ):
            await asyncio.sleep(0.05)
        claimed = await claims.claim(database, node.id, 3)
        await claims.send_progress(database, node.id, [LiveProgress(claimed[0].id, claimed[0].epoch, 40.0)])
        await claims.finish_tasks(database, node.id, [(claim, DONE) for claim in claimed[1:]])
        await tasks.cancel(database, [claimed[0].uuid])
        await claims.finish_tasks(database, node.id, [(claimed[0], Outcome(TaskStatus.DONE_CANCELED, 40))])
        await watching
    assert [task.name for task in states[-1]] == ["a", "b", "c"]
    done = [TaskStatus.DONE_CANCELED, TaskStatus.DONE_SUCCESSFUL, TaskStatus.DONE_SUCCESSFUL]
    assert [task.status for task in states[-1]] == done
    assert states[-1] == await tasks.get_tasks(database, uuids)


async def test_deleted_tasks_are_no_longer_waited_for(database: Database) -> None:
    uuids = await add(database, row("a"), row("b"))
    await tasks.cancel(database, [uuids[0]])

    async def last() -> list[Task]:
        return [state async for state in follow(database, uuids)][-1]

    async with asyncio.timeout(20):
        watching = asyncio.create_task(last())
        await asyncio.sleep(0.3)
        await tasks.delete(database, [uuids[1]])
        assert [task.name for task in await watching] == ["a"]


async def test_forged_notifications_are_soon_corrected(
    database: Database,
    database_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    expected_warnings: ExpectedWarnings,
) -> None:
    expected_warnings.expect("A notification on channel ffmate could not be read")
    monkeypatch.setattr("ffmate_desktop.services.follow.PROGRESS_TIMEOUT", 0.5)
    uuids = await add(database, row("a"), row("b"))
    shown: list[float] = []

    async def watch() -> None:
        async for state in follow(database, uuids):
            shown.append(state[0].progress)
            assert {task.status for task in state} <= {TaskStatus.RUNNING, TaskStatus.DONE_SUCCESSFUL}

    async with joined(database_uri) as node, open_outsider(database_uri) as outsider, asyncio.timeout(60):
        claimed = await claims.claim(database, node.id, 2)
        watching = asyncio.create_task(watch())

        async def send(payload: str) -> None:
            assert not watching.done()
            await outsider.execute("SELECT pg_notify('ffmate', $1)", payload)

        first = claimed[0]
        while 99.0 not in shown:
            await send(progress_payload(node.id, [LiveProgress(first.id, first.epoch, 99.0, 1e9, 1e7)]))
            await asyncio.sleep(0.05)
        while shown[-1] != 0.0:  # it isn't sent again
            await send(progress_payload(node.id, [LiveProgress(claimed[1].id, first.epoch, 50.0)]))
            await asyncio.sleep(0.05)
        for payload in GARBAGE:
            await send(payload)
        for desired in ("cancel", "delete"):
            rows = [[first.id, 10**15, "DONE_CANCELED", "", desired, node.id, first.epoch, 0]]
            await send(json.dumps({"kind": "task", "op": desired, "rows": rows}))
        await claims.finish_tasks(database, node.id, [(claim, DONE) for claim in claimed])
        await watching
    assert shown[-1] == 100.0
