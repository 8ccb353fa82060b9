"""A node inside a program that lives longer, such as the window: it can leave and join again."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from ffmate_desktop import logs
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, reason
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.node.node import ClusterNode

RETRY_INTERVAL = 15.0
"""Seconds until a node that could not join tries again on its own."""


class NodeHost:
    """Runs a node, and another one when `join` is called after it left, or after it could not join.

    `open_node` is a context in which a node with so many slots has joined; it raises UserError when that fails.
    `slots` is for the first node.
    """

    def __init__(
        self,
        identifier: str,
        slots: int,
        open_node: Callable[[int], AbstractAsyncContextManager[ClusterNode]],
    ) -> None:
        self.identifier = identifier
        self._next_slots = slots
        self.join_error: UserError | None = None
        """Why there is no node; None while it works, or after it left as requested."""
        self._open_node = open_node
        self._node: ClusterNode | None = None
        self._join_requested = asyncio.Event()
        self._join_requested.set()
        self._handlers: list[Callable[[], None]] = []
        self._stopping = asyncio.Event()

    @property
    def slots(self) -> int:
        """How many tasks the node runs at once; without a node, the number for the next one."""
        return self._node.slots if self._node else self._next_slots

    @slots.setter
    def slots(self, slots: int) -> None:
        self._next_slots = slots

    @property
    def is_working(self) -> bool:
        """Whether the node is a member of the cluster."""
        return self._node is not None

    @property
    def running(self) -> int:
        """How many tasks run here."""
        return self._node.running if self._node else 0

    def on_change(self, handler: Callable[[], None]) -> Callable[[], None]:
        """Call `handler` when the node joined, left or could not join; the returned function unsubscribes it."""
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)

    def join(self) -> None:
        """Join again after a drain, or retry at once after an error."""
        if self._node is None or self._node.draining:
            self._join_requested.set()

    def retire(self, seconds: float) -> None:
        """Claim nothing new, and leave when all tasks have finished, at the latest after `seconds`."""
        if self._node:
            self._node.retire(seconds)

    def stop(self) -> None:
        """Leave now: what runs here is killed and goes back to the queue."""
        self._stopping.set()
        self._join_requested.set()
        if self._node:
            self._node.stop()

    async def run(self) -> None:
        """Work until `stop`. Cancelling this ends everything at once."""
        while True:
            await self._wait_for_request()
            if self._stopping.is_set():
                return
            former, self.join_error = self.join_error, await self._run_node()
            if self._stopping.is_set():
                return
            if self.join_error is not None and str(self.join_error) != str(former):
                logs.cluster.info("This computer cannot work on the queue: %s", self.join_error)
            self._notify()

    async def _wait_for_request(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if self.join_error is None else RETRY_INTERVAL):
                await self._join_requested.wait()
        self._join_requested.clear()

    async def _run_node(self) -> UserError | None:
        """Join, work, and leave; returns the error that prevented it."""
        try:
            async with self._open_node(self._next_slots) as node:
                self._node, self.join_error = node, None
                self._join_requested.clear()  # a request that came meanwhile is fulfilled
                if self._stopping.is_set():  # while it was joining
                    node.stop()
                self._notify()
                try:
                    await node.run()
                finally:
                    self._node = None
        except UserError as error:
            return error
        except CONNECTION_LOST as error:
            return UserError("The database went away while this computer joined.", f"{reason(error)}.")
        except Exception as error:  # noqa: BLE001 - the window lives on without a node, and shows this
            logs.root.exception("The node of this program failed")
            return UserError("This computer's node failed.", f"{type(error).__name__}: {error}")
        return None

    def _notify(self) -> None:
        for handler in tuple(self._handlers):
            handler()
