"""Claims on the real server: order, labels, races, and the fence of every later write."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from ffmate_desktop.db import claims, leases, nodes, scripts, tasks
from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.queries import Sql, query
from ffmate_desktop.domain.selection import TaskSelection
from ffmate_desktop.domain.task import LiveProgress, Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts
from tests.db.cluster import add, age, joined, newest_beat, row

pytestmark = pytest.mark.db
DONE = Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0, facts=TaskFacts(size=3))


async def names(database: Database, node_id: int, slots: int) -> list[str]:
    return [claim.name for claim in await claims.claim(database, node_id, slots)]


async def status_of(database: Database, name: str) -> TaskStatus:
    return next(task.status for task in await tasks.list_tasks(database) if task.name == name)


async def test_urgent_tasks_come_first_then_first_come_first_served(
    database: Database, database_uri: str
) -> None:
    await add(database, row("old"), row("urgent", priority=5), row("young"), row("urgent too", priority=5))
    async with joined(database_uri) as node:
        assert await names(database, node.id, 3) == ["urgent", "urgent too", "old"]
        assert await names(database, node.id, 3) == ["young"]


async def test_a_task_goes_only_to_a_node_with_all_its_labels(database: Database, database_uri: str) -> None:
    await add(
        database, row("both", labels=("gpu", "storage:media")), row("one", labels=("gpu",)), row("none")
    )
    async with joined(database_uri) as plain, joined(database_uri, identifier="b", labels=()) as bare:
        assert await names(database, bare.id, 9) == ["none"]
        assert await names(database, plain.id, 9) == ["one"]
    async with joined(database_uri, identifier="c", labels=("storage:media", "x", "gpu")) as rich:
        assert await names(database, rich.id, 9) == ["both"]


async def test_a_short_queue_is_shared_and_a_long_one_fills_every_slot(
    database: Database, database_uri: str
) -> None:
    await add(database, *(row(str(number)) for number in range(4)))
    async with joined(database_uri) as a, joined(database_uri, identifier="b") as b:
        assert await names(database, a.id, 3) == ["0", "1"]
        assert await names(database, b.id, 3) == ["2"]
        assert await names(database, b.id, 3) == ["3"]
        await add(database, *(row(str(number)) for number in range(60)))
        assert len(await names(database, a.id, 30)) == 30


async def test_tasks_are_claimed_ahead_of_a_free_slot_only_from_a_long_queue(
    database: Database, database_uri: str
) -> None:
    async with joined(database_uri) as a, joined(database_uri, identifier="b"):
        [slots] = {row["slots"] for row in await database.fetch(Sql("SELECT slots FROM ffmate.nodes"))}
        await add(database, *(row(str(number)) for number in range(2 * slots + 1)))
        assert [claim.name for claim in await claims.claim(database, a.id, 0, 3)] == ["0"]
        assert await claims.claim(database, a.id, 0, 3) == []
        assert len(await claims.claim(database, a.id, slots, 3)) == slots


async def test_enough_of_a_long_queue_is_left_while_another_node_claims(
    database: Database, database_uri: str
) -> None:
    async with joined(database_uri) as a, joined(database_uri, identifier="b") as b:
        [slots] = {row["slots"] for row in await database.fetch(Sql("SELECT slots FROM ffmate.nodes"))}
        await add(database, *(row(str(number)) for number in range(9 * slots)))
        async with database.transaction() as other:
            held = await other.fetch(query("claims", "finish_and_claim"), a.id, slots, slots, *([[]] * 6))
            assert len(held) == 2 * slots
            assert len(await claims.claim(database, b.id, slots, slots)) == 2 * slots


async def test_racing_nodes_never_get_the_same_task(database: Database, database_uri: str) -> None:
    await add(database, *(row(str(number)) for number in range(60)))
    async with (
        joined(database_uri) as a,
        joined(database_uri, identifier="b") as b,
        joined(database_uri, identifier="c") as c,
    ):
        batches = await asyncio.gather(
            *(names(database, node.id, 2) for _ in range(12) for node in (a, b, c))
        )
    flat = [name for batch in batches for name in batch]
    assert sorted(flat, key=int) == [str(number) for number in range(60)]


async def test_no_task_goes_to_a_node_whose_lease_ran_out(database: Database, database_uri: str) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as node:
        await age(database, node.id, 16)
        assert await names(database, node.id, 1) == []
        await leases.beat(node.connection, node.id, 15, [])
        assert await names(database, node.id, 1) == ["task"]


async def test_no_task_goes_to_a_draining_node(database: Database, database_uri: str) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as node:
        await database.fetch(query("nodes", "drain_node"), "a")
        assert await names(database, node.id, 1) == []


async def test_no_task_goes_to_a_paused_node(database: Database, database_uri: str) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as node:
        await nodes.pause(database, "a")
        assert await claims.claim(database, node.id, 1) == []
        await nodes.resume(database, "a")
        assert len(await claims.claim(database, node.id, 1)) == 1


async def test_held_and_postponed_tasks_wait(database: Database, database_uri: str) -> None:
    held, _ = await add(database, row("held"), row("later"))
    await tasks.pause(database, [held])
    async with database.transaction() as connection:
        await connection.execute(
            "UPDATE ffmate.tasks SET not_before = clock_timestamp() + interval '1 hour' WHERE name = 'later'"
        )
    async with joined(database_uri) as node:
        assert await names(database, node.id, 2) == []
        await tasks.resume(database, [held])
        assert await names(database, node.id, 2) == ["held"]


async def test_a_claim_raises_the_epoch_and_counts_the_attempt(database: Database, database_uri: str) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as node:
        [first] = await claims.claim(database, node.id, 1)
        await claims.give_back(database, node.id, {first.id: first.epoch})
        [second] = await claims.claim(database, node.id, 1)
    assert (first.epoch, first.attempts) == (1, 1)
    assert second.epoch > first.epoch
    assert second.attempts == 2


@pytest.mark.parametrize("stale", ["epoch", "node"])
async def test_every_write_of_a_lost_claim_matches_nothing(
    database: Database, database_uri: str, stale: str
) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as old, joined(database_uri, identifier="b") as new:
        [lost] = await claims.claim(database, old.id, 1)
        await claims.give_back(database, old.id, {lost.id: lost.epoch})
        [held] = await claims.claim(database, new.id, 1)
        claim, node_id = (lost, new.id) if stale == "epoch" else (held, old.id)
        assert await claims.set_phase(database, node_id, claim, "publish", TaskFacts()) is None
        assert not await claims.set_output(database, node_id, claim, "/stolen")
        assert await claims.finish_tasks(database, node_id, [(claim, DONE)]) == {}
        assert not await claims.delete_claimed(database, node_id, claim)
        await claims.append_log(database, node_id, claim, 1, "from the dead\n")
        assert await claims.give_back(database, node_id, {claim.id: claim.epoch}) == set()
        assert await tasks.read_log(database, held.uuid) == []
        [task] = await tasks.get_tasks(database, [held.uuid])
        assert task.status is TaskStatus.RUNNING
        assert task.epoch == held.epoch


async def test_publishing_needs_a_good_lease_and_no_cancel(database: Database, database_uri: str) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        await age(database, node.id, 16)
        assert await claims.set_phase(database, node.id, claim, "publish", TaskFacts()) is None
        await leases.beat(node.connection, node.id, 15, [])
        assert await claims.set_phase(database, node.id, claim, "publish", TaskFacts(output="/x")) == "run"
        await tasks.cancel(database, [claim.uuid])
        assert await claims.set_phase(database, node.id, claim, "publish", TaskFacts()) is None


async def test_a_node_that_was_declared_lost_before_its_lease_expired_publishes_nothing(
    database: Database, database_uri: str
) -> None:
    [uuid] = await add(database, row("a"))
    async with joined(database_uri, identifier="other") as other:
        async with joined(database_uri) as node:
            [claim] = await claims.claim(database, node.id, 1)
            assert claim.uuid == uuid
            await age(database, node.id, 7)  # it missed a heartbeat; its lease is valid
        await _lock_is_free(database, node.id)
        [buried] = await database.fetch(
            query("leases", "declare_late_nodes_dead"), other.id, await newest_beat(database, other.id)
        )
        assert buried["id"] == node.id
        # no other node has claimed it yet
        assert await claims.set_phase(database, node.id, claim, "encode", TaskFacts()) == "run"
        assert await claims.set_phase(database, node.id, claim, "publish", TaskFacts()) is None
        assert (
            await scripts.enter_stage(database, node.id, claim, TaskStatus.POST_PROCESSING, TaskFacts())
            is None
        )


async def _lock_is_free(database: Database, node_id: int) -> None:
    async with asyncio.timeout(5), database.transaction() as connection:
        while not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", node_id):
            await asyncio.sleep(0.01)


async def test_finish_ends_many_and_may_be_repeated(database: Database, database_uri: str) -> None:
    await add(database, row("good"), row("bad"))
    async with joined(database_uri) as node:
        good, bad = await claims.claim(database, node.id, 2)
        failed = Outcome(TaskStatus.DONE_ERROR, 40.0, "It broke.")
        ended = [(good, DONE), (bad, failed)]
        assert await claims.finish_tasks(database, node.id, ended) == {good.id: "run", bad.id: "run"}
        assert await claims.finish_tasks(database, node.id, ended) == {good.id: "run", bad.id: "run"}
        first, second = await tasks.get_tasks(database, [good.uuid, bad.uuid])
    assert (first.status, first.progress, first.size) == (TaskStatus.DONE_SUCCESSFUL, 100.0, 3)
    assert (second.status, second.progress, second.error) == (TaskStatus.DONE_ERROR, 40.0, "It broke.")


async def test_a_task_that_was_given_back_keeps_its_place(database: Database, database_uri: str) -> None:
    await add(database, row("first"), row("second"))
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        assert await claims.give_back(database, node.id, {claim.id: claim.epoch}) == {claim.id}
        assert await names(database, node.id, 1) == ["first"]


async def test_a_task_given_back_twice_or_late_is_not_taken_from_a_newer_claim(
    database: Database, database_uri: str
) -> None:
    await add(database, row("again"), row("other"))
    async with joined(database_uri) as node:
        reclaimed, other = await claims.claim(database, node.id, 2)
        held = {reclaimed.id: reclaimed.epoch, other.id: other.epoch}
        assert await claims.give_back(database, node.id, {reclaimed.id: reclaimed.epoch}) == {reclaimed.id}
        [newer] = await claims.claim(database, node.id, 1)
        assert newer.id == reclaimed.id, "the same node has it again"
        assert await claims.give_back(database, node.id, held) == {other.id}, (
            "its reply was lost, so it came again"
        )
        assert await claims.finish_tasks(database, node.id, [(newer, DONE)]) == {newer.id: "run"}


async def test_a_task_ends_as_cancelled_only_if_that_is_still_desired(
    database: Database, database_uri: str
) -> None:
    cancelled = Outcome(TaskStatus.DONE_CANCELED, 40)
    uuids = await add(database, row("kept"), row("cancelled"), row("deleted"))
    async with joined(database_uri) as node:
        held = await claims.claim(database, node.id, 3)
        await tasks.cancel(database, uuids[1:2])
        await tasks.delete(database, uuids[2:])
        for _ in range(2):  # the first answer may have been lost
            ended = await claims.finish_tasks(database, node.id, [(claim, cancelled) for claim in held])
            assert ended == {held[1].id: "run", held[2].id: "delete"}
        assert await claims.give_back(database, node.id, {claim.id: claim.epoch for claim in held}) == {
            held[0].id
        }
    [task] = await tasks.get_tasks(database, uuids[:1])
    assert (task.status, task.epoch) == (TaskStatus.QUEUED, 2)


async def test_a_cancelled_task_is_not_given_back(database: Database, database_uri: str) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        await tasks.cancel(database, [claim.uuid])
        await claims.give_back(database, node.id, {claim.id: claim.epoch})
        assert await status_of(database, "task") is TaskStatus.DONE_CANCELED


async def test_a_deleted_running_task_goes_with_its_log(database: Database, database_uri: str) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        await claims.append_log(database, node.id, claim, 1, "line\n")
        assert not await claims.delete_claimed(database, node.id, claim)
        await tasks.delete(database, [claim.uuid])
        assert await claims.delete_claimed(database, node.id, claim)
    assert await tasks.list_tasks(database) == []
    assert await database.fetch(Sql("SELECT 1 FROM ffmate.task_logs")) == []


async def test_two_active_tasks_cannot_reserve_one_output(database: Database, database_uri: str) -> None:
    await add(database, row("one", output_key="/out/a.mp4"), row("two"))
    async with joined(database_uri) as node:
        first, two = await claims.claim(database, node.id, 2)
        with pytest.raises(claims.OutputTakenError):
            await claims.set_output(database, node.id, two, "/out/a.mp4")
        await claims.finish_tasks(database, node.id, [(first, DONE)])
        assert await claims.set_output(database, node.id, two, "/out/a.mp4")


async def test_the_log_keeps_what_postgresql_cannot_store_readable(
    database: Database, database_uri: str
) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        await claims.append_log(database, node.id, claim, 1, "nul \0 byte \udcff\n")
    [chunk] = await tasks.read_log(database, claim.uuid)
    assert chunk.lines == "nul � byte \udcff\n"


async def test_progress_is_sent_without_writing_a_row(database: Database, database_uri: str) -> None:
    received: asyncio.Queue[str] = asyncio.Queue()
    listener = await connect(database_uri)
    await add(database, row("task"))
    versions = Sql("SELECT ctid, xmin FROM ffmate.tasks UNION ALL SELECT ctid, xmin FROM ffmate.nodes")
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        await listener.add_listener("ffmate", lambda *arguments: received.put_nowait(str(arguments[3])))
        before = await database.fetch(versions)
        entries = [LiveProgress(claim.id + number, claim.epoch, 50.0) for number in range(170)]
        await claims.send_progress(database, node.id, entries)
        payloads = [await asyncio.wait_for(received.get(), 5) for _ in range(3)]
        assert await database.fetch(versions) == before
        await leases.beat(node.connection, node.id, 15, entries)
        assert await database.fetch(versions) != before, "a row that is written does show"
    listener.terminate()
    assert all(len(payload) < 8000 for payload in payloads)


async def test_the_claim_walks_its_index(database: Database, database_uri: str) -> None:
    """With many done tasks and many that this node can't run, any other plan is too slow."""
    async with joined(database_uri) as node, database.transaction() as connection:
        no_labels = await connection.fetchval(query("tasks", "insert_requirement_set"), [])
        await connection.execute(
            "INSERT INTO ffmate.tasks (uuid, name, requirement_set, source, spec, status)"
            " SELECT gen_random_uuid(), 'x', $1, 'cli', '{}',"
            " CASE WHEN n % 10 = 0 THEN 'QUEUED' ELSE 'DONE_SUCCESSFUL' END FROM generate_series(1, 20000) AS n",
            no_labels,
        )
        await connection.execute("ANALYZE ffmate.tasks")
        sql = query("claims", "finish_and_claim")
        for number, value in enumerate([node.id, 3, 0, *(["'{}'"] * 6)], 1):
            sql = Sql(sql.replace(f"${number}", str(value)))
        plan = await connection.fetch("EXPLAIN " + sql)
    text = "\n".join(line[0] for line in plan)
    assert "Index Scan using tasks_claim" in text
    assert "tasks_active" not in text, (
        "which holds an entry of every task that this node has ended since the last vacuum"
    )
    assert "Seq Scan on tasks" not in text


