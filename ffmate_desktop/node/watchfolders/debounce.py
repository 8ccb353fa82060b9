"""When an event in a folder is worth a scan: a moment after the last of them, and not too often in a large tree."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from ffmate_desktop.storage.events import FolderEvents

QUIET = 0.2
"""Seconds without another event after which a scan begins."""

LONGEST = 1.0
"""Seconds after the first event at which it begins, whatever goes on."""

LARGE, RESTS = 0.5, 2.0
"""Seconds of a scan from which on events wait afterwards, and how many times as long as it took."""


class EventDebouncer:
    """Gathers events; `wake()` is called when a folder wants a scan."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._events = FolderEvents(self._ring)
        self._folders: frozenset[int] = frozenset()
        self._first: dict[int, float] = {}
        self._due: dict[int, float] = {}
        self._rests_until: dict[int, float] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    async def listen(self, folders: Mapping[int, str]) -> None:
        """Listen to these folders (id → path), as far as their disks are local; what others rang is forgotten."""
        self._folders = frozenset(folders)
        for folder in self._due.keys() - self._folders:
            self.answered(folder)
        await self._events.listen(folders)

    async def forget(self, folder: int) -> None:
        """Stop listening to a folder that was replaced, and scan once more; the next `listen` finds the new one."""
        await self._events.forget(folder)
        self._ring(folder)

    def is_broken(self, folder: int) -> bool:
        """Whether it has to listen anew."""
        return self._events.is_broken(folder)

    async def close(self) -> None:
        """Listen no more."""
        for timer in self._timers.values():
            timer.cancel()
        await self._events.close()

    def rung(self, busy: Collection[int] = ()) -> list[int]:
        """Folders that want a scan now, but for those that are just being scanned."""
        now = self._loop.time()
        return [folder for folder, due in self._due.items() if due <= now and folder not in busy]

    def answered(self, folder: int) -> None:
        """A scan begins: whatever happened until now, it will see."""
        self._first.pop(folder, None)
        self._due.pop(folder, None)
        if (timer := self._timers.pop(folder, None)) is not None:
            timer.cancel()

    def rest(self, folder: int, seconds: float) -> None:
        """A scan that took so long has ended."""
        self._rests_until[folder] = self._loop.time() + (RESTS * seconds if seconds > LARGE else 0.0)

    def _ring(self, folder: int) -> None:
        if folder not in self._folders:
            return  # on its way when the folder was given up: nobody could ever answer
        now = self._loop.time()
        first = self._first.setdefault(folder, now)
        due = max(min(now + QUIET, first + LONGEST), self._rests_until.get(folder, 0.0))
        self._due[folder] = due
        if (timer := self._timers.pop(folder, None)) is not None:
            timer.cancel()
        self._timers[folder] = self._loop.call_at(due, self._wake)
