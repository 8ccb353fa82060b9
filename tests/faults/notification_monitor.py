"""Checks every notification of a run: epochs and versions of a task only grow, and an epoch has one holder."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from ffmate_desktop.db.connection.connection import CONNECTION_LOST, connect
from ffmate_desktop.db.listener import CHANNEL
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.errors import UserError

_ACTIVE = ("PRE_PROCESSING", "RUNNING", "POST_PROCESSING")


class NotificationMonitor:
    """Collects violations in `wrong`, one sentence each."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self._last: dict[int, tuple[int, int]] = {}
        self._gone: set[int] = set()
        self._holders: dict[tuple[int, int], int] = {}

    @asynccontextmanager
    async def listening(self, uri: Callable[[], str]) -> AsyncIterator[None]:
        """Listen until the block ends, except while the server is dead."""
        ready = asyncio.Event()
        listening_task = asyncio.create_task(self._listen(uri, ready), name="witness")
        try:
            await ready.wait()
            yield
        finally:
            listening_task.cancel()
            await asyncio.wait([listening_task])

    async def _listen(self, uri: Callable[[], str], ready: asyncio.Event) -> None:
        while True:
            with suppress(UserError, *CONNECTION_LOST):
                connection = await connect(uri(), application="witness")
                try:
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _connection, lost=lost: lost.set())
                    await connection.add_listener(CHANNEL, self._on_notification)
                    await connection.execute(query("viewers", "start_viewing"))
                    ready.set()
                    await lost.wait()
                finally:
                    connection.terminate()
            await asyncio.sleep(0.05)

    def _on_notification(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        news = json.loads(str(payload))
        if news["kind"] != "task":
            return
        for task, version, status, _phase, _desired, node_id, epoch, _priority in news.get("rows", ()):
            last_version, last_epoch = self._last.get(task, (0, 0))
            is_gone = news["op"] == "delete"  # notified with the last version
            if epoch < last_epoch or version < last_version + (not is_gone) or task in self._gone:
                self.wrong.append(
                    f"task {task} went from epoch {last_epoch} to {epoch}, {last_version} to {version}"
                )
            self._last[task] = (version, epoch)
            if is_gone:
                self._gone.add(task)
            if status in _ACTIVE and node_id is not None:
                holder = self._holders.setdefault((task, epoch), node_id)
                if holder != node_id:
                    self.wrong.append(f"task {task} had two holders under epoch {epoch}")
