"""Limits how often something is done that others ask for."""

import asyncio
from collections.abc import Callable


class Pace:
    """Does `action` at once when it is asked for, and not again for `pause` seconds.

    What is asked for during the pause happens once, at its end. So an action that reads state never misses the last
    change, and any number of requests costs a fixed number of actions.
    """

    def __init__(self, action: Callable[[], None], pause: float) -> None:
        self._action = action
        self._pause = pause
        self._rests_until: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """Act now, or at the end of the pause. Needs a running loop."""
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        if self._rests_until is None or loop.time() >= self._rests_until:
            self._act()
        else:
            self._timer = loop.call_at(self._rests_until, self._act)

    def close(self) -> None:
        """Drop what was asked for and has not happened."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _act(self) -> None:
        self._timer = None
        self._rests_until = asyncio.get_running_loop().time() + self._pause
        self._action()
