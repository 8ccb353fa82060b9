"""Somebody who hears every notification and remembers each task's epochs, versions and holders."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from ffmate_desktop.db.connection import CONNECTION_LOST, connect
from ffmate_desktop.db.listener import listen
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.change import Change, TasksChanged
from ffmate_desktop.domain.errors import UserError

_ACTIVE = ("PRE_PROCESSING", "RUNNING", "POST_PROCESSING")


class Witness:
    """What was wrong with what it heard stands in `wrong`, a sentence each."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._last: dict[int, tuple[int, int]] = {}
        self._gone: set[int] = set()
        self._holders: dict[tuple[int, int], int] = {}

    @asynccontextmanager
    async def listening(self, uri: Callable[[], str]) -> AsyncIterator[None]:
        """Hear everything until the block ends, but for the moments in which the server is dead."""
        ready = asyncio.Event()
        hearing = asyncio.create_task(self._listen(uri, ready), name="witness")
        try:
            await ready.wait()
            yield
        finally:
            hearing.cancel()
            await asyncio.wait([hearing])

    async def _listen(self, uri: Callable[[], str], ready: asyncio.Event) -> None:
        while True:
            with suppress(UserError, *CONNECTION_LOST):
                connection = await connect(uri(), application="witness")
                try:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _connection, lost=lost: lost.set())
                    await listen(connection, self._hear)
                    await connection.execute(query("viewers", "look"))
                    ready.set()
                    await lost.wait()
                finally:
                    connection.terminate()
            await asyncio.sleep(0.05)

    def _hear(self, change: Change) -> None:
        if not isinstance(change, TasksChanged):
            return
        for row in change.rows or ():
            version, epoch = self._last.get(row.id, (0, 0))
            is_gone = change.op.lower() == "delete"  # told with the last version
            if row.epoch < epoch or row.version < version + (not is_gone) or row.id in self._gone:
                self.wrong.append(
                    f"task {row.id} went from epoch {epoch} to {row.epoch}, {version} to {row.version}"
                )
            self._last[row.id] = (row.version, row.epoch)
            if is_gone:
                self._gone.add(row.id)
            if row.status in _ACTIVE and row.node_id is not None:
                holder = self._holders.setdefault((row.id, row.epoch), row.node_id)
                if holder != row.node_id:
                    self.wrong.append(f"task {row.id} had two holders under epoch {row.epoch}")
