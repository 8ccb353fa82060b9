"""Between clicks and coroutines, and between the cluster's news and the views."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, assert_never

from PySide6.QtCore import QObject, Signal

from ffmate_desktop import logs
from ffmate_desktop.backoff import Backoff
from ffmate_desktop.domain.change import (
    AnythingChanged,
    BatchFinished,
    Change,
    LogsChanged,
    NodeChanged,
    PresetsChanged,
    ProgressReported,
    TasksChanged,
    WatchfolderChanged,
)
from ffmate_desktop.domain.errors import UserError, as_user_error
from ffmate_desktop.domain.status import LiveProgress
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.outages import is_outage, outage_reason

T = TypeVar("T")

GATHER = 0.1
"""Seconds that news is collected before the views are told, so that a thousand changes are one repaint."""

FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
"""Seconds between two attempts to reach the database again."""

ENOUGH = 5_000
"""More changed tasks than this are told as "any of them"."""

MOST_LIVE = 2_000
"""More live progress than this within one gathering waits for its next repetition."""


class Bridge(QObject):
    """Runs coroutines for the window and notifies the views of changes.

    `close` cancels everything it started. An exception becomes `user_error` (expected errors and outages: a sentence)
    or `unexpected_error` (everything else, logged with its traceback).
    """

    tasks_changed = Signal(object)
    """frozenset of task ids, or None: any may have changed, appeared or gone."""
    progress = Signal(object)
    """dict of task id to LiveProgress: the newest of each; no row was written for it."""
    progress_sources = Signal(object)
    """dict of task id to the id of the node that told of its progress; comes before `progress`."""
    nodes_changed = Signal()
    presets_changed = Signal()
    watchfolders_changed = Signal()
    logs_changed = Signal(object, object)
    """Ids of the first and the last new log line; ids are larger than a C int."""
    anything_changed = Signal()
    """The connection is there, for the first time or again: read whatever is shown."""
    outage_changed = Signal(object)
    """Unix time since when the database is away, or None: it is there."""
    user_error = Signal(object)
    """UserError of something that the user started."""
    unexpected_error = Signal(object, str)
    """Exception, and what was being done."""

    def __init__(self) -> None:
        super().__init__()
        self._running: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.outage_since: float | None = None
        self._changed: set[int] | None = set()
        self._live: dict[int, LiveProgress] = {}
        self._tellers: dict[int, int] = {}
        self._kinds: set[str] = set()
        self._lines: tuple[int, int] | None = None
        self._ring: asyncio.TimerHandle | None = None
        self._queue: asyncio.Queue[Change | None] | None = None
        self._was_here = False

    # -- Coroutines for clicks -----------------------------------------------------------------------------------

    def run(
        self, work: Coroutine[Any, Any, T], name: str, done: Callable[[T], object] | None = None
    ) -> "asyncio.Task[T | None]":
        """Start a coroutine; `done` is called with its result when it succeeds. `name` says what is being done."""
        guarded = self._guard(work, name, done)
        return self._own(work, guarded, name)

    def run_quietly(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        """Start a coroutine that nobody clicked for: an outage is no news, whoever reads is told to read again."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - reading must never end the node that works beside it
                if is_outage(error):
                    logs.database.info(
                        "Not done: %s. The database cannot do it now: %s", name, outage_reason(error)
                    )
                    self._connect_again()
                elif isinstance(error, UserError):
                    logs.root.info("Not done: %s, because: %s", name, error)
                else:
                    logs.root.exception("Failed while: %s", name)
                    self.unexpected_error.emit(error, name)

        return self._own(work, guarded(), name)

    def _own(
        self, work: Coroutine[Any, Any, Any], guarded: Coroutine[Any, Any, T], name: str
    ) -> "asyncio.Task[T]":
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        task = self._loop.create_task(guarded, name=name)  # Qt's timers also ring while it does not run
        self._running.add(task)

        def on_end(ended: "asyncio.Task[T]") -> None:
            self._running.discard(ended)
            work.close()  # it may have been cancelled before its first step

        task.add_done_callback(on_end)
        return task

    async def _guard(
        self, work: Coroutine[Any, Any, T], name: str, done: Callable[[T], object] | None
    ) -> T | None:
        try:
            result = await work
            if done is not None:
                done(result)
        except UserError as error:
            self.user_error.emit(error)
        except Exception as error:  # noqa: BLE001 - a click must never end the node that works beside it
            if is_outage(error):
                logs.database.info("The database was away while: %s", name)
                self.user_error.emit(
                    UserError(
                        self.tr("The database cannot be reached at this moment."),
                        self.tr("Nothing was lost; try again when it is back."),
                    )
                )
            elif isinstance(error, OSError) and (refused := as_user_error(error)) is not None:
                self.user_error.emit(refused)
            else:
                logs.root.exception("Failed while: %s", name)
                self.unexpected_error.emit(error, name)
        else:
            return result
        return None

    async def close(self) -> None:
        """Cancel everything that was started and wait until it has ended."""
        if self._ring is not None:
            self._ring.cancel()
            self._ring = None
        while self._running:
            for task in self._running:
                task.cancel()
            await asyncio.wait(self._running)

    # -- News of the cluster -------------------------------------------------------------------------------------

    def follow(self, services: WindowServices) -> "asyncio.Task[None]":
        """Tell the views what changes in this cluster, until the returned task is cancelled."""
        self._was_here = False
        return self.run(self._follow(services), "following the cluster")

    async def _follow(self, services: WindowServices) -> None:
        loop = asyncio.get_running_loop()
        backoff, since = Backoff(FIRST_DELAY, LONGEST_DELAY), loop.time()
        while True:
            try:
                async with services.change_feed() as queue:
                    self._queue, since = queue, loop.time()
                    self._set_away(None)
                    self.anything_changed.emit()
                    while (change := await queue.get()) is not None:
                        self._take(change)
                reason = "the connection was lost"
            except Exception as error:
                if not (isinstance(error, UserError) or is_outage(error)):
                    raise
                reason = outage_reason(error)
            if self._queue is not None and loop.time() - since > LONGEST_DELAY:
                backoff.reset()
            self._queue = None
            self._set_away(time.time() if self.outage_since is None else self.outage_since)
            logs.database.info("No news from the database: %s", reason)
            await asyncio.sleep(backoff.next_delay())

    def _connect_again(self) -> None:
        """A read failed although news would still come: a table is locked, or gone. Who connects waits for it."""
        if self._queue is not None:
            self._queue.put_nowait(None)

    def _set_away(self, since: float | None) -> None:
        if since != self.outage_since or not self._was_here:
            self.outage_since = since
            self._was_here = True
            self.outage_changed.emit(since)

    def _take(self, change: Change) -> None:
        match change:
            case TasksChanged():
                self._take_tasks(change)
            case ProgressReported(node_id=node_id, tasks=tasks):
                if len(self._live) < MOST_LIVE:
                    self._live.update((task.task_id, task) for task in tasks)
                    self._tellers.update((task.task_id, node_id) for task in tasks)
            case NodeChanged():
                self._kinds.add("nodes")
            case LogsChanged(first=first, last=last):
                seen = self._lines or (first, last)
                self._lines = (min(first, seen[0]), max(last, seen[1]))
            case PresetsChanged():
                self._kinds.add("presets")
            case WatchfolderChanged():
                self._kinds.add("watchfolders")
            case BatchFinished():
                pass  # its last task has changed too
            case AnythingChanged():
                self._kinds.add("anything")
            case _:
                assert_never(change)
        if self._ring is None:
            self._ring = asyncio.get_running_loop().call_later(GATHER, self._tell)

    def _take_tasks(self, change: TasksChanged) -> None:
        self._kinds.add("tasks")
        if change.ids is None or change.deleted:
            self._changed = None
        elif self._changed is not None:
            self._changed.update(change.ids)
            if len(self._changed) > ENOUGH:
                self._changed = None

    def _tell(self) -> None:
        self._ring = None
        changed, self._changed = self._changed, set()
        live, self._live = self._live, {}
        tellers, self._tellers = self._tellers, {}
        kinds, self._kinds = self._kinds, set()
        lines, self._lines = self._lines, None
        if live:
            self.progress_sources.emit(tellers)
            self.progress.emit(live)
        if "anything" in kinds:
            self.anything_changed.emit()
            return
        if lines is not None:
            self.logs_changed.emit(*lines)
        if "tasks" in kinds:
            self.tasks_changed.emit(None if changed is None else frozenset(changed))
        if "nodes" in kinds:
            self.nodes_changed.emit()
        if "presets" in kinds:
            self.presets_changed.emit()
        if "watchfolders" in kinds:
            self.watchfolders_changed.emit()
