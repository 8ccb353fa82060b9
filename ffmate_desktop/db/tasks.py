"""Tasks for submitters and viewers: insert, list, change, read the log."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from ffmate_desktop.db.connection.connection import Database, storable
from ffmate_desktop.db.deadlocks import retry_deadlocks
from ffmate_desktop.db.queries import query
from ffmate_desktop.db.selection import condition_arguments
from ffmate_desktop.db.task_view import by_status, to_task
from ffmate_desktop.domain.attempt import Attempt, AttemptEnd, end_of
from ffmate_desktop.domain.selection import ALL_TASKS, TaskSelection
from ffmate_desktop.domain.stored_values import as_integer, as_list, as_member, as_text, as_timestamp
from ffmate_desktop.domain.task import (
    LogChunk,
    PresetName,
    Task,
    TaskSpec,
    TaskStatus,
)

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[asyncpg.Record]


INSERTED_AT_ONCE = 2000
"""Tasks per INSERT: their JSON takes ten times the memory of a row. They still cause one notification."""

CHANGED_AT_ONCE = 5000
"""Tasks per statement of a command, so that row locks are short and no statement exceeds the server's limit."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task ready to be inserted."""

    uuid: UUID
    name: str
    priority: int
    labels: tuple[str, ...]
    preset: PresetName | None
    output_key: str | None
    spec: TaskSpec


class OutputsTakenError(Exception):
    """Active tasks already write to some of the output paths; `keys` are those paths, as far as known."""

    def __init__(self, keys: set[str]) -> None:
        super().__init__(", ".join(sorted(keys)))
        self.keys = keys


async def insert(database: Database, rows: Sequence[TaskRow], *, batch: UUID | None, source: str) -> None:
    """Insert all tasks, or none: one transaction and one notification.

    Raises OutputsTakenError when an active task, or another of these, has the same output path.
    """
    async with refusing_taken_outputs(database, rows), database.transaction() as connection:
        await insert_on(connection, rows, batch=batch, source=source)


async def insert_on(
    connection: "Connection", rows: Sequence[TaskRow], *, batch: UUID | None, source: str
) -> None:
    """The same inside a larger transaction, within `refusing_taken_outputs`."""
    sets = {labels: await requirement_set(connection, labels) for labels in {row.labels for row in rows}}
    if batch is not None:
        await connection.fetch(query("tasks", "insert_batch"), batch, source, len(rows))
    for start in range(0, len(rows), INSERTED_AT_ONCE):
        data = [_insert_data(row, sets[row.labels]) for row in rows[start : start + INSERTED_AT_ONCE]]
        await connection.fetch(query("tasks", "insert_tasks"), data, batch, source)


