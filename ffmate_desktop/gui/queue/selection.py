"""Tasks that were chosen in the table, also those that are not in memory."""

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
    """Rows that are not in memory: `count` of them, `offset` rows behind the one with this key."""

    anchor: RowKey
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class WholeBatch:
    """All tasks of a batch, whatever is in memory."""

    batch: UUID


@dataclass(frozen=True, slots=True)
class QueueSelection:
    """Tasks that somebody chose; what the table shows later makes no difference."""

    queue: QueueService | None
    view: QueueQuery
    parts: Sequence[UUID | RowRange | WholeBatch | QueueSelection]

    async def uuids(self) -> list[UUID]:
        """All of them; reads those that were not in memory."""
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
                rows = await self.queue.page_at(self.view, part.anchor, part.offset + part.count)
                found += [row.uuid for row in rows[part.offset :]]
        return found
