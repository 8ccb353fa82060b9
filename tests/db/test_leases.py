"""Joining, beating, sweeping and leaving on the real server; time is moved in the rows, never waited for."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from ffmate_desktop.db import claims, leases, nodes, tasks
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.leases import MAX_LOSSES
from ffmate_desktop.db.queries import Sql, query
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import NodeState
from ffmate_desktop.domain.task import LiveProgress, Outcome, TaskStatus
from tests.db.cluster import add, age, joined, newest_beat, row, spec, sweep

pytestmark = pytest.mark.db


async def test_a_node_is_listed_with_its_facts(database: Database, database_uri: str) -> None:
    async with joined(database_uri) as node:
        [shown] = await nodes.list_nodes(database)
    assert (shown.identifier, shown.session) == ("a", node.membership.session)
    assert (shown.os, shown.arch, shown.cores, shown.slots) == ("linux", "amd64", 2, 3)
    assert shown.labels == ["gpu"]
    assert shown.status == "online"


async def test_a_second_node_with_the_identifier_is_refused(database: Database, database_uri: str) -> None:
    async with joined(database_uri):
        with pytest.raises(UserError, match="“a” is already running on host-1"):
            async with joined(database_uri, machine="machine-2", host="host-2"):
                pass


async def test_ten_starts_under_one_identifier_give_one_node(database_uri: str, database: Database) -> None:
    async def start() -> bool:
        try:
            async with joined(database_uri):
                await asyncio.sleep(1)
        except UserError:
            return False
        return True

    assert sum(await asyncio.gather(*(start() for _ in range(10)))) == 1


async def test_a_restart_on_the_same_machine_takes_over_at_once(
    database: Database, database_uri: str
) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as killed:
        await claims.claim(database, killed.id, 1)
    async with joined(database_uri) as restarted:
        assert restarted.membership.requeued == 1
        [claim] = await claims.claim(database, restarted.id, 1)
        assert claim.name == "task"


async def test_another_machine_waits_until_a_beat_is_missed(database: Database, database_uri: str) -> None:
    async with joined(database_uri) as killed:
        pass
    with pytest.raises(UserError, match="already running"):
        async with joined(database_uri, machine="machine-2"):
            pass
    await age(database, killed.id, 7)
    async with joined(database_uri, machine="machine-2"):
        pass


async def test_a_beat_renews_the_lease_and_returns_the_desired_state(
    database: Database, database_uri: str
) -> None:
    [uuid] = await add(database, row("task"))
    async with joined(database_uri) as node:
        beat = await leases.beat(node.connection, node.id, 15, [])
        assert (beat.state, beat.work, beat.mine) == ("online", True, {})
        [claim] = await claims.claim(database, node.id, 1)
        await tasks.pause(database, [uuid])
        beat = await leases.beat(node.connection, node.id, 15, [LiveProgress(claim.id, claim.epoch, 42.0)])
        assert (beat.work, beat.mine) == (False, {claim.id: (claim.epoch, "pause")})
        [task] = await tasks.get_tasks(database, [uuid])
        assert (task.progress, task.paused) == (42.0, True)
        [shown] = await nodes.list_nodes(database)
        assert shown.heartbeat_age < 5


async def test_a_function_of_another_role_is_never_called(database: Database, database_uri: str) -> None:
    """It matches better than PostgreSQL's own function, so its creator could cancel every task."""
    async with database.transaction() as connection:
        await connection.execute(
            "CREATE FUNCTION public.jsonb_build_array(bigint, integer, text) RETURNS jsonb LANGUAGE sql"
            " AS $$ SELECT pg_catalog.jsonb_build_array($1, $2, 'cancel'::text, 'x'::text) - 3 $$"
        )
    await add(database, row("task"))
    async with joined(database_uri) as node:
        [claim] = await claims.claim(database, node.id, 1)
        beat = await leases.beat(node.connection, node.id, 15, [])
        assert beat.mine == {claim.id: (1, "run")}


async def test_work_that_needs_other_labels_does_not_count(database: Database, database_uri: str) -> None:
    await add(database, row("task", labels=("elsewhere",)))
    async with joined(database_uri) as node:
        assert not (await leases.beat(node.connection, node.id, 15, [])).work


async def test_a_dead_nodes_tasks_are_requeued_with_a_higher_epoch(
    database: Database, database_uri: str
) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as frozen, joined(database_uri, identifier="b") as live:
        [lost] = await claims.claim(database, frozen.id, 1)
        await age(database, frozen.id, 16)
        assert (await leases.beat(live.connection, live.id, 15, [])).late
        swept = await sweep(database, live.id)
        assert swept.dead == ("a",)
        assert swept.moved == ((lost.uuid, TaskStatus.QUEUED, "a"),)
        [reclaimed] = await claims.claim(database, live.id, 1)
        assert reclaimed.epoch > lost.epoch
        assert (await leases.beat(frozen.connection, frozen.id, 15, [])).state is None
        done = Outcome(TaskStatus.DONE_SUCCESSFUL, 100)
        assert await claims.finish_tasks(database, frozen.id, [(lost, done)]) == {}


