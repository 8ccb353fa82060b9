"""Simulated nodes on the real SQL. Every step is taken in the reference too: answers and rows must be the same."""

import asyncio
import copy
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import asyncpg

from ffmate_desktop.db import claims, leases, nodes, scripts, tasks
from ffmate_desktop.db.connection.connection import Database, connect
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.publishing import Published, PublishingRecord, RecordedFile, RecordedOutput
from ffmate_desktop.domain.task import Claim, Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts
from tests.db.cluster import FACTS, newest_beat, row, sweep
from tests.db.reference import Node, Task, World

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

T = TypeVar("T")
Entry = tuple[int, Claim]
"""A claim and the incarnation that got it."""

HOUR = 3600.0
"""The heartbeat of the model, so that no real time matters: what is late was made late."""

WRITES = (
    "before",
    "encode",
    "publish",
    "after",
    "output",
    "log",
    "give_back",
    "remove",
    "finish",
    "fail",
    "cancelled",
    "refuse",
)
STAGES: dict[str, tuple[TaskStatus, PublishingRecord | None]] = {
    "before": (TaskStatus.PRE_PROCESSING, None),
    "after": (TaskStatus.POST_PROCESSING, PublishingRecord((), TaskFacts(), Published((), 3, 3))),
}
OUTCOMES = {
    "finish": Outcome(TaskStatus.DONE_SUCCESSFUL, 100.0, facts=TaskFacts(size=3)),
    "fail": Outcome(TaskStatus.DONE_ERROR, 100.0, "It broke."),
    "cancelled": Outcome(TaskStatus.DONE_CANCELED, 100.0),
}
_TABLES = ("tasks", "nodes", "task_logs", "leftovers")

_SNAPSHOT = """
SELECT (SELECT jsonb_agg(jsonb_build_array(t.id, t.version, jsonb_build_object(
            'uuid', t.uuid, 'priority', t.priority, 'labels', r.labels, 'status', t.status, 'phase', t.phase,
            'desired', t.desired, 'epoch', t.epoch, 'node_id', t.node_id, 'node_name', t.node_name,
            'attempts', t.attempts, 'losses', t.losses,
            'postponed', coalesce(t.not_before > clock_timestamp(), false), 'progress', t.progress,
            'output_key', t.output_key, 'error', t.error, 'result', t.result,
            'publishing', t.publishing, 'refused', t.refused, 'started', t.started_at IS NOT NULL,
            'finished', t.finished_at IS NOT NULL)))
          FROM ffmate.tasks t JOIN ffmate.requirement_sets r ON r.id = t.requirement_set) AS tasks,
       (SELECT jsonb_agg(jsonb_build_array(n.id, jsonb_build_object(
            'name', n.identifier, 'labels', n.labels, 'state', n.state, 'leased', n.lease_until > clock_timestamp(),
            'late', n.beat_at + n.heartbeat * 1.2 < clock_timestamp()))) FROM ffmate.nodes n) AS nodes,
       (SELECT jsonb_agg(jsonb_build_array(l.task_id, l.epoch, l.seq)) FROM ffmate.task_logs l) AS logs,
       (SELECT jsonb_agg(jsonb_build_array(l.task, l.epoch, l.machine, l.folders))
          FROM ffmate.leftovers l) AS leftovers
"""


@dataclass
class Sim:
    """One node: its connection, its incarnations, and the claims that it believes to hold, right or wrong."""

    name: str
    labels: tuple[str, ...]
    connection: "Connection | None" = None
    past: list[int] = field(default_factory=list)
    """Incarnations, the present one last."""
    held: dict[int, Entry] = field(default_factory=dict)
    """By task, as in the program."""

    @property
    def id(self) -> int:
        """Its incarnation."""
        return self.past[-1]


