"""Tasks selected in the table, including tasks that are not in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from ffmate_desktop.domain.queue import QueueQuery, RowKey

if TYPE_CHECKING:  # the window is painted before these are loaded
    from ffmate_desktop.services.queue import QueueService


@dataclass(frozen=True, slots=True)
class RowRange:
    """`count` rows that are not in memory, starting `offset` rows after the row with this key."""

    anchor: RowKey
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class WholeBatch:
    """All tasks of a batch, in memory or not."""

    batch: UUID


@dataclass(frozen=True, slots=True)
class QueueSelection:
    """The tasks selected at one point in time. Later changes of the table do not affect it."""

    queue: QueueService | None
    query: QueueQuery
    parts: Sequence[UUID | RowRange | WholeBatch | QueueSelection]

    async def uuids(self) -> list[UUID]:
        """Resolve the selection, reading the tasks that are not in memory."""
        found: list[UUID] = []
        for part in self.parts:
            if isinstance(part, UUID):
                found.append(part)
            elif isinstance(part, QueueSelection):
                found += await part.uuids()
            elif self.queue is None:
                continue
            elif isinstance(part, WholeBatch):
                found += await self.queue.tasks_of([part.batch])
            else:
                rows = await self.queue.page_at(self.query, part.anchor, part.offset + part.count)
                found += [row.uuid for row in rows[part.offset :]]
        return found
