"""Forged notifications from anyone who can connect to the database cause no lasting wrong display and no error."""

import asyncio
import json
from pathlib import Path

import pytest

from ffmate_desktop.domain.change import progress_payload
from ffmate_desktop.domain.status import LiveProgress
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.gui.base import progress_tracker
from tests.db.roles import open_outsider
from tests.expected_warnings import ExpectedWarnings
from tests.garbage import GARBAGE
from tests.gui.desk import Desk
from tests.node.farm import LONG
from tests.node.waiting import until


async def test_forged_notifications_do_not_harm_the_window(
    desk: Desk,
    database_uri: str,
    clip: Path,
    expected_warnings: ExpectedWarnings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected_warnings.expect("A notification on channel ffmate could not be read")
    monkeypatch.setattr(progress_tracker, "STALE_AFTER", 1.0)
    monkeypatch.setattr(progress_tracker, "MAX_TASKS", 50)
    uuid = await desk.add(clip, LONG)
    row = await desk.shown(uuid, TaskStatus.RUNNING)
    tracker = desk.page.tracker
    async with open_outsider(database_uri) as outsider:

        async def send(payload: str) -> None:
            await outsider.execute("SELECT pg_notify('ffmate', $1)", payload)

        for payload in GARBAGE:
            await send(payload)
        for first in range(0, 4000, 80):
            forged = [LiveProgress(10**6 + first + n, 1, 99.0, fps=1e300) for n in range(80)]
            await send(progress_payload(7, forged))
        for notification in (
            {"kind": "log", "first": 0, "last": 2**63 - 1},
            {"kind": "log", "first": 2**63 - 1, "last": 0},
            {
                "kind": "task",
                "op": "update",
                "rows": [[2**63 - 1, 1, "QUEUED"], [row.id, 10**15, "DONE_ERROR"]],
            },
            {"kind": "task", "op": "delete", "rows": [[row.id, 10**15, "DONE_ERROR"]]},
            {"kind": "node", "op": "update", "rows": [[2**63 - 1, 10**15, "dead", "desk"]]},
            {"kind": "batch", "op": "finished", "uuid": str(uuid)},
        ):
            await send(json.dumps(notification))
        await until(lambda: tracker.frames_per_second() > 1e6, "the forged progress arrived")
        assert len(tracker.percents()) <= 50
    await until(lambda: len(tracker.percents()) <= 1, "it is dropped")
    await until(lambda: tracker.newest(row.id, row.epoch), "the real task's progress arrives")
    await asyncio.sleep(0)
    assert (await desk.shown(uuid, TaskStatus.RUNNING)).id == row.id
    await desk.services.tasks.cancel([uuid])
    await desk.shown(uuid, TaskStatus.DONE_CANCELED)
