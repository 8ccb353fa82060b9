"""The node that runs inside a program such as the window, as front ends see it."""

from collections.abc import Callable
from typing import Protocol

from ffmate_desktop.domain.errors import UserError


class LocalNode(Protocol):
    """Joins on its own, and can leave and rejoin while the program runs."""

    slots: int
    """How many tasks it runs at once; a new value applies when it next joins."""

    @property
    def identifier(self) -> str:
        """The node's name in the cluster."""
        ...

    @property
    def is_working(self) -> bool:
        """Whether it is a member of the cluster."""
        ...

    @property
    def running(self) -> int:
        """How many tasks it is running."""
        ...

    @property
    def join_error(self) -> UserError | None:
        """Why it couldn't join."""
        ...

    def join(self) -> None:
        """Join again after a drain or a failed attempt."""
        ...

    def retire(self, seconds: float) -> None:
        """Claim no more tasks, and leave when all are finished or after `seconds`."""
        ...

    def stop(self) -> None:
        """Leave now: running tasks are stopped and return to the queue."""
        ...

    def on_change(self, handler: Callable[[], None]) -> Callable[[], None]:
        """Call `handler` when the node joins, leaves or fails to join; the returned function unsubscribes."""
        ...
