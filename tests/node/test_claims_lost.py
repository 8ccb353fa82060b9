"""A node and the database disagree about its claims: the database is right."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from ffmate_desktop.db import claims, leases
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.node.heartbeat import Heartbeat
from tests.db.cluster import age, joined
from tests.expected_warnings import ExpectedWarnings
from tests.node.farm import ENCODE, LONG, Farm
from tests.node.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

PATIENT = 600.0
"""Heartbeat of nodes that are only rows: so long that no node declares them dead during a test."""


async def test_a_lost_claim_ends_the_encode_and_publishes_nothing(
    farm: Farm, clip: Path, database_uri: str, expected_warnings: ExpectedWarnings
) -> None:
    await farm.node()
    uuid = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(uuid)
    expected_warnings.expect(f"The claim of {uuid} was lost")
    async with joined(database_uri, identifier="thief", heartbeat=PATIENT) as thief:
        await farm.sql("UPDATE ffmate.tasks SET epoch = epoch + 1, node_id = $1", thief.id)
        await until(lambda: not ffmpeg.is_running() and not farm.leftovers(), "the zombie ends")
        task = await farm.task(uuid)
        assert (task.status, task.epoch) == (TaskStatus.RUNNING, 2)
        assert [path.name for path in clip.parent.iterdir()] == ["clip.mov"]


async def test_a_claim_that_is_lost_before_the_end_publishes_nothing(
    farm: Farm, clip: Path, database_uri: str, expected_warnings: ExpectedWarnings
) -> None:
    await farm.node(heartbeat=PATIENT)  # only the fence before publishing can detect it
    uuid = await farm.add(clip, "-re " + ENCODE)
    ffmpeg = await farm.encoding(uuid)
    expected_warnings.expect(f"The claim of {uuid} was lost")
    async with joined(database_uri, identifier="thief", heartbeat=PATIENT) as thief:
        await farm.sql("ALTER TABLE ffmate.tasks DISABLE TRIGGER tasks_updated")
        await farm.sql("UPDATE ffmate.tasks SET epoch = epoch + 1, node_id = $1", thief.id)
        await until(lambda: not ffmpeg.is_running() and not farm.leftovers(), "the zombie ends")
        assert [path.name for path in clip.parent.iterdir()] == ["clip.mov"]
        assert (await farm.task(uuid)).status is TaskStatus.RUNNING


async def test_a_node_that_was_declared_dead_rejoins_and_keeps_its_encode(
    farm: Farm, clip: Path, expected_warnings: ExpectedWarnings
) -> None:
    worker = await farm.node()
    uuid = await farm.add(clip, "-re -stream_loop 1 " + ENCODE)
    ffmpeg = await farm.encoding(uuid)
    before, epoch = worker.id, (await farm.task(uuid)).epoch
    (temporary,) = farm.temporaries()
    expected_warnings.expect("declared this node dead")
    expected_warnings.allow(f"{uuid} of a is queued again")  # unless it is adopted before a sweep
    await farm.sql("UPDATE ffmate.nodes SET state = 'dead' WHERE id = $1", before)
    await until(lambda: worker.id != before, "it joins again")
    assert ffmpeg.is_running()
    assert farm.temporaries() == [temporary], "the name stays that of the first claim"
    task = await farm.successful(uuid)
    assert task.attempts == 1
    assert task.epoch > epoch
    assert "adopted again with epoch" in await farm.log(uuid)
    assert [path.name for path in farm.folder.glob("*.out*")] == [f"{clip.stem}.out.mp4"]


async def test_an_expelled_node_whose_name_is_taken_waits_for_it(
    farm: Farm, database_uri: str, expected_warnings: ExpectedWarnings
) -> None:
    worker = await farm.node("a", heartbeat=0.5)
    before = worker.id
    expected_warnings.expect("declared this node dead")
    async with joined(database_uri, identifier="other", heartbeat=PATIENT) as other:
        async with farm.database.transaction() as connection:
            await connection.execute("UPDATE ffmate.nodes SET state = 'dead' WHERE id = $1", before)
            await connection.execute("UPDATE ffmate.nodes SET identifier = 'a' WHERE id = $1", other.id)
        await until(lambda: worker.node._heartbeat._connection is None, "it is refused")
        assert worker.id == before
        await farm.sql("UPDATE ffmate.nodes SET state = 'left' WHERE id = $1", other.id)
        await until(lambda: worker.id != before, "it joins when the name is free again")


async def test_a_claim_whose_answer_was_lost_is_given_back(farm: Farm, clip: Path) -> None:
    worker = await farm.node("a", slots=1)
    running = await farm.add(clip, LONG)
    ffmpeg = await farm.encoding(running)
    uuid = await farm.add(clip)
    (claim,) = await claims.claim(farm.database, worker.id, 1)
    assert claim.uuid == uuid

    async def waits_again() -> bool:
        return (await farm.task(uuid)).status is TaskStatus.QUEUED

    await until(waits_again, "it is given back")
    assert (await farm.task(uuid)).epoch == claim.epoch + 1
    assert ffmpeg.is_running()
    assert (await farm.task(running)).epoch == 1


async def test_a_sweeper_connected_for_less_than_a_lease_declares_no_node_dead(
    farm: Farm, clip: Path, database_uri: str, expected_warnings: ExpectedWarnings
) -> None:
    uuid = await farm.add(clip)
    async with joined(database_uri, identifier="late") as late:
        await claims.claim(farm.database, late.id, 1)
        await age(farm.database, late.id, 1000)
        expected_warnings.expect("Node late is lost")
        expected_warnings.expect(f"{uuid} of late is queued again")
        worker = await farm.node()  # a beat a second, a lease of three
        await farm.successful(uuid)
        (row,) = await farm.sql(
            "SELECT l.ended_at - n.joined_at AS waited FROM ffmate.nodes l, ffmate.nodes n"
            " WHERE l.id = $1 AND n.id = $2",
            late.id,
            worker.id,
        )
        assert row["waited"] > timedelta(seconds=2)


async def test_after_a_sleep_the_others_get_a_lease_to_come_back(
    farm: Farm, database_uri: str, expected_warnings: ExpectedWarnings
) -> None:
    """The laptop with the database, or the server's virtual machine, wakes up: every lease looks over."""
    worker = await farm.node("woken", heartbeat=1.5)
    heartbeat = worker.node._heartbeat
    async with joined(database_uri, identifier="other", heartbeat=2.5) as other:
        await until(lambda: heartbeat.connected_for() > 4.5, "it has been connected for longer than a lease")
        await heartbeat.beat_now()  # so that none is on its way just now
        hour = "interval '1 hour'"
        await farm.sql(
            f"UPDATE ffmate.nodes SET beat_at = beat_at - {hour}, lease_until = lease_until - {hour}"
        )
        await heartbeat.beat_now()
        await asyncio.sleep(0.3)  # for the sweep that must not follow
        (row,) = await farm.sql("SELECT state FROM ffmate.nodes WHERE id = $1", other.id)
        assert row["state"] == "online"
        assert heartbeat.connected_for() < 4
        beat = await leases.beat(other.connection, other.id, 2, [])
        assert beat.state == "online"
    expected_warnings.expect("Node other is lost")

    async def lost() -> bool:
        states = await farm.sql("SELECT 1 FROM ffmate.nodes WHERE id = $1 AND state = 'dead'", other.id)
        return len(states) == 1

    await until(lost, "it does not poll less and less often")


async def test_a_busy_node_is_looked_at_when_it_may_be_dead_not_at_the_next_beat(
    farm: Farm,
    clip: Path,
    database_uri: str,
    expected_warnings: ExpectedWarnings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # or it would have to wait so long
    monkeypatch.setattr(Heartbeat, "connected_for", lambda _self: PATIENT * 3)
    uuid = await farm.add(clip, labels=("gone",))
    expected_warnings.expect("Node busy is lost")
    expected_warnings.expect(f"{uuid} of busy is queued again")
    async with joined(database_uri, identifier="busy", labels=("gone",), heartbeat=1.0) as busy:
        await claims.claim(farm.database, busy.id, 1)
        await farm.node("a", heartbeat=PATIENT)  # its next regular beat would come far too late

        async def waits_again() -> bool:
            return (await farm.task(uuid)).status is TaskStatus.QUEUED

        await until(waits_again, "it is swept")