@asynccontextmanager
async def refusing_taken_outputs(database: Database, rows: Sequence[TaskRow]) -> AsyncIterator[None]:
    """Wrap a transaction that inserts these tasks: raises OutputsTakenError when an output is taken."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "tasks_output":
            raise
        keys = [row.output_key for row in rows if row.output_key is not None]
        raise OutputsTakenError(await taken_outputs(database, keys)) from error


async def requirement_set(connection: "Connection", labels: tuple[str, ...]) -> int:
    """The number of this set of labels."""
    sorted_labels = sorted(set(labels))
    found = await connection.fetchval(query("tasks", "find_requirement_set"), sorted_labels)
    if found is None:
        found = await connection.fetchval(query("tasks", "insert_requirement_set"), sorted_labels)
    if found is None:  # another session inserted it between the two
        found = await connection.fetchval(query("tasks", "find_requirement_set"), sorted_labels)
    return int(found)


def _insert_data(row: TaskRow, requirement_set: int) -> dict[str, Any]:
    return {
        "uuid": str(row.uuid),
        "name": row.name,
        "priority": row.priority,
        "requirement_set": requirement_set,
        "preset": None if row.preset is None else str(row.preset.uuid),
        "preset_name": None if row.preset is None else row.preset.name,
        "output_key": row.output_key,
        "spec": row.spec.to_json(),
    }


async def taken_outputs(database: Database, keys: Iterable[str]) -> set[str]:
    """Which of the output paths belong to an active task."""
    rows = await database.fetch(query("tasks", "taken_outputs"), [storable(key) for key in keys])
    return {row["output_key"] for row in rows}


async def list_tasks(
    database: Database,
    selection: TaskSelection = ALL_TASKS,
    *,
    before: datetime | None = None,
    before_id: int | None = None,
    limit: int | None = 100,
) -> list[Task]:
    """Tasks that meet the conditions, newest first; `limit` None means all.

    `before` is what `older_than` means by the clock of the database; `before_id` continues a page.
    """
    rows = await database.fetch_planned(
        query("tasks", "list_tasks"), *condition_arguments(selection, before), before_id, limit
    )
    return [to_task(row) for row in rows]


async def get_tasks(database: Database, uuids: Sequence[UUID]) -> list[Task]:
    """Those of the tasks that exist, in the order of the queue."""
    rows = await database.fetch(query("tasks", "get_tasks"), list(uuids))
    return [to_task(row) for row in rows]


async def find_uuid(database: Database, low: UUID, high: UUID) -> list[UUID]:
    """At most two task uuids within a range: one means that it is unique."""
    rows = await database.fetch(query("tasks", "uuids_between"), low, high)
    return [row["uuid"] for row in rows]


async def count_by_status(database: Database) -> dict[TaskStatus, int]:
    """How many tasks there are in each status that occurs."""
    rows = await database.fetch(query("tasks", "count_by_status"))
    return by_status((row["status"], row["tasks"]) for row in rows)


Statuses = Sequence[TaskStatus] | None
"""Change only tasks that still have one of these statuses. None: any."""


async def cancel(database: Database, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
    """End waiting tasks, and ask the owners of running ones to kill them; returns those that were not done yet."""
    return await _command(database, uuids, only, "cancel_tasks")


async def pause(database: Database, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
    """Hold waiting tasks, suspend running ones; returns those that were not done yet."""
    return await _command(database, uuids, only, "hold_tasks", "pause")


async def resume(database: Database, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
    """Resume paused tasks; returns those that were not done yet."""
    return await _command(database, uuids, only, "hold_tasks", "run")


async def restart(database: Database, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
    """Queue done tasks again, clean; returns those that were done. Raises OutputsTakenError, changing nothing.

    Their batches are reopened, and can be finished again.
    """
    ids = list(uuids)

    async def work() -> set[UUID]:
        async with database.transaction() as connection:
            await connection.fetch(query("batches", "lock_batches_of"), ids)
            rows = await connection.fetch(query("tasks", "restart_tasks"), ids, _words(only))
            restarted = {row["uuid"] for row in rows}
            await connection.execute(query("batches", "reopen_batches"), list(restarted))
        return restarted

    try:
        return await retry_deadlocks(work)
    except asyncpg.UniqueViolationError as error:
        raise OutputsTakenError(set()) from error


async def delete(database: Database, uuids: Sequence[UUID], only: Statuses = None) -> set[UUID]:
    """Delete tasks that do not run, and ask the owners of running ones to kill and delete them."""
    remaining, gone = set(uuids), set[UUID]()
    for _ in range(3):  # a task may be claimed or finished between the two statements
        marked = await _command(database, list(remaining), only, "delete_running_tasks")
        gone |= marked | await _command(database, list(remaining - marked), only, "delete_tasks")
        remaining -= gone
        if not remaining:
            break
    return gone


async def _command(
    database: Database, uuids: Sequence[UUID], only: Statuses, name: Any, *more: object
) -> set[UUID]:
    changed: set[UUID] = set()
    for start in range(0, len(uuids), CHANGED_AT_ONCE):
        changed |= await _command_some(database, uuids[start : start + CHANGED_AT_ONCE], only, name, *more)
    return changed


async def _command_some(
    database: Database, uuids: Sequence[UUID], only: Statuses, name: Any, *more: object
) -> set[UUID]:
    ids, statuses = list(uuids), _words(only)
    rows = await retry_deadlocks(lambda: database.fetch(query("tasks", name), ids, statuses, *more))
    return {row["uuid"] for row in rows}


def _words(only: Statuses) -> list[str] | None:
    return None if only is None else [str(status) for status in only]


async def read_log(database: Database, uuid: UUID) -> list[LogChunk]:
    """The log of all attempts, oldest line first."""
    rows = await database.fetch(query("tasks", "read_log"), uuid)
    return [LogChunk(row["epoch"], row["at"], row["lines"]) for row in rows]


async def attempts(database: Database, uuid: UUID) -> list[Attempt]:
    """The attempts of a task and how they ended, oldest first; empty if there is no such task."""
    row = await database.fetch_one(query("tasks", "attempts"), uuid)
    if row is None:
        return []
    found = [_former(entry) for entry in as_list(row["history"]) if isinstance(entry, dict)]
    if row["node_id"] is not None:  # the last attempt, which ends with the task or still runs
        end = end_of(as_member(TaskStatus, row["status"], TaskStatus.UNKNOWN))
        found.append(
            Attempt(
                row["attempts"],
                row["node_name"],
                row["started"],
                row["ended"],
                end,
                row["error"] or None,
                row["status"] if end is AttemptEnd.UNKNOWN else "",
            )
        )
    return found


def _former(entry: dict[str, Any]) -> Attempt:
    end = as_member(AttemptEnd, entry.get("end"), AttemptEnd.UNKNOWN)
    return Attempt(
        as_integer(entry.get("number")) or 0,
        as_text(entry.get("node")),
        as_timestamp(entry.get("started")),
        as_timestamp(entry.get("ended")),
        end,
        as_text(entry.get("error")) or None,
        (as_text(entry.get("end")) or "") if end is AttemptEnd.UNKNOWN else "",
    )
