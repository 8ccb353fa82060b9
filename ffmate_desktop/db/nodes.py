"""Nodes as users see them, and the commands for them."""

from typing import Any
from uuid import UUID

import asyncpg

from ffmate_desktop.db.connection.codecs import milliseconds
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql, query
from ffmate_desktop.domain.node import Node, NodeState, NodeTask, state_word
from ffmate_desktop.domain.stored_values import as_list, as_member
from ffmate_desktop.domain.task import LiveProgress


async def list_nodes(database: Database) -> list[Node]:
    """One row per identifier: the live incarnation, or the newest one. Live nodes first."""
    return [_to_node(row) for row in await database.fetch(query("nodes", "list_nodes"))]


def _to_node(row: asyncpg.Record) -> Node:
    state = as_member(NodeState, row["state"], NodeState.UNKNOWN)
    found = map(LiveProgress.from_row, as_list(row["progress"]))
    progress = {live.task_id: live for live in found if live is not None}
    return Node(
        id=row["id"],
        identifier=row["identifier"],
        session=row["session"],
        cluster=row["cluster"],
        os=row["os"],
        arch=row["arch"],
        version=row["program"],
        ffmpeg=row["ffmpeg"],
        last_seen=milliseconds(row["beat_at"]),
        state=state,
        status=row["state"]
        if state is NodeState.UNKNOWN
        else state_word(state, row["beat_age"], row["heartbeat_seconds"]),
        heartbeat_age=round(row["beat_age"], 2),
        heartbeat=row["heartbeat_seconds"],
        host=row["host"],
        pid=row["pid"],
        ffmpeg_version=row["ffmpeg_version"],
        cores=row["cores"],
        slots=row["slots"],
        running=len(row["tasks"]),
        labels=[label for label in row["labels"] if label is not None],
        paused=row["paused"],
        lease_left=max(0.0, round(row["lease_left"], 2)) if state in _ALIVE else 0.0,
        cpu=_rounded(row["cpu"]),
        memory=_rounded(row["memory"]),
        encode_priority=row["encode_priority"],
        fps=round(sum(entry.fps or 0.0 for entry in progress.values()), 2),
        tasks=[_to_task(task, progress.get(task["id"])) for task in row["tasks"]],
    )


_ALIVE = (NodeState.ONLINE, NodeState.DRAINING)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _to_task(task: dict[str, Any], live: LiveProgress | None) -> NodeTask:
    if live is None or live.epoch != task["epoch"]:
        return NodeTask(id=task["id"], uuid=UUID(task["uuid"]), name=task["name"])
    return NodeTask(
        id=task["id"],
        uuid=UUID(task["uuid"]),
        name=task["name"],
        progress=live.percent,
        fps=live.fps,
        remaining=live.remaining,
    )


async def drain(database: Database, identifier: str) -> bool:
    """Make a node finish its tasks, claim nothing new, then leave; False if no live node has this name."""
    return await _command(database, query("nodes", "drain_node"), identifier)


async def resume(database: Database, identifier: str) -> bool:
    """Make a draining or paused node claim again; False if no live node has this name."""
    return await _command(database, query("nodes", "resume_node"), identifier)


async def pause(database: Database, identifier: str) -> bool:
    """Make a node claim nothing for now; False if no live node has this name."""
    return await _command(database, query("nodes", "pause_node"), identifier)


async def set_slots(database: Database, identifier: str, slots: int) -> bool:
    """Set how many tasks a node runs at once; False if no live node has this name."""
    return await _command(database, query("nodes", "set_slots"), identifier, slots)


async def forget(database: Database, identifier: str) -> bool:
    """Forget a node that has left or is lost; False if there is none."""
    return await _command(database, query("nodes", "forget_node"), identifier)


async def _command(database: Database, sql: Sql, identifier: str, *arguments: object) -> bool:
    return bool(await database.fetch(sql, identifier, *arguments))
