"""The queue as a list: pages by key, keys to jump to, counts and stats. See queue.sql."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from ffmate_desktop.db.connection.codecs import milliseconds
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import query
from ffmate_desktop.db.task_view import by_status
from ffmate_desktop.domain.queue import (
    ALL_STATUSES,
    LAST_NUMBER,
    NO_BATCH,
    BatchGroup,
    BatchRow,
    QueueFilter,
    QueueQuery,
    QueueRow,
    QueueStats,
    RowKey,
    SortColumn,
    WorkLeft,
)
from ffmate_desktop.domain.status import desired_of
from ffmate_desktop.domain.stored_values import as_member
from ffmate_desktop.domain.task import LiveProgress, TaskStatus

_BEFORE_ALL = RowKey(-LAST_NUMBER - 1, "", 0)
_AFTER_ALL = RowKey(LAST_NUMBER, "", LAST_NUMBER)


def is_indexed(view: QueueQuery) -> bool:
    """Whether an index has the rows of the view in their order."""
    match view.column:
        case SortColumn.CREATED | SortColumn.FINISHED:
            return view.where.batch is None
        case SortColumn.PRIORITY:
            return view.where.batch is None and view.where.statuses == {TaskStatus.QUEUED}
        case SortColumn.NAME:
            return False


async def page(
    database: Database, view: QueueQuery, key: RowKey | None, limit: int, *, backward: bool = False
) -> list[QueueRow]:
    """The `limit` rows after the key, or before it, in the order of the view; without a key, from its edge."""
    down = view.keys_descend != backward
    start = key or (_AFTER_ALL if down else _BEFORE_ALL)
    fetched = await database.fetch(*_page(view, start, limit, down))
    rows = [to_row(row, view.column) for row in fetched]
    return rows[::-1] if backward else rows


def _page(view: QueueQuery, start: RowKey, limit: int, down: bool) -> tuple[Any, ...]:
    if not is_indexed(view):
        sql = query("queue", "sorted_down") if down else query("queue", "sorted_up")
        return sql, *_pool(view), start.number, start.word, start.id, limit
    match view.column:
        case SortColumn.CREATED:
            sql = query("queue", "created_down") if down else query("queue", "created_up")
            return sql, *_filter(view.where), start.id, limit
        case SortColumn.PRIORITY:
            sql = query("queue", "queued_down") if down else query("queue", "queued_up")
        case _:
            sql = query("queue", "finished_down") if down else query("queue", "finished_up")
    return sql, *_filter(view.where), start.number, start.id, limit


async def rows(database: Database, ids: Sequence[int], column: SortColumn) -> list[QueueRow]:
    """These tasks as they are now, in any order. Deleted tasks are left out."""
    fetched = await database.fetch(query("queue", "rows"), list(ids))
    return [to_row(row, column) for row in fetched]


async def anchors(database: Database, view: QueueQuery, every: int) -> list[RowKey]:
    """The keys of the rows 0, `every`, 2 * `every` and so on."""
    if view.column is SortColumn.CREATED and view.where == QueueFilter():
        fetched = await database.fetch(query("queue", "anchors_of_all"), every, view.descending)
    else:
        fetched = await database.fetch(query("queue", "anchors"), *_pool(view), every, view.keys_descend)
    return [RowKey(row["number"], row["word"], row["id"]) for row in fetched]


async def position(database: Database, view: QueueQuery, key: RowKey) -> int:
    """How many rows come before the key."""
    if view.column is SortColumn.CREATED and view.where == QueueFilter():
        row = await database.fetch_one(query("queue", "position_in_all"), key.id, view.descending)
    else:
        row = await database.fetch_one(
            query("queue", "position"), *_pool(view), key.number, key.word, key.id, view.keys_descend
        )
    return 0 if row is None else int(row["count"])


async def counts(database: Database, where: QueueFilter) -> dict[TaskStatus, int]:
    """How many tasks match the filter, including its statuses, by status."""
    if where == QueueFilter():
        fetched = await database.fetch(query("tasks", "count_by_status"))
    else:
        fetched = await database.fetch(query("queue", "count_fitting"), *_pool(QueueQuery(where=where)))
    return by_status((row["status"], row["tasks"]) for row in fetched)


async def batches(database: Database, uuids: Sequence[UUID]) -> list[BatchRow]:
    """The progress of these batches. Batches without tasks are left out."""
    fetched = await database.fetch(query("queue", "batches"), list(uuids))
    found: dict[UUID, dict[TaskStatus, tuple[int, float]]] = {}
    elapsed: dict[UUID, float] = {}
    for row in fetched:
        uuid = row["batch"] or NO_BATCH
        status = as_member(TaskStatus, row["status"], TaskStatus.UNKNOWN)
        tasks, percent = found.setdefault(uuid, {}).get(status, (0, 0.0))
        found[uuid][status] = (tasks + row["tasks"], percent + row["percent"])
        if row["elapsed"] is not None:
            elapsed[uuid] = max(elapsed.get(uuid, 0.0), row["elapsed"])
    return [
        BatchRow(
            uuid=uuid,
            total=(total := sum(tasks for tasks, _ in parts.values())),
            by_status={status: tasks for status, (tasks, _) in parts.items()},
            progress=sum(percent for _, percent in parts.values()) / total,
            elapsed=elapsed.get(uuid),
        )
        for uuid in uuids
        if (parts := found.get(uuid))
    ]


async def tasks_of(database: Database, batches_: Sequence[UUID]) -> list[UUID]:
    """All tasks of these batches."""
    return [row["uuid"] for row in await database.fetch(query("queue", "tasks_of"), list(batches_))]


async def newest_batches(
    database: Database, limit: int | None, after: tuple[datetime, UUID] | None = None
) -> list[BatchGroup]:
    """Batches that have tasks, newest first, after one of them; a limit of None means all."""
    fetched = await database.fetch(query("queue", "newest_batches"), limit, *(after or (None, None)))
    states = {state.uuid: state for state in await batches(database, [row["uuid"] for row in fetched])}
    return [
        BatchGroup(row["name"], row["created_at"], states[row["uuid"]])
        for row in fetched
        if row["uuid"] in states  # its tasks may have been deleted between the two statements
    ]


async def stats(database: Database, midnight: datetime) -> QueueStats:
    """The figures above the queue; `midnight` is when the viewer's day began."""
    row = await database.fetch_one(query("queue", "stats"), midnight)
    left = await database.fetch_one(query("queue", "work_left"))
    assert row is not None and left is not None  # noqa: S101 - aggregates have one row
    return QueueStats(**dict(row), remaining=WorkLeft(**dict(left)).seconds(row["slots"]))


