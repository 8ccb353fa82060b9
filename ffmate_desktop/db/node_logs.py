"""Log lines of the nodes: written in batches, read backwards, removed after a while."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ffmate_desktop.db.connection.codecs import milliseconds
from ffmate_desktop.db.connection.connection import Database, storable
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.node_log import LogFilter, LogLevel, LogLine, NewLogLine
from ffmate_desktop.domain.queue import LAST_NUMBER

AT_ONCE = 10_000


async def add(database: Database, node: str, incarnation: int, lines: Sequence[NewLogLine]) -> None:
    """Store lines in their order."""
    await database.fetch(
        query("node_logs", "add_lines"),
        node,
        incarnation,
        [datetime.fromtimestamp(line.at, UTC) for line in lines],
        [line.level.value for line in lines],
        [line.namespace for line in lines],
        [storable(line.message) for line in lines],
    )


async def page(
    database: Database, where: LogFilter, *, before: int | None, after: int, limit: int
) -> list[LogLine]:
    """The newest lines with ids between the two, oldest first."""
    words = None
    if text := where.text.strip():
        for special in ("\\", "%", "_"):
            text = text.replace(special, "\\" + special)
        words = f"%{text}%"
    rows = await database.fetch(
        query("node_logs", "page"),
        LAST_NUMBER if before is None else before,
        after,
        where.level.value,
        None if where.nodes is None else [storable(node) for node in where.nodes],
        None if where.namespaces is None else list(where.namespaces),
        words,
        limit,
    )
    return [
        LogLine(
            id=row["id"],
            node=row["node"],
            at=milliseconds(row["at"]),
            level=LogLevel.of(row["level"]),
            namespace=row["namespace"],
            message=row["message"],
        )
        for row in reversed(rows)
    ]


async def sources(database: Database) -> tuple[list[str], list[str]]:
    """The nodes and the namespaces of all lines, sorted."""
    rows = await database.fetch(query("node_logs", "sources"))
    return sorted({row["node"] for row in rows}), sorted({row["namespace"] for row in rows})


async def forget(database: Database, age: timedelta, most: int) -> int:
    """Remove lines older than `age` and all but the newest `most`, unless another node does so; returns how many."""
    total = 0
    while True:
        gone = await database.fetch(query("node_logs", "forget_lines"), age, most, AT_ONCE)
        total += len(gone)
        if len(gone) < AT_ONCE:
            return total