async def test_a_missed_beat_does_not_kill_a_node_that_holds_its_lock(
    database: Database, database_uri: str
) -> None:
    async with joined(database_uri) as slow, joined(database_uri, identifier="b") as live:
        await age(database, slow.id, 7)
        assert (await sweep(database, live.id)).dead == ()
        slow.connection.terminate()
        for _ in range(50):  # the server needs a moment to see that the connection is gone
            if (swept := await sweep(database, live.id)).dead:
                break
            await asyncio.sleep(0.1)
        assert swept.dead == ("a",)


async def test_a_node_that_slept_declares_no_node_dead(database: Database, database_uri: str) -> None:
    """Neither because of a beat before its sleep, nor of one that is not its newest."""
    async with joined(database_uri) as other, joined(database_uri, identifier="b") as woken:
        before = (await leases.beat(woken.connection, woken.id, 15, [])).at
        assert before is not None
        for node in (other, woken):  # the server's clock, or the server, made a leap
            await age(database, node.id, 60)
        assert (await sweep(database, woken.id)).dead == (), "its newest beat is too old"
        beat = await leases.beat(woken.connection, woken.id, 15, [])
        assert beat.late and beat.gap > 60
        assert (await leases.sweep(database, woken.id, before)).dead == (), "it has beaten since"
        await age(database, woken.id, 6.5)
        assert (await sweep(database, woken.id)).dead == (), "it is late itself"
        await leases.beat(woken.connection, woken.id, 15, [])
        assert (await sweep(database, woken.id)).dead == ("a",)
        async with database.transaction() as connection:
            await connection.execute(
                "UPDATE ffmate.nodes SET beat_at = clock_timestamp() WHERE id = $1", other.id
            )
        await age(database, woken.id, 60)
        assert (await sweep(database, other.id)).dead == (), "a dead node declares no node dead"
        next_beat = await leases.beat(woken.connection, woken.id, 15, [])
        assert next_beat.gap > 60 and next_beat.shortest == 5


async def test_many_sweepers_at_once_move_each_task_once(database: Database, database_uri: str) -> None:
    await add(database, *(row(str(number)) for number in range(20)))
    async with joined(database_uri) as frozen, joined(database_uri, identifier="b") as live:
        while await claims.claim(database, frozen.id, 20):
            pass  # its share, until nothing is left
        await age(database, frozen.id, 16)
        swept = await asyncio.gather(*(sweep(database, live.id) for _ in range(6)))
        moved = [uuid for result in swept for uuid, _, _ in result.moved]
        assert len(moved) == len(set(moved)) == 20
        assert {task.epoch for task in await tasks.list_tasks(database)} == {2}


async def test_a_task_that_was_lost_three_times_is_given_up(database: Database, database_uri: str) -> None:
    [uuid] = await add(database, row("poison"))
    async with joined(database_uri, identifier="live") as live:
        for number in range(MAX_LOSSES):
            async with joined(database_uri, identifier=f"n{number}") as node:
                async with database.transaction() as connection:
                    await connection.execute("UPDATE ffmate.tasks SET not_before = NULL")
                await claims.claim(database, node.id, 1)
                await age(database, node.id, 16)
                await sweep(database, live.id)
                [waits] = await database.fetch(
                    Sql("SELECT not_before > now() + interval '3s' FROM ffmate.tasks")
                )
                assert waits[0] is (number > 0), "the second loss may be the task's own doing"
                left = {leftover.task for leftover in await leases.leftovers_of_ended(database)}
                assert left == ({uuid} if number == MAX_LOSSES - 1 else set()), (
                    "a node may still come back to it"
                )
        [task] = await tasks.get_tasks(database, [uuid])
        assert task.status is TaskStatus.DONE_ERROR
        assert task.error == "3 nodes were lost while they worked on this task; the last one was n2."


async def test_a_cancelled_task_of_a_dead_node_is_cancelled(database: Database, database_uri: str) -> None:
    [uuid] = await add(database, row("task"))
    async with joined(database_uri) as frozen, joined(database_uri, identifier="b") as live:
        await claims.claim(database, frozen.id, 1)
        await tasks.cancel(database, [uuid])
        await age(database, frozen.id, 16)
        await sweep(database, live.id)
        [task] = await tasks.get_tasks(database, [uuid])
        assert task.status is TaskStatus.DONE_CANCELED