def _filter(where: QueueFilter) -> tuple[list[str], str | None, str | None]:
    words = None
    if text := where.text.strip():
        for special in ("\\", "%", "_"):
            text = text.replace(special, "\\" + special)
        words = f"%{text}%"
    return [str(status) for status in where.statuses or ALL_STATUSES], where.node, words


def _pool(view: QueueQuery) -> tuple[object, ...]:
    return *_filter(view.where), view.where.batch, view.column.value


def to_row(row: asyncpg.Record, column: SortColumn) -> QueueRow:
    """Convert a row of queue.sql."""
    live = LiveProgress.from_row(row["live"])
    return QueueRow(
        id=row["id"],
        uuid=row["uuid"],
        version=row["version"],
        epoch=row["epoch"],
        name=row["name"],
        preset=row["preset_name"],
        status=as_member(TaskStatus, row["status"], TaskStatus.UNKNOWN),
        stored_status=row["status"],
        phase=row["phase"],
        desired=desired_of(row["desired"]),
        priority=row["priority"],
        node=row["node_name"],
        attempts=row["attempts"],
        batch=row["batch"],
        created=milliseconds(row["created_at"]),
        started=milliseconds(row["started_at"]),
        finished=milliseconds(row["finished_at"]),
        progress=live.percent if live else row["progress"],
        remaining=live.remaining if live else None,
        fps=live.fps if live else None,
        speed=live.speed if live else None,
        size=live.size if live else row["size"],
        input=row["input"],
        output=row["output"],
        error=row["error"] or None,
        labels=tuple(row["labels"]),
        key=_key(row, column),
    )


def _key(row: asyncpg.Record, column: SortColumn) -> RowKey:
    match column:
        case SortColumn.CREATED:
            return RowKey(0, "", row["id"])
        case SortColumn.PRIORITY:
            return RowKey(-row["priority"], "", row["id"])
        case SortColumn.FINISHED:
            number = row["finished_number"]
            return RowKey(LAST_NUMBER if number is None else number, "", row["id"])
        case SortColumn.NAME:
            return RowKey(0, row["word"], row["id"])