async def test_a_claim_is_never_planned_for_its_values(database: Database, database_uri: str) -> None:
    """Statistics raise its cost: by the server's own choice the next hundreds were planned again, 1 ms each."""
    claim = query("claims", "finish_and_claim")
    async with joined(database_uri) as node, Database(database_uri, size=1) as own:
        await add(database, *(row(str(number)) for number in range(300)))
        for _ in range(8):
            await claims.claim(own, node.id, 2)
        await database.fetch(Sql("ANALYZE ffmate.tasks"))
        for _ in range(8):
            await claims.claim(own, node.id, 2)
        counts = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1"
        [found] = await own.fetch(Sql(counts), claim)
        assert tuple(found) == (16, 0)
        for _ in range(8):
            await tasks.list_tasks(own, TaskSelection(batch=uuid4()))
        [found] = await own.fetch(Sql(counts), query("tasks", "list_tasks"))
        assert tuple(found) == (0, 8), "a list with a filter is: in any other plan it reads every task"


async def test_two_batches_of_one_name_stay_apart(database: Database) -> None:
    first, second = uuid4(), uuid4()
    await add(database, row("a"), row("b"), batch=first)
    await add(database, row("a"), batch=second)
    assert {task.name for task in await tasks.list_tasks(database, TaskSelection(batch=first))} == {"a", "b"}
    with pytest.raises(asyncpg.UniqueViolationError):
        await add(database, row("c"), batch=first)


async def test_a_refused_task_is_offered_to_each_node_that_could_run_it_once(
    database: Database, database_uri: str
) -> None:
    await add(database, row("task", labels=("gpu",)))
    async with (
        joined(database_uri) as a,
        joined(database_uri, identifier="b") as b,
        joined(database_uri, identifier="c", labels=()),
    ):
        [claim] = await claims.claim(database, a.id, 1)
        for _ in range(2):  # repeated after a lost reply
            assert await claims.refuse(database, a.id, claim, "Not here.", 9) == (True, "a", {})
        assert await names(database, a.id, 1) == []
        [claim] = await claims.claim(database, b.id, 1)
        assert await claims.refuse(database, b.id, claim, "Not here.", 9) == (False, "b", {"a": "Not here."})
        await claims.give_back(database, b.id)
        [claim] = await claims.claim(database, b.id, 1)
        async with joined(database_uri, identifier="d") as d:
            refused = await claims.refuse(database, b.id, claim, "Not here.", 2)
            assert refused == (False, "b", {"a": "Not here."}), "two have tried, d need not"
            await leases.leave(database, d.id)
        await claims.give_back(database, b.id)
        await leases.leave(database, b.id)
        assert await names(database, a.id, 1) == ["task"], "every node has refused it"
