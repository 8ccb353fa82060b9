"""A node inside a longer-lived program, such as the window: it can leave and join again."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.node.node import Node


class NodeHost:
    """Opens a node, lets it work, and opens another when `join` is called after it has left.

    `open_node` is a context in which a node with so many slots has joined; it raises UserError when that cannot be.
    `slots` is how many the next one gets.
    """

    def __init__(
        self, identifier: str, slots: int, open_node: Callable[[int], AbstractAsyncContextManager[Node]]
    ) -> None:
        self.identifier = identifier
        self.slots = slots
        self.trouble: UserError | None = None
        self._open_node = open_node
        self._node: Node | None = None
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._handlers: list[Callable[[], None]] = []
        self._stopping = asyncio.Event()

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
        """Become a member again after a drain, or try again after trouble."""
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
            await self._wanted.wait()
            self._wanted.clear()
            if self._stopping.is_set():
                return
            self.trouble = None
            try:
                async with self._open_node(self.slots) as node:
                    self._node = node
                    if self._stopping.is_set():  # while it was joining
                        node.stop()
                    self._tell()
                    try:
                        await node.run()
                    finally:
                        self._node = None
            except UserError as error:
                logs.cluster.info("This computer cannot work on the queue: %s", error)
                self.trouble = error
            except Exception as error:  # noqa: BLE001 - the window lives on without a node, and says so
                logs.root.exception("The node of this program failed")
                self.trouble = UserError("This computer's node failed.", f"{type(error).__name__}: {error}")
            if self._stopping.is_set():
                return
            self._tell()

    def _tell(self) -> None:
        for handler in tuple(self._handlers):
            handler()
