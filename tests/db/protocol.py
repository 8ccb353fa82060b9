"""Simulated nodes on the real SQL: what each believes, what each may do, and the rows as they were before."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import asyncpg

from ffmate_desktop.db import claims, leases, nodes, tasks
from ffmate_desktop.db.connection import Database, connect
from ffmate_desktop.db.leases import Membership
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import Claim, Outcome, TaskStatus
from tests.db.cluster import FACTS, age, row

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

T = TypeVar("T")

ACTIVE = ("PRE_PROCESSING", "RUNNING", "POST_PROCESSING")
DONE = Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0, None, {})


@dataclass
class Sim:
    """One node: its connection, its incarnation, and the claims that it believes to hold, right or wrong."""

    name: str
    labels: tuple[str, ...]
    connection: "Connection | None" = None
    membership: Membership | None = None
    held: list[tuple[int, Claim]] = field(default_factory=list)
    """(incarnation, claim)."""
    stale: list[tuple[int, Claim]] = field(default_factory=list)
    """What it once held: writes that are late still name it."""

    @property
    def id(self) -> int:
        """Its incarnation."""
        assert self.membership is not None
        return self.membership.id


class Cluster:
    """Three nodes, one database. Every method is one step that a node, a person or fate takes."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._runner = asyncio.Runner()
        self._database = Database(uri, size=2)
        self.sims = [Sim("a", ("gpu",)), Sim("b", ("gpu",)), Sim("c", ())]
        self.run(self._database.open())

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        """Take a step to its end."""
        return self._runner.run(step)

    def begin(self) -> None:
        """Everything anew, but for the connections, which are dear."""
        self.run(self._begin())

    async def _begin(self) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                "TRUNCATE ffmate.tasks, ffmate.nodes, ffmate.batches, ffmate.task_logs, ffmate.leftovers"
            )
        for sim in self.sims:
            sim.held.clear()
            sim.stale.clear()
            if sim.connection is not None:
                await sim.connection.execute("SELECT pg_advisory_unlock_all()")
            await self._join(sim)

    def close(self) -> None:
        """End everything."""
        self.run(self._end())
        self._runner.close()

    async def _end(self) -> None:
        for sim in self.sims:
            if sim.connection is not None:
                sim.connection.terminate()
        await self._database.close()

    async def _join(self, sim: Sim) -> bool:
        sim.connection = sim.connection or await connect(self._uri)
        facts = replace(FACTS, identifier=sim.name, labels=sim.labels, machine=f"machine of {sim.name}")
        try:
            sim.membership = await leases.join(sim.connection, facts)
        except UserError:
            return False
        return True

    async def rows(self) -> dict[int, asyncpg.Record]:
        """Every task as it is, with whether its owner is alive, by id."""
        async with self._database.transaction() as connection:
            found = await connection.fetch("""
                SELECT t.id, t.uuid, t.status, t.phase, t.desired, t.epoch, t.node_id, t.version, t.losses,
                       r.labels, n.state AS owner, n.lease_until > clock_timestamp() AS leased
                  FROM ffmate.tasks t JOIN ffmate.requirement_sets r ON r.id = t.requirement_set
                  LEFT JOIN ffmate.nodes n ON n.id = t.node_id ORDER BY t.id""")
        return {one["id"]: one for one in found}

    async def is_good(self, sim: Sim) -> bool:
        """Whether the database gives tasks to this node."""
        async with self._database.transaction() as connection:
            return bool(
                await connection.fetchval(
                    "SELECT state = 'online' AND lease_until > clock_timestamp() FROM ffmate.nodes WHERE id = $1",
                    sim.id,
                )
            )

    async def submit(self, priority: int, labels: tuple[str, ...]) -> None:
        """A person queues a task."""
        task = row("task", priority=priority, labels=labels)
        await tasks.insert(self._database, [task], batch=None, source="test")

    async def claim(self, sim: Sim, slots: int) -> list[Claim]:
        """A node asks for work."""
        claimed = await claims.claim(self._database, sim.id, slots)
        sim.held += [(sim.id, claim) for claim in claimed]
        sim.stale += [(sim.id, claim) for claim in claimed]
        return claimed

    async def write(self, sim: Sim, node_id: int, claim: Claim, kind: str) -> bool:
        """A fenced write under a claim, good or stale; whether it was accepted."""
        match kind:
            case "encode" | "publish":
                record: dict[str, Any] | None = {"outputs": [], "result": {}} if kind == "publish" else None
                return await claims.set_phase(self._database, node_id, claim, kind, {}, record) is not None
            case "output":
                return await claims.set_output(self._database, node_id, claim, f"/{claim.id}")
            case "log":
                before = await self._lines()
                await claims.append_log(self._database, node_id, claim, before + 1, "line")
                return await self._lines() > before
            case "give_back":
                return bool(await claims.give_back(self._database, node_id, [claim.id]))
            case "delete":
                return await claims.delete_claimed(self._database, node_id, claim)
            case "finish":
                return claim.id in await claims.finish(self._database, node_id, [(claim, DONE)])
            case "cancelled":
                outcome = replace(DONE, status=TaskStatus.DONE_CANCELED)
                return claim.id in await claims.finish(self._database, node_id, [(claim, outcome)])
            case _:
                raise ValueError(kind)

    async def _lines(self) -> int:
        async with self._database.transaction() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM ffmate.task_logs"))

    async def beat(self, sim: Sim) -> None:
        """A node beats; what it learns is acted upon as the program does: join anew, take back, forget, give back."""
        if sim.connection is None or sim.membership is None:
            return
        answer = await leases.beat(sim.connection, sim.id, FACTS.lease, [])
        if answer.state is None:
            if not await self._join(sim):
                sim.held.clear()
                return
            answer = await leases.beat(sim.connection, sim.id, FACTS.lease, [])
        believed = [
            (node_id, claim) for node_id, claim in sim.held if not self._mine(sim, node_id, claim, answer)
        ]
        held = [(claim.id, claim.epoch, node_id) for node_id, claim in believed]
        adopted = await leases.adopt(sim.connection, sim.id, held) if held else {}
        for node_id, claim in believed:
            sim.held.remove((node_id, claim))
            if claim.id in adopted and claim.id not in {mine.id for _, mine in sim.held}:
                sim.held.append((sim.id, replace(claim, epoch=adopted[claim.id][0])))
        unknown = set(answer.mine) - {claim.id for _, claim in sim.held}
        if unknown:
            await claims.give_back(self._database, sim.id, list(unknown))

    def _mine(self, sim: Sim, node_id: int, claim: Claim, answer: leases.Beat) -> bool:
        believed = answer.mine.get(claim.id)
        return node_id == sim.id and believed is not None and believed[0] == claim.epoch

    async def sweep(self, sim: Sim) -> None:
        """A node that has been connected long enough looks after the dead."""
        await leases.sweep(self._database, sim.id)

    async def expire(self, sim: Sim) -> None:
        """The node sleeps for a minute."""
        await age(self._database, sim.id, 60)

    async def die(self, sim: Sim) -> None:
        """kill -9; what it was about to write may still arrive."""
        if sim.connection is not None:
            sim.connection.terminate()
            sim.connection = None
            await self._lock_is_free(sim.id)

    async def _lock_is_free(self, node_id: int) -> None:
        async with asyncio.timeout(5), self._database.transaction() as connection:
            while not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", node_id):
                await asyncio.sleep(0.005)

    async def start(self, sim: Sim) -> None:
        """The program starts again under the same name; what the dead one held is forgotten."""
        if sim.connection is None and await self._join(sim):
            sim.held.clear()

    async def leave(self, sim: Sim) -> None:
        """In order, and then it joins again."""
        await claims.give_back(self._database, sim.id)
        await leases.leave(self._database, sim.id)
        sim.held.clear()

    async def drain(self, sim: Sim) -> None:
        """Somebody sends it home."""
        await nodes.drain(self._database, sim.name)

    async def command(self, uuid: UUID, word: str) -> bool:
        """A person commands a task; whether it was accepted."""
        commands = {
            "cancel": tasks.cancel,
            "pause": tasks.pause,
            "resume": tasks.resume,
            "restart": tasks.restart,
            "delete": tasks.delete,
        }
        return uuid in await commands[word](self._database, [uuid])

    async def forget(self) -> None:
        """Rows of nodes that ended are pruned at once."""
        await leases.forget_nodes(self._database, timedelta(0))
