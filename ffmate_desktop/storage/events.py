"""Observes folders through the operating system's file events.

Only on local disks. Events make scans happen sooner; scanning at each interval finds everything anyway.
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
from ffmate_desktop.domain.watch_rules import is_ignored
from ffmate_desktop.storage.filesystem_kind import is_local
from ffmate_desktop.storage.watched_thread import WatchedThread

PATIENCE = 5.0
"""Seconds to find out whether a folder exists; on a share whose server is gone that takes forever."""

_EVENT_TYPES: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
]
# Linux reports when a file is closed after writing. Other systems report every write.
if sys.platform != "linux":
    _EVENT_TYPES.append(FileModifiedEvent)


class FolderEvents:
    """Calls `on_event(folder)` on the loop for events in a folder; many events before that call are one.

    `observe` may be called again at any time.
    """

    def __init__(self, on_event: Callable[[int], None]) -> None:
        # watchdog logs an error when it is stopped at the wrong moment; `_guard` logs real failures.
        logging.getLogger("watchdog").setLevel(logging.CRITICAL)
        # for a folder that it observes already
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._reported: set[int] = set()
        self._observers: dict[int, tuple[str, BaseObserver]] = {}
        self._checks: dict[str, WatchedThread[bool]] = {}
        """Path → a thread that checks whether it can be observed; some never end."""
        self._unobservable: dict[int, str] = {}
        """Folders that can't be observed, and their path at that time: logged once."""

    async def observe(self, folders: Mapping[int, str]) -> None:
        """Observe exactly these folders (id → path), as far as they exist and are local."""
        for folder, (path, observer) in tuple(self._observers.items()):
            if folders.get(folder) != path or not _lives(observer):
                await asyncio.to_thread(self._stop, folder)
        new = [(folder, path) for folder, path in folders.items() if folder not in self._observers]
        are_observable = await asyncio.gather(*(self._is_observable(path) for _, path in new))
        for (folder, path), is_observable in zip(new, are_observable, strict=True):
            if is_observable:
                await asyncio.to_thread(self._start, folder, path)

    async def forget(self, folder: int) -> None:
        """Stop observing a folder that another one has replaced at the same path."""
        if folder in self._observers:
            await asyncio.to_thread(self._stop, folder)

    async def close(self) -> None:
        """Stop observing."""
        for folder in tuple(self._observers):
            await asyncio.to_thread(self._stop, folder)

    def is_broken(self, folder: int) -> bool:
        """Whether the folder's observer has died; `observe` starts another one."""
        return folder in self._observers and not _lives(self._observers[folder][1])

    async def _is_observable(self, path: str) -> bool:
        """Whether it is a folder on a local disk; False while the storage doesn't answer."""
        former = self._checks.pop(path, None)
        if former is not None and former.is_alive:
            self._checks[path] = former
            return False
        thread = WatchedThread(
            lambda: Path(path).is_dir() and is_local(path), "looking where a watchfolder is"
        )
        try:
            async with asyncio.timeout(PATIENCE):
                return await thread.result()
        except TimeoutError:
            self._checks[path] = thread
            return False
        except OSError:  # no permission
            return False

    def _start(self, folder: int, path: str) -> None:
        observer: BaseObserver | None = None
        try:
            observer = Observer()
            observer.schedule(
                _Handler(lambda: self._report(folder)), path, recursive=True, event_filter=_EVENT_TYPES
            )
            for emitter in observer.emitters:
                _guard(emitter, path)
            observer.start()
        except (OSError, RuntimeError) as error:  # usually a limit of the operating system
            if observer is not None:
                with suppress(RuntimeError):
                    observer.stop()
            if self._unobservable.get(folder) != path:
                logs.watchfolder.info(
                    "Can't observe “%s” (%s): it is scanned at each interval only",
                    path,
                    error,
                )
            self._unobservable[folder] = path
            return
        self._unobservable.pop(folder, None)
        self._observers[folder] = (path, observer)

    def _stop(self, folder: int) -> None:
        _, observer = self._observers.pop(folder)
        observer.stop()
        if observer.is_alive():
            observer.join(5)

    def _report(self, folder: int) -> None:
        with self._lock:
            if folder in self._reported:
                return
            self._reported.add(folder)
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._deliver, folder)

    def _deliver(self, folder: int) -> None:
        with self._lock:
            self._reported.discard(folder)
        self._on_event(folder)


def _lives(observer: BaseObserver) -> bool:
    return observer.is_alive() and all(emitter.is_alive() for emitter in observer.emitters)


def _guard(emitter: EventEmitter, path: str) -> None:
    """Log a failure in one line instead of a traceback from the emitter's thread."""
    queue_events = emitter.queue_events

    def guarded(timeout: float) -> None:
        try:
            queue_events(timeout)
        except Exception as error:  # noqa: BLE001 - scanning at each interval finds everything anyway
            logs.watchfolder.info("Stopped observing “%s”: %r", path, error)
            emitter.stop()

    # watchdog chooses the emitter's class by the system, so a subclass of ours could not take its place.
    emitter.queue_events = guarded  # type: ignore[method-assign] # the emitter's thread calls it


class _Handler(FileSystemEventHandler):
    def __init__(self, report: Callable[[], None]) -> None:
        self._report = report

    def on_any_event(self, event: FileSystemEvent) -> None:
        last = str(event.dest_path or event.src_path)
        if not is_ignored(last.replace("\\", "/").rpartition("/")[2]):
            self._report()
