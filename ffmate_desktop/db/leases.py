"""Leases: joining, beating, sweeping dead nodes, and leaving. The rules are explained in leases.sql."""

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
"""A task that runs here although the database no longer counts it as this node's: its id, its epoch, the incarnation
that claimed it, and its uuid, because ids start over in a database that was emptied."""

MAX_LOSSES = 3
"""A task fails after this many nodes were lost with it: the task may be what kills them."""


@dataclass(frozen=True, slots=True)
class Membership:
    """One incarnation of a node in the cluster."""

    id: int
    session: UUID
    cluster: UUID | None
    """None if the table meta is empty."""
    requeued: int
    """Tasks of this node's previous run that went back to the queue."""


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer to a heartbeat. `state` is None when this incarnation was declared dead."""

    state: str | None
    work: bool
    """A task is waiting that this node could run."""
    mine: dict[int, tuple[Epoch, Desired]]
    """The tasks that belong to this node, by id."""
    late: bool
    """Another node missed a beat, and may be dead."""
    stray: bool
    """There are active tasks that no live node owns."""
    leftovers: bool = False
    """Attempts of dead nodes may have left temporary files."""
    due: float | None = None
    """Seconds until a busy node may be dead: negative if that time has passed, None if there is no such node."""
    at: datetime | None = None
    """The time of the beat by the database's clock."""
    gap: float = 0.0
    """Seconds since the previous beat, by the same clock."""
    shortest: float = 0.0
    """Seconds between two beats of the node that beats most often."""
    slots: int = 0
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Swept:
    """The result of a sweep: identifiers of dead nodes, and (uuid, new status, last node) of their tasks."""

    dead: tuple[str, ...]
    moved: tuple[tuple[UUID, TaskStatus, str | None], ...]


@dataclass(frozen=True, slots=True)
class Leftover:
    """Where the attempt of a dead node on `machine` may have left temporary files."""

    task: UUID
    epoch: Epoch
    machine: str | None
    folders: tuple[str, ...]


async def join(connection: "Connection", facts: NodeFacts) -> Membership:
    """Register a new incarnation on its control connection, which holds the session lock from now on.

    The previous incarnation under the same identifier is declared dead if it is provably gone: its lease expired, or
    its session lock is free and it ran on this machine or missed a beat. Raises UserError while it lives.
    """
    node_id = secrets.randbits(53)
    session = uuid4()
    await take_session_lock(connection, node_id)
    async with connection.transaction():
        await connection.fetch(query("leases", "lock_identifier"), facts.identifier)
        holder = await connection.fetchrow(query("leases", "holder_of_identifier"), facts.identifier)
        requeued = 0
        if holder is not None:
            _refuse_if_alive(holder, facts)
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


def _refuse_if_alive(holder: asyncpg.Record, facts: NodeFacts) -> None:
    gone = holder["lease_left"] <= 0 or (
        holder["lock_free"]
        and (holder["machine"] == facts.machine or holder["beat_age"] > 1.2 * holder["heartbeat"])
    )
    if not gone:
        raise UserError(
            f"A node named “{facts.identifier}” is already running on {holder['host']} "
            f"(process {holder['pid']}, last heartbeat {holder['beat_age']:.0f} s ago).",
            f"Give this one another name with --identifier, or try again in {holder['lease_left']:.0f} s "
            "if that node is gone.",
        )


async def take_session_lock(connection: "Connection", node_id: int) -> bool:
    """Take the session lock on this connection; False while a previous connection still holds it."""
    return bool(await connection.fetchval(query("leases", "take_session_lock"), node_id))


async def limit_answer_time(connection: "Connection", seconds: float) -> None:
    """Let the server cancel statements on this connection that take longer, before the client gives up."""
    limits = (f"{round(seconds * share)}ms" for share in (700, 850))
    await connection.fetchrow(query("checks", "limit_answer_time"), *limits)


async def beat(
    connection: "Connection",
    node_id: int,
    lease: float,
    progress: list[LiveProgress],
    load: Load | None = None,
) -> Beat:
    """Renew the lease by `lease` seconds, store progress, and return what the database says."""
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
    """Adopt those tasks that no node has claimed since; returns their new epochs and desired states."""
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
    """Declare late nodes dead, and requeue tasks that no live node owns.

    `beat` is the time of this node's last beat. If it has beaten since, or missed a beat, it declares no node dead.
    """
    async with database.transaction() as connection:
        dead = await connection.fetch(query("leases", "declare_late_nodes_dead"), node_id, beat)
        moved = await connection.fetch(query("leases", "requeue_strays"), MAX_LOSSES)
        await delete_ended(connection, moved)
    return _swept(dead, moved)


async def give_up(database: Database, identifier: str) -> Swept:
    """Declare a node dead that missed a beat, without waiting until its lease expires."""
    async with database.transaction() as connection:
        dead = await connection.fetch(query("nodes", "give_up_node"), identifier)
        moved = await connection.fetch(query("leases", "requeue_strays"), MAX_LOSSES) if dead else []
        await delete_ended(connection, moved)
    return _swept(dead, moved)


async def requeue_strays(database: Database) -> Swept:
    """Requeue tasks that no live node owns, without declaring nodes dead."""
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
    """Leftovers of tasks that no node will continue."""
    rows = await database.fetch(query("leases", "leftovers_of_ended"))
    return [
        Leftover(row["task"], row["epoch"], row["machine"], tuple(filter(as_text, as_list(row["folders"]))))
        for row in rows
    ]


async def forget_leftovers(database: Database, tasks: Sequence[UUID]) -> None:
    """The leftovers of these tasks have been removed."""
    await database.fetch(query("leases", "forget_leftovers"), list(tasks))


async def leave(database: Database, node_id: int) -> None:
    """End this incarnation regularly."""
    await database.fetch(query("leases", "leave"), node_id)


async def forget_nodes(database: Database, age: timedelta) -> None:
    """Remove the rows of nodes that ended longer than `age` ago."""
    await database.fetch(query("leases", "forget_nodes"), age)
