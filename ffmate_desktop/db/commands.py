"""Changes waiting tasks: their place in the queue, and what they do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never
from uuid import UUID

import asyncpg

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.deadlocks import retry_deadlocks
from ffmate_desktop.db.queries import query
from ffmate_desktop.db.tasks import OutputsTakenError, TaskRow, requirement_set
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.labels import LabelChange
from ffmate_desktop.domain.queue_order import HIGHEST_PRIORITY, QueueMove, compacted, raised
from ffmate_desktop.domain.stored_values import Unreadable, as_member, read_record
from ffmate_desktop.domain.task import PresetName, TaskSpec, TaskStatus

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[asyncpg.Record]

MOST_RISING = 10_000
"""The most tasks that are raised to make room below them; that takes a fraction of a second."""


@dataclass(frozen=True, slots=True)
class StoredTask:
    """What a task was made from."""

    uuid: UUID
    version: int
    status: TaskStatus
    name: str
    priority: int
    labels: tuple[str, ...]
    preset: PresetName | None
    output_key: str | None
    stored: TaskSpec | Unreadable
    node: str | None

    @property
    def spec(self) -> TaskSpec:
        """What the task does; raises UserError when this release cannot read it."""
        if isinstance(self.stored, TaskSpec):
            return self.stored
        raise UserError(
            f"“{self.name}” can't be copied or edited: {self.stored}",
            "Update FFmate Desktop, or submit its file again.",
        )


async def move(database: Database, uuids: Sequence[UUID], where: QueueMove) -> dict[UUID, int]:
    """Move waiting tasks; returns the former priorities of those that were changed."""
    async with database.transaction() as connection:
        await connection.execute(query("commands", "lock_order"))
        rows = await connection.fetch(query("commands", "waiting_priorities"), list(uuids))
        before = {row["uuid"]: row["priority"] for row in rows}
        after = await _places(connection, before, where)
        changed = await _set(connection, after)
    return {uuid: before[uuid] for uuid in changed if uuid in before}


async def _places(connection: "Connection", before: Mapping[UUID, int], where: QueueMove) -> dict[UUID, int]:
    """The new priorities, including those of other tasks that make room."""
    match where:
        case QueueMove.UP:
            return {uuid: min(priority + 1, HIGHEST_PRIORITY) for uuid, priority in before.items()}
        case QueueMove.DOWN:
            return {uuid: max(priority - 1, 0) for uuid, priority in before.items()}
        case QueueMove.TOP:
            highest = await connection.fetchval(query("commands", "highest_of_others"), list(before))
            new = compacted(before.values(), 0 if highest is None else highest + 1)
            if max(new.values(), default=0) > HIGHEST_PRIORITY:
                raise UserError(
                    "These tasks can't move above the highest priority.",
                    "Lower the priority of other tasks first.",
                )
            return {uuid: new[priority] for uuid, priority in before.items()}
        case QueueMove.BOTTOM:
            new = compacted(before.values(), 0)
            rows = await connection.fetch(
                query("commands", "lowest_of_others"), list(before), MOST_RISING + 1
            )
            risen = raised([(row["uuid"], row["priority"]) for row in rows], len(new))
            if len(risen) > MOST_RISING:
                raise UserError(
                    f"More than {MOST_RISING:,} tasks wait at the lowest priority.",
                    "Raise the priority of those instead.",
                )
            return risen | {uuid: new[priority] for uuid, priority in before.items()}
        case _:
            assert_never(where)


async def set_priorities(database: Database, priorities: Mapping[UUID, int]) -> set[UUID]:
    """Set the priorities of waiting tasks; returns those that were changed."""
    async with database.transaction() as connection:
        await connection.execute(query("commands", "lock_order"))
        return await _set(connection, priorities)


async def _set(connection: "Connection", priorities: Mapping[UUID, int]) -> set[UUID]:
    rows = await connection.fetch(
        query("commands", "set_priorities"), list(priorities), list(priorities.values())
    )
    return {row["uuid"] for row in rows}


async def set_order(
    database: Database, uuids: Sequence[UUID], priority: int | None, labels: LabelChange, name: str | None
) -> set[UUID]:
    """Set priority and name (None: unchanged) and labels of waiting tasks; returns those that wait."""
    ids = list(uuids)

    async def work() -> set[UUID]:
        async with database.transaction() as connection:
            if priority is not None:
                await connection.execute(query("commands", "lock_order"))
            rows = await connection.fetch(query("commands", "waiting_labels"), ids)
            before = {row["requirement_set"]: tuple(row["labels"]) for row in rows}
            after = {
                number: await requirement_set(connection, labels.applied_to(old))
                for number, old in before.items()
            }
            changed = await connection.fetch(
                query("commands", "set_order"), ids, priority, list(after), list(after.values()), name
            )
        return {row["uuid"] for row in changed}

    return await retry_deadlocks(work)


async def stored_tasks(database: Database, uuids: Sequence[UUID]) -> list[StoredTask]:
    """What these tasks were made from, in the order of the queue. Deleted tasks are left out."""
    rows = await database.fetch(query("commands", "stored_tasks"), list(uuids))
    return [
        StoredTask(
            uuid=row["uuid"],
            version=row["version"],
            status=as_member(TaskStatus, row["status"], TaskStatus.UNKNOWN),
            name=row["name"],
            priority=row["priority"],
            labels=tuple(row["labels"]),
            preset=row["preset"] and PresetName(uuid=row["preset"], name=row["preset_name"] or ""),
            output_key=row["output_key"],
            stored=read_record(TaskSpec, row["spec"]),
            node=row["node_name"],
        )
        for row in rows
    ]


async def edit(database: Database, row: TaskRow, version: int) -> bool:
    """Replace the waiting task of this uuid and version with `row`; False if it changed or no longer waits.

    Raises OutputsTakenError when another active task has its output path.
    """
    try:
        async with database.transaction() as connection:
            changed = await connection.fetchval(
                query("commands", "edit_task"),
                row.uuid,
                version,
                row.name,
                row.priority,
                await requirement_set(connection, row.labels),
                row.preset and row.preset.uuid,
                row.preset and row.preset.name,
                row.output_key,
                row.spec.to_json(),
            )
    except asyncpg.UniqueViolationError as error:
        raise OutputsTakenError({row.output_key} if row.output_key else set()) from error
    return changed is not None
