"""Growing delays between attempts."""

import random


class Backoff:
    """Delays that double from `first` to `longest` seconds; `jitter` is the share that chance adds or removes."""

    def __init__(self, first: float, longest: float, *, jitter: float = 0.0) -> None:
        self._first = first
        self._longest = longest
        self._jitter = jitter
        self._delay = first

    def next_delay(self) -> float:
        """Seconds to wait before the next attempt."""
        delay, self._delay = self._delay, min(2 * self._delay, self._longest)
        return delay * random.uniform(1 - self._jitter, 1 + self._jitter)  # noqa: S311 - not a secret

    def reset(self) -> None:
        """An attempt succeeded: start again with the first delay."""
        self._delay = self._first
