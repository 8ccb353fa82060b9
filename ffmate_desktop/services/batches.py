"""Batches: their progress, and commands for all of their tasks."""

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
    """The batch doesn't exist, or was deleted."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch: `remaining` is in seconds, or None if unknown; times are in milliseconds since 1970 UTC."""

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
    """Reads and commands batches."""

    def __init__(self, database: Database, tasks: TaskService) -> None:
        self._database = database
        self._tasks = tasks

    def pages(self, limit: int | None = None) -> AsyncIterator[list[BatchGroup]]:
        """Batches that have tasks, newest first, one page at a time; all of them if `limit` is None."""

        def read(after: tuple[datetime, UUID] | None, most: int) -> Awaitable[list[BatchGroup]]:
            return queue.newest_batches(self._database, most, after)

        return pages(read, lambda group: (group.created or _NEVER, group.state.uuid), limit)

    async def details(self, groups: Sequence[BatchGroup]) -> list[Batch]:
        """The same batches with all details, without those whose tasks were deleted meanwhile."""
        batches = []
        for group in groups:
            with contextlib.suppress(BatchNotFoundError):
                batches.append(await self.get(group.state.uuid))
        return batches

    async def resolve(self, beginning: str) -> UUID:
        """The batch whose UUID starts with this; raises UserError if there is none, or more than one."""
        return await resolve_uuid_prefix(
            self._database, stored.find_uuid, beginning, what="batch", hint=_HINT
        )

    async def get(self, uuid: UUID) -> Batch:
        """One batch; raises BatchNotFoundError if it doesn't exist."""
        batch = await stored.get(self._database, uuid)
        states = await queue.batches(self._database, [uuid])
        if batch is None or not states:
            raise BatchNotFoundError(f"The batch {uuid} doesn't exist.", _HINT)
        remaining = None if batch.finished_at else await stored.remaining(self._database, uuid)
        return Batch(
            uuid,
            states[0],
            0.0 if batch.finished_at else remaining,
            milliseconds(batch.created_at),
            milliseconds(batch.finished_at),
        )

    async def tasks(self, uuid: UUID) -> list[UUID]:
        """Its tasks, in order."""
        return await stored.tasks_of(self._database, uuid)

    async def cancel(self, uuid: UUID) -> set[UUID]:
        """Cancel all unfinished tasks; returns those that changed."""
        return await self._tasks.cancel(await self.tasks(uuid))

    async def restart(self, uuid: UUID) -> set[UUID]:
        """Queue all finished tasks again; returns those that changed. Raises UserError if an output path is taken."""
        return await self._tasks.restart(await self.tasks(uuid))

    async def delete(self, uuid: UUID) -> set[UUID]:
        """Delete all of its tasks; running ones are stopped first."""
        return await self._tasks.delete(await self.tasks(uuid))


_NEVER = datetime.min.replace(tzinfo=UTC)
_HINT = "`ffmate-desktop batches list` shows the newest batches."
