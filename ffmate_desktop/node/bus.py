"""News inside one program: the listener publishes changes, whoever is concerned has subscribed."""

from collections.abc import Callable

from ffmate_desktop import logs
from ffmate_desktop.domain.change import Change

Handler = Callable[[Change], None]


class Bus:
    """Hands every change to every subscriber, at once and in order. Handlers must not block."""

    def __init__(self) -> None:
        self._handlers: list[Handler] = []

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Call `handler` for every change from now on; the returned function ends it."""
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)

    def publish(self, change: Change) -> None:
        """Tell everybody. One handler that fails must not keep the news from the others."""
        for handler in tuple(self._handlers):
            try:
                handler(change)
            except Exception:  # noqa: BLE001 - a defect of one must not keep the news from the others
                logs.root.exception("A subscriber failed on %r", change)
