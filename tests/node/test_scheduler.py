"""The scheduler on the real database: ends and claims travel together, and each end gets its own answer."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ffmate_desktop.db import claims, tasks
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.task import Claim, Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts
from ffmate_desktop.node.scheduler import UNWRITTEN, Scheduler
from tests.db.cluster import Joined, add, joined, row
from tests.expected_warnings import ExpectedWarnings
from tests.node.farm import Farm
from tests.node.waiting import until

pytestmark = pytest.mark.db
DONE = Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0)


class Counting(Database):
    """Counts statements; `away` lets them fail as they do when the connection is lost."""

    statements = 0
    away = False

    async def fetch(self, sql: Sql, *arguments: Any) -> "list[asyncpg.Record]":
        """As the pool does."""
        self.statements += 1
        if self.away:
            raise ConnectionResetError("the database is away")
        return await super().fetch(sql, *arguments)


class Desk:
    """A node with a scheduler whose tasks run until the test ends them."""

    def __init__(self, database: Counting, node: Joined, slots: int) -> None:
        self.database, self.node, self.slots = database, node, slots
        self.runs: dict[str, Claim] = {}
        self.scheduler = Scheduler(
            database,
            node_id=lambda: node.id,
            free_slots=lambda: (max(self.slots - len(self.runs), 0), 0),
            start=lambda claim, _node_id: self.runs.update({claim.name: claim}),
        )

    async def end(self, name: str) -> bool:
        """Free the slot and write the end; whether it was accepted."""
        claim = self.runs.pop(name)
        return claim.id in await self.scheduler.finish(self.node.id, [(claim, DONE)])


@asynccontextmanager
async def desk(uri: str, slots: int) -> AsyncIterator[Desk]:
    database = Counting(uri)
    async with database, joined(uri) as node:
        desk = Desk(database, node, slots)
        running = asyncio.create_task(desk.scheduler.run())
        desk.scheduler.wake()
        try:
            yield desk
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_what_ends_meanwhile_shares_a_statement_with_the_next_claims(
    database: Database, database_uri: str
) -> None:
    await add(database, *(row(str(number)) for number in range(9)))
    async with desk(database_uri, 3) as node:
        await until(lambda: len(node.runs) == 3, "the claims")
        await asyncio.sleep(0.05)
        before = node.database.statements
        assert await asyncio.gather(*(node.end(name) for name in ("0", "1", "2"))) == [True] * 3
        assert node.database.statements == before + 2, "the first end goes at once, the others together"
        assert set(node.runs) == {"3", "4", "5"}, "the claims came with the answer to the ends"
    done = await tasks.count_by_status(database)
    assert done == {TaskStatus.DONE_SUCCESSFUL: 3, TaskStatus.RUNNING: 3, TaskStatus.QUEUED: 3}


async def test_each_end_learns_whether_its_claim_was_lost(database: Database, database_uri: str) -> None:
    await add(database, row("good"), row("lost"))
    async with desk(database_uri, 2) as node:
        await until(lambda: len(node.runs) == 2, "the claims")
        node.slots = 0
        await claims.give_back(database, node.node.id, {node.runs["lost"].id: node.runs["lost"].epoch})
        good, lost = await asyncio.gather(node.end("good"), node.end("lost"))
        assert (good, lost) == (True, False)


async def test_an_end_without_an_answer_is_repeated_by_its_caller(
    database: Database, database_uri: str
) -> None:
    await add(database, row("a"), row("b"))
    async with desk(database_uri, 2) as node:
        await until(lambda: len(node.runs) == 2, "the claims")
        claimed = dict(node.runs)
        node.database.away = True
        answers = await asyncio.gather(node.end("a"), node.end("b"), return_exceptions=True)
        assert [type(answer) for answer in answers] == [ConnectionResetError] * 2
        node.database.away = False
        ended = await node.scheduler.finish(node.node.id, [(claimed["a"], DONE)])
        assert ended == {claimed["a"].id: "run"}, "b is not written behind its back"
        [b] = await tasks.get_tasks(database, [claimed["b"].uuid])
        assert b.status is TaskStatus.RUNNING


async def test_an_end_of_a_former_incarnation_goes_alone(database: Database, database_uri: str) -> None:
    await add(database, *(row(str(number)) for number in range(3)))
    async with desk(database_uri, 2) as node, joined(database_uri, identifier="former") as former:
        await until(lambda: len(node.runs) == 2, "the claims")
        node.slots = 0
        [claim] = await claims.claim(database, former.id, 1)
        before = node.database.statements
        mine, other = await asyncio.gather(node.end("0"), node.scheduler.finish(former.id, [(claim, DONE)]))
        assert (mine, other) == (True, {claim.id: "run"})
        assert node.database.statements == before + 2


TOO_MUCH = Outcome(TaskStatus.DONE_ERROR, 40.0, "It broke.", TaskFacts(unknown={"frames": object()}))
"""What has no form in JSON."""
TABOO = "ALTER TABLE ffmate.tasks ADD CONSTRAINT taboo CHECK (error <> 'Taboo.')"
REFUSED = Outcome(TaskStatus.DONE_ERROR, 40.0, "Taboo.", TaskFacts(size=3))


@pytest.mark.parametrize("poison", [TOO_MUCH, REFUSED], ids=["not to be sent", "refused by the server"])
async def test_an_end_whose_data_is_refused_holds_up_no_other(
    database: Database, database_uri: str, expected_warnings: ExpectedWarnings, poison: Outcome
) -> None:
    await add(database, row("good"), row("poison"), row("next"))
    async with database.transaction() as connection:
        await connection.execute(TABOO)
    expected_warnings.expect("The database cannot store how poison .* ended")
    async with desk(database_uri, 2) as node:
        await until(lambda: len(node.runs) == 2, "the claims")
        good, bad = node.runs.pop("good"), node.runs.pop("poison")
        ends = await asyncio.gather(
            node.scheduler.finish(node.node.id, [(bad, poison)]),
            node.scheduler.finish(node.node.id, [(good, DONE), (bad, poison)]),
        )
        assert list(ends) == [{bad.id: "run"}, {good.id: "run", bad.id: "run"}]
        await until(lambda: "next" in node.runs, "the claim that travelled with them")
    [fine, failed] = await tasks.get_tasks(database, [good.uuid, bad.uuid])
    assert fine.status is TaskStatus.DONE_SUCCESSFUL
    assert (failed.status, failed.progress, failed.error) == (TaskStatus.DONE_ERROR, 40.0, UNWRITTEN)


async def test_any_output_of_ffmpeg_can_be_stored(farm: Farm, clip: Path) -> None:
    """Half a character and bytes that are not text, in the name of the input, the error and the log."""
    odd = clip.with_name(os.fsdecode(b"\xed\xa0\x80 \xff.mov"))
    odd.write_bytes(clip.read_bytes()[:3000])
    await farm.node(slots=2)
    broken, good = await farm.add(odd), await farm.add(clip)
    task = await farm.done(broken)
    assert task.status is TaskStatus.DONE_ERROR
    assert task.error and task.error != UNWRITTEN
    await farm.successful(good)


RECORD = """
CREATE TABLE public.written (name text, status text, by xid8);
CREATE FUNCTION public.record() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO public.written VALUES (NEW.name, NEW.status, pg_current_xact_id()); RETURN NULL; END';
CREATE TRIGGER record AFTER UPDATE OF status ON ffmate.tasks FOR EACH ROW
    WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION public.record()
"""


async def test_the_claim_of_the_next_task_travels_with_the_last_write(farm: Farm, clip: Path) -> None:
    """One that ends before it was encoded has a slot until then; its last write asks for the next one."""
    async with farm.database.transaction() as connection:
        await connection.execute(RECORD)
    output = farm.folder / "fails.mp4"
    failing = await farm.add(clip, output=str(output), name="fails", priority=1, if_exists="replace")
    following = await farm.add(clip, name="follows")
    output.hardlink_to(clip)  # its output is its input now
    await farm.node(slots=1, heartbeat=60)
    await farm.done(failing)
    await farm.successful(following)
    rows = await farm.sql("SELECT name, status, by FROM public.written")
    by = {(row["name"], row["status"]): row["by"] for row in rows}
    assert by["fails", "DONE_ERROR"] == by["follows", "RUNNING"]
