"""Nodes as people see them, and the one command that they take."""

from ffmate_desktop.db.connection import Database
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.node import Node, NodeState, describe


async def list_nodes(database: Database) -> list[Node]:
    """One row an identifier: the live incarnation, else the newest; live ones first."""
    rows = await database.fetch(query("nodes", "list_nodes"))
    return [
        Node(
            identifier=row["identifier"],
            session=row["session"],
            cluster=row["cluster"],
            os=row["os"],
            arch=row["arch"],
            version=row["program"],
            ffmpeg=row["ffmpeg"],
            last_seen=int(row["beat_at"].timestamp() * 1000),
            state=NodeState(row["state"]),
            status=describe(NodeState(row["state"]), row["beat_age"], row["heartbeat_seconds"]),
            heartbeat_age=round(row["beat_age"], 2),
            heartbeat=row["heartbeat_seconds"],
            host=row["host"],
            pid=row["pid"],
            ffmpeg_version=row["ffmpeg_version"],
            cores=row["cores"],
            slots=row["slots"],
            running=row["running"],
            labels=row["labels"],
        )
        for row in rows
    ]


async def drain(database: Database, identifier: str) -> bool:
    """Let a node finish what it runs, claim nothing new, then leave; False when no live node has this name."""
    return await database.fetch_one(query("nodes", "drain_node"), identifier) is not None