@pytest.mark.parametrize("end", ["dies", "stops"])
async def test_a_deleted_task_goes_also_when_its_node_ends(
    database: Database, database_uri: str, end: str
) -> None:
    [uuid] = await add(database, row("task"))
    async with joined(database_uri) as node, joined(database_uri, identifier="b") as live:
        [claim] = await claims.claim(database, node.id, 1)
        await claims.append_log(database, node.id, claim, 1, "line\n")
        await tasks.delete(database, [uuid])
        if end == "dies":
            await age(database, node.id, 16)
            await sweep(database, live.id)
        else:
            await claims.give_back(database, node.id)
    assert await tasks.get_tasks(database, [uuid]) == []
    assert await database.fetch(Sql("SELECT 1 FROM ffmate.task_logs")) == []


async def test_strays_are_requeued_without_burying_anybody(database: Database, database_uri: str) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as left, joined(database_uri, identifier="b") as live:
        await claims.claim(database, left.id, 1)
        await age(database, live.id, 60)
        await leases.leave(database, left.id)
        await age(database, live.id, -60)
        assert (await leases.beat(live.connection, live.id, 15, [])).stray
        await age(database, live.id, 60)
        assert len((await leases.requeue_strays(database)).moved) == 1
        shown = {node.identifier: node.state for node in await nodes.list_nodes(database)}
        assert shown == {"a": NodeState.LEFT, "b": NodeState.ONLINE}


async def test_a_stray_of_a_node_that_was_forgotten_is_requeued(
    database: Database, database_uri: str
) -> None:
    await add(database, row("task"))
    async with joined(database_uri) as gone:
        await claims.claim(database, gone.id, 1)
        await leases.leave(database, gone.id)
        await leases.forget_nodes(database, timedelta(0))
        assert await nodes.list_nodes(database) == []
        assert len((await leases.requeue_strays(database)).moved) == 1


async def test_what_lies_in_the_root_of_a_disk_is_looked_for_there(
    database: Database, database_uri: str
) -> None:
    outputs = {"/out.mp4": "/", "/films/out.mp4": "/films", "D:\\out.mp4": "D:\\", "D:\\a\\out.mp4": "D:\\a"}
    uuids = await add(database, *(replace(row(path), spec=spec(output=path)) for path in outputs))
    async with joined(database_uri, slots=4) as node:
        assert len(await claims.claim(database, node.id, 4)) == 4
        await tasks.cancel(database, uuids)
        await leases.leave(database, node.id)
        await leases.requeue_strays(database)
    left = {leftover.task: leftover.folders for leftover in await leases.leftovers_of_ended(database)}
    assert [left[uuid] for uuid in uuids] == [(folder,) for folder in outputs.values()]


@pytest.mark.parametrize("change", ["cancelled", "another epoch", "another task of this id", "good"])
async def test_of_what_a_dead_incarnation_still_holds_only_what_is_as_it_was_is_taken_over(
    database: Database, database_uri: str, change: str
) -> None:
    [uuid] = await add(database, row("task"))
    async with joined(database_uri) as node, joined(database_uri, identifier="b") as live:
        [claim] = await claims.claim(database, node.id, 1)
        await age(database, node.id, 16)
        await database.fetch(
            query("leases", "declare_late_nodes_dead"), live.id, await newest_beat(database, live.id)
        )
        rejoined = await leases.join(node.connection, node.facts)
        if change == "cancelled":
            await tasks.cancel(database, [uuid])
        epoch = claim.epoch + (change == "another epoch")
        named = uuid4() if change.startswith("another task") else uuid
        adopted = await leases.adopt(node.connection, rejoined.id, [(claim.id, epoch, node.id, named)])
    assert bool(adopted) is (change == "good")


async def test_a_drain_reaches_the_node_with_its_beat(database: Database, database_uri: str) -> None:
    async with joined(database_uri) as node:
        assert await nodes.drain(database, "a")
        assert not await nodes.drain(database, "nobody")
        assert (await leases.beat(node.connection, node.id, 15, [])).state == "draining"


async def test_nodes_that_ended_long_ago_are_forgotten(database: Database, database_uri: str) -> None:
    async with joined(database_uri) as old, joined(database_uri, identifier="b") as live:
        await leases.leave(database, old.id)
        await leases.forget_nodes(database, timedelta(days=1))
        assert len(await nodes.list_nodes(database)) == 2
        await leases.forget_nodes(database, timedelta(0))
        assert [node.identifier for node in await nodes.list_nodes(database)] == ["b"]
        assert (await leases.beat(live.connection, live.id, 15, [])).state == "online"


async def test_late_and_lost_nodes_are_distinguished(database: Database, database_uri: str) -> None:
    async with joined(database_uri) as node:
        await age(database, node.id, 9)
        assert (await nodes.list_nodes(database))[0].status == "late"
        await age(database, node.id, 9)
        async with joined(database_uri, identifier="b") as live:
            await sweep(database, live.id)
        assert {n.identifier: n.status for n in await nodes.list_nodes(database)}["a"] == "lost"
