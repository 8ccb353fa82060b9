"""A node with rows that it cannot read: it refuses each one once, and does its other work."""

from pathlib import Path

import pytest

from ffmate_desktop.domain.task import TaskStatus
from tests.db.cluster import joined
from tests.foreign import GOOD_FOLDER, fill, spread, use_newer_values
from tests.node.farm import LONG, Farm
from tests.node.task.test_refused import PATIENT, refused
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]


async def test_a_node_does_its_own_work_among_rows_that_it_cannot_read(farm: Farm, clip: Path) -> None:
    """Without a traceback, which would fail the test; and each of them ends with a sentence."""
    hot = farm.folder / "hot"
    hot.mkdir()
    await fill(farm.database, str(hot))
    await use_newer_values(farm.database)
    await spread(farm.database, every=3)
    await farm.sql(
        "UPDATE ffmate.watchfolders SET suspended = false, "
        ' roots = \'{"*": true, "mounts of other": [[1], {"newer": 1}, "a"]}\','
        " spec = CASE WHEN uuid <> $1 AND spec ->> 'path' = $2"
        " THEN jsonb_set(spec, '{path}', '\"/nowhere\"') ELSE spec END",
        *(GOOD_FOLDER, str(hot)),
    )
    good = await farm.add(clip)
    await farm.node("a", slots=4, watches=True)
    await farm.successful(good)

    async def rest() -> bool:
        rows = await farm.sql(
            "SELECT 1 FROM ffmate.tasks WHERE status = 'QUEUED' AND desired = 'run' LIMIT 1"
        )
        return not rows

    await until(rest, "every task was tried")

    async def settled() -> bool:
        rows = await farm.sql(
            "SELECT 1 FROM ffmate.watched_files WHERE disposal ->> 'action' IN ('move', 'trash') AND gone_at IS NULL"
        )
        return not rows

    await until(settled, "every original was looked for")
    rows = await farm.sql(
        "SELECT error, attempts FROM ffmate.tasks"
        " WHERE status = 'DONE_ERROR' AND error LIKE '%can''t read this task%'"
    )
    assert len(rows) > 30
    assert all("newer release" in row["error"] and row["attempts"] <= 2 for row in rows)


async def test_a_newer_node_runs_what_an_older_one_cannot_read(
    farm: Farm, clip: Path, database_uri: str
) -> None:
    uuid = await farm.add(clip)
    await farm.sql('UPDATE ffmate.tasks SET spec = spec || \'{"ifExists": "ask"}\' WHERE uuid = $1', uuid)
    async with joined(database_uri, identifier="newer", labels=(), heartbeat=PATIENT):
        old = await farm.node("a")
        assert await refused(farm, uuid) == ["a"]
        other = await farm.add(clip, output=f"{farm.folder}/other.mp4")
        await farm.successful(other)
        await old.node._heartbeat.beat_now()
        task = await farm.task(uuid)
        assert (task.status, task.attempts) == (TaskStatus.QUEUED, 1)
        assert task.unreadable and "newer release" in task.unreadable


async def test_a_desired_state_of_a_newer_release_is_ignored(farm: Farm, clip: Path) -> None:
    """The task continues, and commands that this release knows still work."""
    await farm.sql("ALTER DOMAIN ffmate.task_desired DROP CONSTRAINT task_desired_check")
    uuid = await farm.add(clip, LONG)
    node = await farm.node("a")
    await farm.encoding(uuid)
    await farm.sql("UPDATE ffmate.tasks SET desired = 'archive' WHERE uuid = $1", uuid)
    await node.node._heartbeat.beat_now()
    assert (await farm.task(uuid)).status is TaskStatus.RUNNING
    await farm.tasks.cancel([uuid])
    assert (await farm.done(uuid)).status is TaskStatus.DONE_CANCELED
