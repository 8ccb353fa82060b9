"""The node inside a program that does more than being a node, as front ends see it."""

from collections.abc import Callable
from typing import Protocol

from ffmate_desktop.domain.errors import UserError


class LocalNode(Protocol):
    """It joins by itself, and may leave and join again while the program lives."""

    slots: int
    """How many tasks it runs at once; what is set here holds when it joins the next time."""

    @property
    def identifier(self) -> str:
        """Its name in the cluster."""
        ...

    @property
    def is_working(self) -> bool:
        """It is a member of the cluster."""
        ...

    @property
    def running(self) -> int:
        """How many tasks run here."""
        ...

    @property
    def join_error(self) -> UserError | None:
        """Why it could not join."""
        ...

    def join(self) -> None:
        """Become a member again after a drain, or try again after trouble."""
        ...

    def retire(self, seconds: float) -> None:
        """Claim nothing new and leave when all is finished, at the latest after `seconds`."""
        ...

    def stop(self) -> None:
        """Leave now: what runs here is killed and goes back to the queue."""
        ...

    def on_change(self, handler: Callable[[], None]) -> Callable[[], None]:
        """Call `handler` when it joined, left or could not join; the returned function ends that."""
        ...
