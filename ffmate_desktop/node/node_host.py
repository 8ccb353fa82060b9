"""A node inside a longer-lived program, such as the window: it can leave and join again."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from ffmate_desktop import logs
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, reason
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.node.node import ClusterNode

AGAIN = 15.0
"""Seconds after which a node that could not join tries again: nobody may be there to ask for it."""


class NodeHost:
    """Opens a node, lets it work, and opens another when `join` is called after it has left, or after trouble.

    `open_node` is a context in which a node with so many slots has joined; it raises UserError when that cannot be.
    `slots` is how many the first one gets.
    """

    def __init__(
        self,
        identifier: str,
        slots: int,
        open_node: Callable[[int], AbstractAsyncContextManager[ClusterNode]],
    ) -> None:
        self.identifier = identifier
        self._next_slots = slots
        self.trouble: UserError | None = None
        self._open_node = open_node
        self._node: ClusterNode | None = None
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._handlers: list[Callable[[], None]] = []
        self._stopping = asyncio.Event()

    @property
    def slots(self) -> int:
        """How many tasks it runs at once; while there is none, how many the next one will."""
        return self._node.slots if self._node else self._next_slots

    @slots.setter
    def slots(self, slots: int) -> None:
        self._next_slots = slots

    @property
    def is_working(self) -> bool:
        """It is a member of the cluster."""
        return self._node is not None

    @property
    def running(self) -> int:
        """How many tasks run here."""
        return self._node.running if self._node else 0

    def on_change(self, handler: Callable[[], None]) -> Callable[[], None]:
        """Call `handler` when it joined, left or could not join; the returned function ends that."""
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)

    def join(self) -> None:
        """Become a member again after a drain, or try again at once after trouble."""
        if self._node is None or self._node.draining:
            self._wanted.set()

    def retire(self, seconds: float) -> None:
        """Claim nothing new and leave when all is finished, at the latest after `seconds`."""
        if self._node:
            self._node.retire(seconds)

    def stop(self) -> None:
        """Leave now: what runs here is killed and goes back to the queue."""
        self._stopping.set()
        self._wanted.set()
        if self._node:
            self._node.stop()

    async def run(self) -> None:
        """Work until `stop`. Cancelling it ends everything at once."""
        while True:
            await self._until_wanted()
            if self._stopping.is_set():
                return
            former, self.trouble = self.trouble, await self._work()
            if self._stopping.is_set():
                return
            if self.trouble is not None and str(self.trouble) != str(former):
                logs.cluster.info("This computer cannot work on the queue: %s", self.trouble)
            self._tell()

    async def _until_wanted(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if self.trouble is None else AGAIN):
                await self._wanted.wait()
        self._wanted.clear()

    async def _work(self) -> UserError | None:
        """Join and work until it has left; what kept it from that."""
        try:
            async with self._open_node(self._next_slots) as node:
                self._node, self.trouble = node, None
                self._wanted.clear()  # whoever asked meanwhile has what they want
                if self._stopping.is_set():  # while it was joining
                    node.stop()
                self._tell()
                try:
                    await node.run()
                finally:
                    self._node = None
        except UserError as error:
            return error
        except CONNECTION_LOST as error:
            return UserError("The database went away while this computer joined.", f"{reason(error)}.")
        except Exception as error:  # noqa: BLE001 - the window lives on without a node, and says so
            logs.root.exception("The node of this program failed")
            return UserError("This computer's node failed.", f"{type(error).__name__}: {error}")
        return None

    def _tell(self) -> None:
        for handler in tuple(self._handlers):
            handler()
