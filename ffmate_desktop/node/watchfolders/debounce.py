"""Debounces file system events: a folder is due for a scan shortly after the last of a burst of events."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from ffmate_desktop.storage.events import FolderEvents

QUIET = 0.2
"""Seconds without another event after which a folder is due."""

LONGEST = 1.0
"""Seconds after the first event at which it is due even if events keep coming."""

LARGE, REST_FACTOR = 0.5, 2.0
"""A scan that took at least LARGE seconds is followed by a rest of REST_FACTOR times as long."""


class EventDebouncer:
    """Observes folders; calls `wake` when one is due for a scan."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._events = FolderEvents(self._on_event)
        self._folders: frozenset[int] = frozenset()
        self._first: dict[int, float] = {}
        self._due: dict[int, float] = {}
        self._rests_until: dict[int, float] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    async def observe(self, folders: Mapping[int, str]) -> None:
        """Observe exactly these folders (id → path), as far as their disks are local."""
        self._folders = frozenset(folders)
        for folder in self._due.keys() - self._folders:
            self.scan_begins(folder)
        await self._events.observe(folders)

    async def forget(self, folder: int) -> None:
        """Stop observing a folder that was replaced, and make it due; the next `observe` finds the new one."""
        await self._events.forget(folder)
        self._on_event(folder)

    def is_broken(self, folder: int) -> bool:
        """Whether the folder's observer has died; `observe` starts another one."""
        return self._events.is_broken(folder)

    async def close(self) -> None:
        """Stop observing."""
        for timer in self._timers.values():
            timer.cancel()
        await self._events.close()

    def due(self, busy: Collection[int] = ()) -> list[int]:
        """Folders that are due now, except those being scanned."""
        now = self._loop.time()
        return [folder for folder, due in self._due.items() if due <= now and folder not in busy]

    def scan_begins(self, folder: int) -> None:
        """Forget the events so far: this scan sees what they were about."""
        self._first.pop(folder, None)
        self._due.pop(folder, None)
        if (timer := self._timers.pop(folder, None)) is not None:
            timer.cancel()

    def scan_ended(self, folder: int, seconds: float) -> None:
        """Let a large folder rest after a scan that took this long."""
        self._rests_until[folder] = self._loop.time() + (REST_FACTOR * seconds if seconds > LARGE else 0.0)

    def _on_event(self, folder: int) -> None:
        if folder not in self._folders:
            return  # sent before the folder was given up: no scan would ever clear it
        now = self._loop.time()
        first = self._first.setdefault(folder, now)
        due = max(min(now + QUIET, first + LONGEST), self._rests_until.get(folder, 0.0))
        self._due[folder] = due
        if (timer := self._timers.pop(folder, None)) is not None:
            timer.cancel()
        self._timers[folder] = self._loop.call_at(due, self._wake)
