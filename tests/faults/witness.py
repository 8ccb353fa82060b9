"""Somebody who hears every notification and remembers each task's epochs, versions and holders."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from ffmate_desktop.db.connection import connect
from ffmate_desktop.db.listener import listen
from ffmate_desktop.domain.change import Change, TasksChanged

_ACTIVE = ("PRE_PROCESSING", "RUNNING", "POST_PROCESSING")


class Witness:
    """What was wrong with what it heard stands in `wrong`, a sentence each."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._last: dict[int, tuple[int, int]] = {}
        self._holders: dict[tuple[int, int], int] = {}

    @classmethod
    @asynccontextmanager
    async def listen(cls, uri: str) -> AsyncIterator[Self]:
        """Hear everything until the block ends."""
        witness = cls()
        connection = await connect(uri, application="witness")
        await listen(connection, witness._hear)
        yield witness
        await connection.close(timeout=5)

    def _hear(self, change: Change) -> None:
        if not isinstance(change, TasksChanged):
            return
        for row in change.rows or ():
            version, epoch = self._last.get(row.id, (0, 0))
            if row.epoch < epoch or row.version <= version:
                self.wrong.append(
                    f"task {row.id} went from epoch {epoch} to {row.epoch}, {version} to {row.version}"
                )
            self._last[row.id] = (row.version, row.epoch)
            if row.status in _ACTIVE and row.node_id is not None:
                holder = self._holders.setdefault((row.id, row.epoch), row.node_id)
                if holder != row.node_id:
                    self.wrong.append(f"task {row.id} had two holders under epoch {row.epoch}")
