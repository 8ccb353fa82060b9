"""Passes changes from the listener to every subscriber of the same program."""

from collections.abc import Callable

from ffmate_desktop import logs
from ffmate_desktop.domain.change import Change

Handler = Callable[[Change], None]


class Bus:
    """Calls every subscriber with every change, at once and in order. Handlers must not block."""

    def __init__(self) -> None:
        self._handlers: list[Handler] = []

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Call `handler` for every change from now on; the returned function unsubscribes it."""
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)

    def publish(self, change: Change) -> None:
        """Pass a change to every subscriber, even if one of them fails."""
        for handler in tuple(self._handlers):
            try:
                handler(change)
            except Exception:  # noqa: BLE001 - a defect in one handler must not keep changes from the others
                logs.root.exception("A subscriber failed on %r", change)
