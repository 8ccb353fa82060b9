"""Leases: joining, beating, sweeping the dead and leaving. The rules are beside the statements in leases.sql."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg

from ffmate_desktop.db.claims import delete_ended
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.migrate import program_schema
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import Load, NodeFacts
from ffmate_desktop.domain.status import desired_of
from ffmate_desktop.domain.stored_values import as_list, as_text
from ffmate_desktop.domain.task import Desired, Epoch, LiveProgress, TaskStatus

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

Held = tuple[int, Epoch, int, UUID]
"""A task that runs here although the database no longer counts it as ours: its id, epoch, our incarnation then, and
its uuid, because ids begin again in a database that was emptied."""

MAX_LOSSES = 3
"""After so many lost nodes a task is failed: it may be the task that ends them."""


@dataclass(frozen=True, slots=True)
class Membership:
    """One incarnation of a node in the cluster."""

    id: int
    session: UUID
    cluster: UUID | None
    """None in a database whose table meta is empty."""
    requeued: int
    """Tasks of this node's previous run that went back to the queue."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What a heartbeat brings back. `state` is None when this incarnation was declared dead."""

    state: str | None
    work: bool
    """A task waits that this node could run."""
    mine: dict[int, tuple[Epoch, Desired]]
    late: bool
    """Another node missed a beat: it may be dead."""
    stray: bool
    """There are active tasks that belong to nobody alive."""
    leftovers: bool = False
    """Attempts that were taken from their node may have left temporary files."""
    due: float | None = None
    """Seconds until a busy node may be dead; negative when that moment has passed, None when there is none."""
    at: datetime | None = None
    """When it was, by the database's clock."""
    gap: float = 0.0
    """Seconds since the beat before, by the same clock."""
    shortest: float = 0.0
    """Seconds between two beats of the node that beats most often."""
    slots: int = 0
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: identifiers of dead nodes; (uuid, new status, last node) of the tasks that go on."""

    dead: tuple[str, ...]
    moved: tuple[tuple[UUID, TaskStatus, str | None], ...]


@dataclass(frozen=True, slots=True)
class Leftover:
    """Where an attempt that was taken from a node on `machine` may have left temporary files."""

    task: UUID
    epoch: Epoch
    machine: str | None
    folders: tuple[str, ...]


async def join(connection: "Connection", facts: NodeFacts) -> Membership:
    """Register a new incarnation on its control connection, whose session lock it holds from now on.

    A predecessor under the same identifier is buried when it is provably gone: its session lock is free and it
    ran on this machine, or missed a beat; or its lease ran out. Raises UserError while it lives.
    """
    node_id = secrets.randbits(53)
    session = uuid4()
    await take_session_lock(connection, node_id)
    async with connection.transaction():
        await connection.fetch(query("leases", "lock_identifier"), facts.identifier)
        holder = await connection.fetchrow(query("leases", "holder_of_identifier"), facts.identifier)
        requeued = 0
        if holder is not None:
            _refuse_living(holder, facts)
            await connection.fetch(query("leases", "declare_node_dead"), holder["id"])
            moved = await connection.fetch(query("leases", "requeue_strays"), MAX_LOSSES)
            await delete_ended(connection, moved)
            requeued = len(moved)
        cluster = await connection.fetchval(
            query("leases", "join_node"),
            node_id,
            session,
            facts.identifier,
            timedelta(seconds=facts.heartbeat),
            timedelta(seconds=facts.lease),
            facts.machine,
            facts.pid,
            facts.host,
            facts.os,
            facts.arch,
            facts.program,
            program_schema(),
            facts.ffmpeg,
            facts.ffmpeg_version,
            facts.cores,
            facts.slots,
            list(facts.labels),
            facts.paused,
            facts.encode_priority,
        )
    return Membership(node_id, session, cluster, requeued)


def _refuse_living(holder: asyncpg.Record, facts: NodeFacts) -> None:
    gone = holder["lease_left"] <= 0 or (
        holder["lock_free"]
        and (holder["machine"] == facts.machine or holder["beat_age"] > 1.2 * holder["heartbeat"])
    )
    if not gone:
        raise UserError(
            f"A node named “{facts.identifier}” is already at work on {holder['host']} "
            f"(process {holder['pid']}, last heard of {holder['beat_age']:.0f} s ago).",
            f"Give this one another name with --identifier, or try again in {holder['lease_left']:.0f} s "
            "if that node is gone.",
        )


async def take_session_lock(connection: "Connection", node_id: int) -> bool:
    """Hold the session lock on this connection; False while a half-dead predecessor still has it."""
    return bool(await connection.fetchval(query("leases", "take_session_lock"), node_id))


async def limit_answer_time(connection: "Connection", seconds: float) -> None:
    """Let the server end what takes longer, for as long as this connection lives: sooner than the client gives up."""
    limits = (f"{round(seconds * share)}ms" for share in (700, 850))
    await connection.fetchrow(query("checks", "limit_answer_time"), *limits)


async def beat(
    connection: "Connection",
    node_id: int,
    lease: float,
    progress: list[LiveProgress],
    load: Load | None = None,
) -> Beat:
    """Say "I am alive" for `lease` seconds more, checkpoint progress, and hear what the database believes."""
    rows: list[Any] = [task.to_row() for task in progress]
    busy = (load.cpu, load.memory) if load else (None, None)
    row = await connection.fetchrow(query("leases", "beat"), node_id, timedelta(seconds=lease), rows, *busy)
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    mine = {task_id: (epoch, desired_of(word)) for task_id, epoch, word in row["mine"]}
    if row["state"] is None:
        return Beat(None, row["work"], mine, row["late"], row["stray"], row["leftovers"], row["due"])
    return Beat(
        row["state"],
        row["work"],
        mine,
        row["late"],
        row["stray"],
        row["leftovers"],
        row["due"],
        row["at"],
        row["gap"],
        row["shortest"],
        row["slots"],
        row["paused"],
    )


async def adopt(
    connection: "Connection", node_id: int, held: Sequence[Held]
) -> dict[int, tuple[Epoch, Desired]]:
    """Take back those of the tasks that nobody has claimed since; their new epochs and orders."""
    rows = await connection.fetch(
        query("claims", "adopt_tasks"),
        node_id,
        [task for task, _, _, _ in held],
        [epoch for _, epoch, _, _ in held],
        [holder for _, _, holder, _ in held],
        [uuid for _, _, _, uuid in held],
    )
    return {row["id"]: (row["epoch"], desired_of(row["desired"])) for row in rows}


async def sweep(database: Database, node_id: int, beat: datetime) -> Swept:
    """Declare dead whoever is, and requeue what nobody alive works on.

    `beat` is when this node beat last. If it has beaten again since, or missed a beat, it declares nobody dead.
    """
    async with database.transaction() as connection:
        dead = await connection.fetch(query("leases", "declare_late_nodes_dead"), node_id, beat)
        moved = await connection.fetch(query("leases", "requeue_strays"), MAX_LOSSES)
        await delete_ended(connection, moved)
    return _swept(dead, moved)


async def give_up(database: Database, identifier: str) -> Swept:
    """Declare a node dead that missed a beat, without waiting for the end of its lease."""
    async with database.transaction() as connection:
        dead = await connection.fetch(query("nodes", "give_up_node"), identifier)
        moved = await connection.fetch(query("leases", "requeue_strays"), MAX_LOSSES) if dead else []
        await delete_ended(connection, moved)
    return _swept(dead, moved)


async def requeue_strays(database: Database) -> Swept:
    """Requeue what nobody alive works on, declaring nobody dead."""
    async with database.transaction() as connection:
        moved = await connection.fetch(query("leases", "requeue_strays"), MAX_LOSSES)
        await delete_ended(connection, moved)
    return _swept([], moved)


def _swept(dead: list[asyncpg.Record], moved: list[asyncpg.Record]) -> Swept:
    return Swept(
        tuple(row["identifier"] for row in dead),
        tuple((row["uuid"], TaskStatus(row["status"]), row["node_name"]) for row in moved),
    )


async def leftovers_of_ended(database: Database) -> list[Leftover]:
    """Where temporary files may be that nobody will come back to."""
    rows = await database.fetch(query("leases", "leftovers_of_ended"))
    return [
        Leftover(row["task"], row["epoch"], row["machine"], tuple(filter(as_text, as_list(row["folders"]))))
        for row in rows
    ]


async def forget_leftovers(database: Database, tasks: Sequence[UUID]) -> None:
    """These are gone."""
    await database.fetch(query("leases", "forget_leftovers"), list(tasks))


async def leave(database: Database, node_id: int) -> None:
    """End this incarnation in order."""
    await database.fetch(query("leases", "leave"), node_id)


async def forget_nodes(database: Database, age: timedelta) -> None:
    """Remove the rows of nodes that ended longer than `age` ago."""
    await database.fetch(query("leases", "forget_nodes"), age)