class Cluster:
    """Three nodes, one database and its reference model. Every method is a step of a node or a user, or a fault."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._runner = asyncio.Runner()
        self._database = Database(uri, size=2)
        self.sims = [Sim("a", ("gpu",)), Sim("b", ("gpu",)), Sim("c", ())]
        self.world = World()
        self.stale: list[Entry] = []
        """Every claim that ever existed."""
        self.versions: dict[int, int] = {}
        self._sequence = 0
        self._saved: tuple[World, dict[int, int]] | None = None
        self.run(self._open())

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        """Run a step until it is complete."""
        return self._runner.run(step)

    async def _open(self) -> None:
        await self._database.open()
        self._observer = await connect(self._uri)
        for table in _TABLES:
            await self._observer.execute(
                f"CREATE TEMP TABLE saved_{table} AS TABLE ffmate.{table} WITH NO DATA"
            )

    def begin(self) -> None:
        """Start over with empty tables. Connections are kept, because they are expensive."""
        self.run(self._begin())

    async def _begin(self) -> None:
        await self._observer.execute(";".join(f"DELETE FROM ffmate.{table}" for table in _TABLES))
        self.world, self.stale, self._saved = World(), [], None
        for sim in self.sims:
            sim.held.clear()
            sim.past.clear()
            if sim.connection is not None:
                await sim.connection.execute("SELECT pg_advisory_unlock_all()")
            await self._join(sim)
        await self.compare()

    def close(self) -> None:
        """End everything."""
        self.run(self._end())
        self._runner.close()

    async def _end(self) -> None:
        for connection in (self._observer, *(sim.connection for sim in self.sims)):
            if connection is not None:
                connection.terminate()
        await self._database.close()

    async def compare(self) -> None:
        """Every row is as the reference has it."""
        row = await self._observer.fetchrow(_SNAPSHOT)
        assert row is not None
        found = World(
            {key: Task(**_typed(values)) for key, _, values in row["tasks"] or []},
            {key: Node(**_typed(values)) for key, values in row["nodes"] or []},
            {(task, epoch, seq) for task, epoch, seq in row["logs"] or []},
            {
                (UUID(task), epoch): (machine, folders)
                for task, epoch, machine, folders in row["leftovers"] or []
            },
            self.world.locks,
        )
        self.versions = {key: version for key, version, _ in row["tasks"] or []}
        assert found == self.world, _difference(found, self.world)

    # Nodes

    async def _join(self, sim: Sim) -> None:
        sim.connection = sim.connection or await connect(self._uri)
        facts = replace(
            FACTS, identifier=sim.name, labels=sim.labels, machine=f"machine of {sim.name}", heartbeat=HOUR
        )
        joined = await leases.join(sim.connection, facts)
        sim.past.append(joined.id)
        assert joined.requeued == self.world.join(joined.id, sim.name, sim.labels)

    async def start(self, sim: Sim) -> None:
        """The program starts again under the same name; what the dead one held is forgotten."""
        if sim.connection is None:
            sim.held.clear()
            await self._join(sim)
            await self._postpone()

    async def beat(self, sim: Sim) -> None:
        """A node beats and acts on the answer as the program does: rejoin, adopt, forget, release."""
        if sim.connection is None:
            return
        answer = await self._ask(sim)
        if answer.state is None:
            await self._join(sim)
            answer = await self._ask(sim)
        lost = {
            task: entry
            for task, entry in sim.held.items()
            if (entry[0], entry[1].epoch) != (sim.id, answer.mine.get(task, (None,))[0])
        }
        await self.adopt(
            sim, [(task, claim.epoch, holder, claim.uuid) for task, (holder, claim) in lost.items()]
        )
        unknown = set(answer.mine) - set(sim.held) - set(lost)
        if unknown:
            await self.give_back(sim.id, {task: answer.mine[task][0] for task in unknown})

    async def _ask(self, sim: Sim) -> leases.Beat:
        assert sim.connection is not None
        answer = await leases.beat(sim.connection, sim.id, 3 * HOUR, [])
        # What the node shows, and the moment at which others may be dead, are proved by tests of their own.
        protocol = replace(answer, due=None, at=None, gap=0, shortest=0, slots=0, paused=False)
        assert protocol == self.world.beat(sim.id)
        return answer

    async def adopt(self, sim: Sim, held: Sequence[leases.Held]) -> None:
        """A node wants back what it encodes; what it does not get it forgets."""
        if sim.connection is None or not held:
            return
        adopted = await leases.adopt(sim.connection, sim.id, held)
        assert adopted == self.world.adopt(sim.id, held)
        for task, _, _, _ in held:
            entry = sim.held.pop(task, None)
            if task in adopted and entry is not None:
                sim.held[task] = (sim.id, replace(entry[1], epoch=adopted[task][0]))
                self.stale.append(sim.held[task])

    async def sweep(self, sim: Sim) -> None:
        """A node that has been connected long enough looks after the dead."""
        swept = await sweep(self._database, sim.id)
        assert set(swept.dead) == self.world.declare_late_dead(sim.id)
        assert sorted(swept.moved) == sorted(self.world.requeue_strays())
        await self._postpone()

    async def declare_dead(self, sim: Sim) -> None:
        """A sweep, seen from a claim that slipped in behind it: the claim stands under a node that is dead."""
        beat = await newest_beat(self._database, sim.id)
        dead = await self._database.fetch(query("leases", "declare_late_nodes_dead"), sim.id, beat)
        assert {row["identifier"] for row in dead} == self.world.declare_late_dead(sim.id)

    async def requeue_strays(self) -> None:
        """A node that may not declare other nodes dead yet."""
        swept = await leases.requeue_strays(self._database)
        assert (swept.dead, sorted(swept.moved)) == ((), sorted(self.world.requeue_strays()))
        await self._postpone()

    async def _postpone(self) -> None:
        """Postponed tasks wait until `time_passes`, however slow this computer is."""
        if any(task.postponed for task in self.world.tasks.values()):
            await self._observer.execute(
                "UPDATE ffmate.tasks SET not_before = not_before + interval '1 day'"
                " WHERE not_before > clock_timestamp()"
            )

    async def time_passes(self) -> None:
        """Postponed tasks are due."""
        await self._observer.execute(
            "UPDATE ffmate.tasks SET not_before = clock_timestamp() WHERE not_before IS NOT NULL"
        )
        for task in self.world.tasks.values():
            task.postponed = False

    async def fall_behind(self, sim: Sim, beats: float) -> None:
        """The node sleeps: it misses a beat (1.5), or its lease runs out (4)."""
        await self._observer.execute(
            "UPDATE ffmate.nodes SET beat_at = clock_timestamp() - $2 * heartbeat,"
            " lease_until = least(lease_until, clock_timestamp() + (3 - $2) * heartbeat) WHERE id = $1",
            sim.id,
            beats,
        )
        if (node := self.world.nodes.get(sim.id)) is not None:
            node.late, node.leased = True, node.leased and beats < 3

    async def die(self, sim: Sim) -> None:
        """kill -9; what it was about to write may still arrive."""
        if sim.connection is not None:
            sim.connection.terminate()
            sim.connection = None
            self.world.locks -= set(sim.past)
            await self._lock_is_free(sim.id)

    async def _lock_is_free(self, node_id: int) -> None:
        async with asyncio.timeout(5), self._database.transaction() as connection:
            while not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", node_id):
                await asyncio.sleep(0.002)

    async def leave(self, sim: Sim, *, in_order: bool = True) -> None:
        """Its next beat rejoins. Not in order: a claim came between the last two statements."""
        if in_order:
            await self.give_back(sim.id, None)
        await leases.leave(self._database, sim.id)
        self.world.leave(sim.id)
        sim.held.clear()

    async def drain(self, sim: Sim) -> None:
        """A user drains the node."""
        await nodes.drain(self._database, sim.name)
        self.world.drain(sim.name)

    async def forget(self) -> None:
        """Remove the rows of ended nodes at once, and the files that dead nodes left."""
        await leases.forget_nodes(self._database, timedelta(0))
        self.world.forget_nodes()
        found = {
            (leftover.task, leftover.epoch) for leftover in await leases.leftovers_of_ended(self._database)
        }
        assert found == self.world.leftovers_of_ended()
        await leases.forget_leftovers(self._database, [task for task, _ in found])
        self.world.forget_leftovers([task for task, _ in found])

    # Claims and what follows them

    async def claim(self, sim: Sim, slots: int, *, answered: bool) -> list[int]:
        """A node asks for work; the answer may get lost."""
        claimed = await claims.claim(self._database, sim.id, slots)
        claimed_ids, eligible = [claim.id for claim in claimed], self.world.eligible(sim.id)
        assert claimed_ids == eligible[: len(claimed_ids)], "not the most urgent, or not for this node"
        assert min(1, len(eligible)) <= len(claimed_ids) <= slots
        for claim in claimed:
            task = self.world.claim(sim.id, claim.id)
            record = None if claim.publishing is None else claim.publishing.to_json()
            assert (claim.epoch, claim.attempts, record) == (task.epoch, task.attempts, task.publishing)
            self.stale.append((sim.id, claim))
            if answered:
                sim.held[claim.id] = (sim.id, claim)
        return claimed_ids

    async def give_back(
        self, node_id: int, held: Mapping[int, int] | None, *, postponed: bool = False
    ) -> set[int]:
        """A node puts tasks back into the queue, by default all of its own."""
        later = datetime.now(UTC) + timedelta(days=1) if postponed else None
        returned = await claims.give_back(self._database, node_id, held, later)
        assert returned == self.world.give_back(node_id, held, postponed=postponed)
        return returned

    async def write(self, node_id: int, claim: Claim, kind: str) -> bool:
        """A fenced write under a claim, good or stale; whether it was accepted, which the reference knows too."""
        database, world, key = self._database, self.world, (node_id, claim.id, claim.epoch)
        match kind:
            case "encode" | "publish":
                facts, record = TaskFacts(folders=(f"/{claim.epoch}",)), None
                if kind == "publish":
                    facts = TaskFacts(size=claim.epoch)
                    files = (RecordedFile("", claim.epoch, node_id),)
                    record = PublishingRecord((RecordedOutput("/t", f"/{claim.epoch}", files),), TaskFacts())
                desired = await claims.set_phase(database, node_id, claim, kind, facts, record)
                stored = None if record is None else record.to_json()
                assert desired == world.set_phase(*key, kind, facts.to_json(), stored)
                return desired is not None
            case "before" | "after":
                status, record = STAGES[kind]
                facts = TaskFacts.from_json({kind: claim.epoch})
                desired = await scripts.enter_stage(database, node_id, claim, status, facts, record)
                stored = None if record is None else record.to_json()
                assert desired == world.enter_stage(*key, status, facts.to_json(), stored)
                return desired is not None
            case "output":
                path = f"/{claim.id} {claim.epoch} {node_id}"
                accepted = await claims.set_output(database, node_id, claim, path)
                assert accepted == world.set_output(*key, path)
                return accepted
            case "log":
                self._sequence += 1
                await claims.append_log(database, node_id, claim, self._sequence, "line")
                world.append_log(*key, self._sequence)
                return (claim.id, claim.epoch, self._sequence) in world.logs
            case "give_back":
                return bool(await self.give_back(node_id, {claim.id: claim.epoch}))
            case "remove":
                accepted = await claims.delete_claimed(database, node_id, claim)
                assert accepted == world.delete_claimed(*key)
                return accepted
            case "refuse":
                most = 2 if claim.epoch % 8 > 5 else 9
                may_run_elsewhere, _, others = await claims.refuse(
                    database, node_id, claim, "Not here.", most
                )
                assert (may_run_elsewhere, set(others)) == world.refuse(*key, "Not here.", most)
                return may_run_elsewhere
            case "finish" | "fail" | "cancelled":
                outcome = OUTCOMES[kind]
                ended = await claims.finish_tasks(database, node_id, [(claim, outcome)])
                expected = world.finish(*key, outcome.status, outcome.error, outcome.facts.to_json())
                assert ended == ({} if expected is None else {claim.id: expected})
                return expected is not None
            case _:
                raise ValueError(kind)

    # People, and the server

    async def submit(self, priority: int, labels: tuple[str, ...]) -> None:
        """A person queues a task."""
        new = row("task", priority=priority, labels=labels)
        await tasks.insert(self._database, [new], batch=None, source="test")
        task_id = await self._observer.fetchval("SELECT id FROM ffmate.tasks WHERE uuid = $1", new.uuid)
        self.world.tasks[task_id] = Task(new.uuid, priority, labels)

    async def command(self, task_id: int, word: str) -> bool:
        """A person commands a task; whether it was accepted."""
        commands = {
            "cancel": tasks.cancel,
            "pause": tasks.pause,
            "resume": tasks.resume,
            "restart": tasks.restart,
            "delete": tasks.delete,
        }
        uuid = self.world.tasks[task_id].uuid
        accepted = uuid in await commands[word](self._database, [uuid])
        assert accepted == self.world.command(task_id, word)
        return accepted

    async def save(self) -> None:
        """An asynchronous standby has come as far as here."""
        for table in _TABLES:
            await self._observer.execute(
                f"DELETE FROM saved_{table}; INSERT INTO saved_{table} TABLE ffmate.{table}"
            )
        self._saved = copy.deepcopy(self.world), dict(self.versions)

    async def fail_over(self) -> bool:
        """The server is gone, the standby takes its place: what happened since is forgotten. Whether there is one."""
        if self._saved is None:
            return False
        for table in _TABLES:
            await self._observer.execute(
                f"DELETE FROM ffmate.{table}; INSERT INTO ffmate.{table} OVERRIDING SYSTEM VALUE TABLE saved_{table}"
            )
        self.world, self.versions = copy.deepcopy(self._saved[0]), dict(self._saved[1])
        self.world.locks = {i for sim in self.sims if sim.connection is not None for i in sim.past}
        return True


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows neither uuids nor tuples."""
    if "uuid" in values:
        values["uuid"] = UUID(values["uuid"])
    return values | {"labels": tuple(values["labels"])}


def _difference(found: World, expected: World) -> str:
    """What the server has and the reference has not, one thing a line."""
    lines = []
    for name in ("tasks", "nodes"):
        left, right = getattr(found, name), getattr(expected, name)
        for key in left.keys() | right.keys():
            if left.get(key) != right.get(key):
                lines.append(f"{name} {key}:\n  server    {left.get(key)}\n  reference {right.get(key)}")
    lines.append(f"logs: {found.logs ^ expected.logs}, leftovers: {found.leftovers} / {expected.leftovers}")
    return "\n".join(lines)
