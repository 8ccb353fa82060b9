"""Limit how often an action runs, however often it is requested."""

import asyncio
from collections.abc import Callable


class Throttle:
    """Runs `action` immediately when requested, then not again for `pause` seconds.

    Requests during the pause are combined into one run at its end. So an action that reads state never misses the
    last change, and any number of requests costs a fixed number of runs.
    """

    def __init__(self, action: Callable[[], None], pause: float) -> None:
        self._action = action
        self._pause = pause
        self._paused_until: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def request(self) -> None:
        """Run the action now, or at the end of the pause. Needs a running event loop."""
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        if self._paused_until is None or loop.time() >= self._paused_until:
            self._run()
        else:
            self._timer = loop.call_at(self._paused_until, self._run)

    def close(self) -> None:
        """Drop a request that has not run yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        self._timer = None
        self._paused_until = asyncio.get_running_loop().time() + self._pause
        self._action()
