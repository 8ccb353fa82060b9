"""Batches as a whole: how far they are, and commands to all of their tasks."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ffmate_desktop.db import batches as stored
from ffmate_desktop.db import queue
from ffmate_desktop.db.connection.codecs import milliseconds
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.queue import BatchGroup, BatchRow
from ffmate_desktop.services.paging import pages
from ffmate_desktop.services.tasks import TaskService
from ffmate_desktop.services.uuid_prefix import resolve_uuid_prefix


class BatchNotFoundError(UserError):
    """The batch is gone, or never was."""


@dataclass(frozen=True, slots=True)
class Batch:
    """How far a batch is: `state` has tasks by status and percent, `remaining` seconds or None; ms since 1970."""

    uuid: UUID
    state: BatchRow
    remaining: float | None
    created: int
    finished: int | None

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "uuid": str(self.uuid),
            "total": self.state.total,
            "byStatus": {status.value: count for status, count in self.state.by_status.items()},
            "progress": round(self.state.progress, 2),
            "remaining": -1 if self.remaining is None else round(self.remaining, 1),
            "createdAt": self.created,
            "finishedAt": self.finished,
        }


class BatchService:
    """The door to batches."""

    def __init__(self, database: Database, tasks: TaskService) -> None:
        self._database = database
        self._tasks = tasks

    def pages(self, limit: int | None = None) -> AsyncIterator[list[BatchGroup]]:
        """The batches that have tasks, newest first, a page at a time; all of them for None."""

        def read(after: tuple[datetime, UUID] | None, most: int) -> Awaitable[list[BatchGroup]]:
            return queue.newest_batches(self._database, most, after)

        return pages(read, lambda group: (group.created or _NEVER, group.state.uuid), limit)

    async def details(self, groups: Sequence[BatchGroup]) -> list[Batch]:
        """The same with everything about them; those whose tasks were deleted meanwhile are missing."""
        found = []
        for group in groups:
            with contextlib.suppress(BatchNotFoundError):
                found.append(await self.get(group.state.uuid))
        return found

    async def resolve(self, beginning: str) -> UUID:
        """The batch whose uuid begins so; raises UserError when there is none, or more than one."""
        return await resolve_uuid_prefix(
            self._database, stored.find_uuid, beginning, what="batch", hint=_HINT
        )

    async def get(self, uuid: UUID) -> Batch:
        """A batch as a whole; raises UserError when it is gone."""
        batch = await stored.get(self._database, uuid)
        states = await queue.batches(self._database, [uuid])
        if batch is None or not states:
            raise BatchNotFoundError(f"There is no batch {uuid}.", _HINT)
        remaining = None if batch.finished_at else await stored.remaining(self._database, uuid)
        return Batch(
            uuid,
            states[0],
            0.0 if batch.finished_at else remaining,
            milliseconds(batch.created_at),
            milliseconds(batch.finished_at),
        )

    async def tasks(self, uuid: UUID) -> list[UUID]:
        """Its tasks, in their order."""
        return await stored.tasks_of(self._database, uuid)

    async def cancel(self, uuid: UUID) -> set[UUID]:
        """Cancel all that are not done; returns those."""
        return await self._tasks.cancel(await self.tasks(uuid))

    async def restart(self, uuid: UUID) -> set[UUID]:
        """Queue all that are done again; returns those. Raises UserError for a taken output path."""
        return await self._tasks.restart(await self.tasks(uuid))

    async def delete(self, uuid: UUID) -> set[UUID]:
        """Remove all of its tasks; running ones are killed first."""
        return await self._tasks.delete(await self.tasks(uuid))


_NEVER = datetime.min.replace(tzinfo=UTC)
_HINT = "`ffmate-desktop batches list` shows the newest."
