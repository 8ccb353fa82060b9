"""The permission to run a script: with the claim and a valid lease, for a task that isn't to be cancelled."""

from dataclasses import replace
from pathlib import Path

import pytest

from ffmate_desktop.db import claims, file_records, leases, scripts, tasks
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.paths import output_key
from ffmate_desktop.domain.publishing import Published, PublishingRecord
from ffmate_desktop.domain.task import TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts
from tests.db.cluster import add, age, joined, row

pytestmark = pytest.mark.db
PRE, POST = TaskStatus.PRE_PROCESSING, TaskStatus.POST_PROCESSING


async def test_a_stage_is_entered_with_its_facts_and_its_record(
    database: Database, database_uri: str
) -> None:
    [uuid] = await add(database, row("a"))
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        assert await scripts.enter_stage(database, node.id, claim, PRE, TaskFacts(command="a")) == "run"
        [task] = await tasks.get_tasks(database, [uuid])
        assert (task.status, task.phase) == (PRE, None)
        assert (
            await scripts.enter_stage(database, node.id, claim, TaskStatus.RUNNING, TaskFacts(output="b"))
            == "run"
        )
        [task] = await tasks.get_tasks(database, [uuid])
        assert (task.status, task.phase) == (TaskStatus.RUNNING, "encode")
        record = PublishingRecord((), TaskFacts(), unknown={"newer": 1})  # of a newer release
        await claims.set_phase(database, node.id, claim, "publish", TaskFacts(), record)
        published = PublishingRecord((), TaskFacts(), Published((), 3, 3))
        assert await scripts.enter_stage(database, node.id, claim, POST, TaskFacts(), published) == "run"
        async with database.transaction() as connection:
            stored = await connection.fetchrow("SELECT result, publishing FROM ffmate.tasks")
        assert stored is not None
        assert stored["result"] == {"command": "a", "output": "b"}
        assert stored["publishing"] == record.to_json() | published.to_json()
        # A successor reads that only the last script is left.
        await claims.give_back(database, node.id)
        [second_claim] = await claims.claim(database, node.id, 1)
        assert second_claim.publishing == replace(record, published=published.published)
        # A restart forgets it.
        await tasks.cancel(database, [uuid])
        await claims.give_back(database, node.id)
        await tasks.restart(database, [uuid])
        [clean] = await claims.claim(database, node.id, 1)
        assert clean.publishing is None


async def test_a_sidecar_counts_as_written_by_the_cluster_before_it_exists(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    [uuid] = await add(database, row("a"))
    file, real = str(tmp_path / "clip.json"), str(tmp_path / "real" / "clip.json")
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        older = replace(claim, epoch=claim.epoch - 1)
        assert (
            await scripts.enter_stage(database, node.id, older, PRE, TaskFacts(), None, [file, real]) is None
        )
        files = [
            (output_key(file), 5, 7),
            (output_key(real), 5, 7),
            (output_key(str(tmp_path / "clip.mov")), 0, 0),
        ]
        assert await file_records.outputs_among(database, files) == {}
        for _ in range(2):  # a repeated write changes nothing
            assert (
                await scripts.enter_stage(database, node.id, claim, PRE, TaskFacts(), None, [file, real])
                == "run"
            )
        assert await file_records.outputs_among(database, files) == {0: uuid, 1: uuid}


async def test_only_the_holder_of_the_claim_may_run_a_script(database: Database, database_uri: str) -> None:
    await add(database, row("a"))
    async with joined(database_uri) as node, joined(database_uri, identifier="b") as other:
        [claim] = await claims.claim(database, node.id, 1)
        assert await scripts.enter_stage(database, other.id, claim, PRE, TaskFacts()) is None
        await claims.give_back(database, node.id)
        assert await scripts.enter_stage(database, node.id, claim, PRE, TaskFacts()) is None  # it waits
        [later] = await claims.claim(database, node.id, 1)
        assert await scripts.enter_stage(database, node.id, claim, PRE, TaskFacts()) is None  # an older claim
        assert await scripts.enter_stage(database, node.id, later, PRE, TaskFacts()) == "run"


@pytest.mark.parametrize("status", [PRE, POST])
async def test_a_cancelled_task_or_a_lapsed_lease_runs_no_script(
    database: Database, database_uri: str, status: TaskStatus
) -> None:
    [uuid] = await add(database, row("a"))
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        await age(database, node.id, 3600)
        assert await scripts.enter_stage(database, node.id, claim, status, TaskFacts()) is None
        await leases.beat(node.connection, node.id, 60, [])
        await tasks.pause(database, [uuid])
        assert await scripts.enter_stage(database, node.id, claim, status, TaskFacts()) == "pause"
        await tasks.cancel(database, [uuid])
        assert await scripts.enter_stage(database, node.id, claim, status, TaskFacts()) is None
