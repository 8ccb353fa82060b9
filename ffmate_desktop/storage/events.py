"""The operating system's word that something happened in a folder: a doorbell, never the truth.

Only for local disks; without it, or when it falls silent, scanning at each interval finds everything all the same.
"""

import asyncio
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, EventEmitter

from ffmate_desktop import logs
from ffmate_desktop.domain.watch_names import is_passed_over
from ffmate_desktop.storage.filesystem_kind import is_local
from ffmate_desktop.storage.watched_thread import WatchedThread

PATIENCE = 5.0
"""Seconds in which a folder must say whether it is there: a share whose server is gone never does."""

_WANTED: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
]
# Linux tells when a file is closed after writing; the others only that it was written to, again and again.
if sys.platform != "linux":
    _WANTED.append(FileModifiedEvent)


class FolderEvents:
    """Calls `ring(folder)` on the loop when something happened in one of the folders; a thousand times is once.

    `listen` may be called again at any time; `close` ends it.
    """

    def __init__(self, ring: Callable[[int], None]) -> None:
        # It takes being stopped at the wrong moment for an error, and says so; what really ends it, we say.
        logging.getLogger("watchdog").setLevel(logging.CRITICAL)
        warnings.filterwarnings(
            "ignore", "Callback with id", RuntimeWarning
        )  # a folder that it has seen already
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._rung: set[int] = set()
        self._observers: dict[int, tuple[str, BaseObserver]] = {}
        self._asked: dict[str, WatchedThread[bool]] = {}
        """Paths that were asked whether somebody can listen to them; some never answer."""
        self._deaf: dict[int, str] = {}
        """Folders to which nobody can listen, and their path at that time: said once."""

    async def listen(self, folders: Mapping[int, str]) -> None:
        """Listen to these folders (id → path) and to no others, as far as they are there and local."""
        for folder, (path, observer) in tuple(self._observers.items()):
            if folders.get(folder) != path or not _lives(observer):
                await asyncio.to_thread(self._stop, folder)
        wanted = [(folder, path) for folder, path in folders.items() if folder not in self._observers]
        fits = await asyncio.gather(*(self._is_fit(path) for _, path in wanted))
        for (folder, path), is_fit in zip(wanted, fits, strict=True):
            if is_fit:
                await asyncio.to_thread(self._start, folder, path)

    async def forget(self, folder: int) -> None:
        """Stop listening to a folder that is another one by now, under the same path."""
        if folder in self._observers:
            await asyncio.to_thread(self._stop, folder)

    async def close(self) -> None:
        """Listen to nothing any more."""
        for folder in tuple(self._observers):
            await asyncio.to_thread(self._stop, folder)

    def is_broken(self, folder: int) -> bool:
        """Whether what told of this folder has ended by itself; `listen` begins anew."""
        return folder in self._observers and not _lives(self._observers[folder][1])

    async def _is_fit(self, path: str) -> bool:
        """Whether it is a folder on a local disk; False while nobody answers."""
        former = self._asked.pop(path, None)
        if former is not None and former.is_alive:
            self._asked[path] = former
            return False
        job = WatchedThread(lambda: Path(path).is_dir() and is_local(path), "looking where a watchfolder is")
        try:
            async with asyncio.timeout(PATIENCE):
                return await job.result()
        except TimeoutError:
            self._asked[path] = job
            return False
        except OSError:  # it may not be looked at
            return False

    def _start(self, folder: int, path: str) -> None:
        observer: BaseObserver | None = None
        try:
            observer = Observer()
            observer.schedule(
                _Handler(lambda: self._hear(folder)), path, recursive=True, event_filter=_WANTED
            )
            for emitter in observer.emitters:
                _guard(emitter, path)
            observer.start()
        except (OSError, RuntimeError) as error:  # most of all: a limit of the system is reached
            if observer is not None:
                with suppress(RuntimeError):
                    observer.stop()
            if self._deaf.get(folder) != path:
                logs.watchfolder.info(
                    "Nothing tells what happens in “%s” (%s): it is scanned at each interval only",
                    path,
                    error,
                )
            self._deaf[folder] = path
            return
        self._deaf.pop(folder, None)
        self._observers[folder] = (path, observer)

    def _stop(self, folder: int) -> None:
        _, observer = self._observers.pop(folder)
        observer.stop()
        if observer.is_alive():
            observer.join(5)

    def _hear(self, folder: int) -> None:
        with self._lock:
            if folder in self._rung:
                return
            self._rung.add(folder)
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._tell, folder)

    def _tell(self, folder: int) -> None:
        with self._lock:
            self._rung.discard(folder)
        self._ring(folder)


def _lives(observer: BaseObserver) -> bool:
    return observer.is_alive() and all(emitter.is_alive() for emitter in observer.emitters)


def _guard(emitter: EventEmitter, path: str) -> None:
    """Let it end with a line in the log, not with a traceback of its thread."""
    queue_events = emitter.queue_events

    def guarded(timeout: float) -> None:
        try:
            queue_events(timeout)
        except Exception as error:  # noqa: BLE001 - whatever it is, scanning at each interval finds everything
            logs.watchfolder.info("Nothing tells any more what happens in “%s”: %r", path, error)
            emitter.stop()

    emitter.queue_events = guarded  # type: ignore[method-assign] # watchdog chooses the class; its thread calls this


class _Handler(FileSystemEventHandler):
    def __init__(self, hear: Callable[[], None]) -> None:
        self._hear = hear

    def on_any_event(self, event: FileSystemEvent) -> None:
        last = str(event.dest_path or event.src_path)
        if not is_passed_over(last.replace("\\", "/").rpartition("/")[2]):
            self._hear()
