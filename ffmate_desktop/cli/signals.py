"""Ctrl+C and SIGTERM on a running loop, as each system has them."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stop_signals(handler: Callable[[], None]) -> Iterator[None]:
    """Call `handler` on the running loop for Ctrl+C and SIGTERM, as long as the block lasts."""
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        # No add_signal_handler there; Python calls this between two steps of the loop, so it wakes the loop itself.
        before = {n: signal.signal(n, lambda *_: loop.call_soon_threadsafe(handler)) for n in numbers}
        yield
        for number, old in before.items():
            signal.signal(number, old)
    else:
        for number in numbers:
            loop.add_signal_handler(number, handler)
        yield
        for number in numbers:
            loop.remove_signal_handler(number)
