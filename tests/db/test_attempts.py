"""The timeline of a task: every attempt, however it ended."""

import pytest

from ffmate_desktop.db import claims, leases, tasks
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.attempt import AttemptEnd
from ffmate_desktop.domain.task import Outcome, TaskStatus
from tests.db.cluster import add, age, joined, row, sweep

pytestmark = pytest.mark.db


async def test_every_attempt_is_listed(database: Database, database_uri: str) -> None:
    [uuid] = await add(database, row("a"))
    assert await tasks.attempts(database, uuid) == []
    async with joined(database_uri) as node:
        await claims.claim(database, node.id, 1)
        [running] = await tasks.attempts(database, uuid)
        assert (running.node, running.end, running.ended) == ("a", AttemptEnd.RUNNING, None)
        await claims.give_back(database, node.id)
        async with joined(database_uri, identifier="b") as other:
            await claims.claim(database, other.id, 1)
            await age(database, other.id, 100)
            await sweep(database, node.id)
        async with database.transaction() as connection:
            await connection.execute("UPDATE ffmate.tasks SET not_before = NULL")
        [third] = await claims.claim(database, node.id, 1)
        failed = Outcome(TaskStatus.DONE_ERROR, 5, "It broke.\nline")
        await claims.finish_tasks(database, node.id, [(third, failed)])
        ends = ["given_back", "node_lost", "failed"]
        before = await tasks.attempts(database, uuid)
        assert [attempt.end for attempt in before] == ends
        await tasks.restart(database, [uuid])
        restarted = await tasks.attempts(database, uuid)
        assert restarted == before
        [fourth] = await claims.claim(database, node.id, 1)
        await claims.finish_tasks(database, node.id, [(fourth, Outcome(TaskStatus.DONE_SUCCESSFUL, 100))])
    found = await tasks.attempts(database, uuid)
    assert [attempt.end for attempt in found] == [*ends, "done"]
    assert [attempt.node for attempt in found] == ["a", "b", "a", "a"]
    assert [attempt.number for attempt in found] == [1, 2, 3, 1]
    assert [attempt.error for attempt in found] == [None, None, "It broke.", None]
    assert all(attempt.started and attempt.ended and attempt.started <= attempt.ended for attempt in found)


async def test_a_task_that_was_taken_back_counts_no_loss(database: Database, database_uri: str) -> None:
    [uuid] = await add(database, row("a"))
    async with joined(database_uri) as node, joined(database_uri, identifier="b") as other:
        [claim] = await claims.claim(database, node.id, 1)
        await age(database, node.id, 100)
        await sweep(database, other.id)
        rejoined = await leases.join(node.connection, node.facts)
        await leases.adopt(node.connection, rejoined.id, [(claim.id, claim.epoch, node.id, uuid)])
    assert [attempt.end for attempt in await tasks.attempts(database, uuid)] == ["taken_back", "running"]


async def test_a_cancelled_task_of_a_stopping_node_is_listed_once(
    database: Database, database_uri: str
) -> None:
    [uuid] = await add(database, row("a"))
    async with joined(database_uri) as node:
        await claims.claim(database, node.id, 1)
        await tasks.cancel(database, [uuid])
        await claims.give_back(database, node.id)
    assert [attempt.end for attempt in await tasks.attempts(database, uuid)] == ["cancelled"]
