"""Connects Qt and asyncio: runs coroutines for clicks, and turns the cluster's notifications into Qt signals."""

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

COLLECT_FOR = 0.1
"""Seconds to collect changes before emitting them, so that a thousand changes cause one repaint."""

FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
"""Seconds between two attempts to reconnect."""

MAX_IDS = 5_000
"""With more changed tasks than this, `tasks_changed` emits None: any task may have changed."""

MAX_LIVE = 2_000
"""Progress of more tasks than this in one interval is dropped; nodes send it again a second later."""


class Bridge(QObject):
    """Runs coroutines for the window and notifies the views of changes.

    `close` cancels everything it started. An exception becomes `user_error` (expected errors and outages: a sentence)
    or `unexpected_error` (everything else, logged with its traceback).
    """

    tasks_changed = Signal(object)
    """frozenset of task ids, or None: any task may have changed, appeared or disappeared."""
    progress = Signal(object)
    """dict of task id to its newest LiveProgress. Progress is not stored in rows."""
    progress_sources = Signal(object)
    """dict of task id to the id of the node that reported its progress; emitted before `progress`."""
    nodes_changed = Signal()
    presets_changed = Signal()
    watchfolders_changed = Signal()
    logs_changed = Signal(object, object)
    """Ids of the first and last new log line; `object` because ids exceed a C int."""
    anything_changed = Signal()
    """Connected or reconnected: read everything that is shown."""
    outage_changed = Signal(object)
    """Unix time since which the database is unreachable, or None when connected."""
    user_error = Signal(object)
    """UserError of an action the user started."""
    unexpected_error = Signal(object, str)
    """Exception, and what was being done when it happened."""

    def __init__(self) -> None:
        super().__init__()
        self._running: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.outage_since: float | None = None
        self._changed_ids: set[int] | None = set()
        self._live: dict[int, LiveProgress] = {}
        self._progress_sources: dict[int, int] = {}
        self._changed_kinds: set[str] = set()
        self._new_lines: tuple[int, int] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._queue: asyncio.Queue[Change | None] | None = None
        self._has_emitted_outage = False

    # -- Coroutines for clicks -----------------------------------------------------------------------------------

    def run(
        self, work: Coroutine[Any, Any, T], name: str, done: Callable[[T], object] | None = None
    ) -> "asyncio.Task[T | None]":
        """Start a coroutine for a user action. `done` gets its result if it succeeds; `name` says what it does."""
        guarded = self._guard(work, name, done)
        return self._own(work, guarded, name)

    def run_quietly(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        """Start a background coroutine. Expected errors are only logged; `anything_changed` follows an outage."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - a failed read must not stop the node in this process
                if is_outage(error):
                    logs.database.info("Database unavailable while %s: %s", name, outage_reason(error))
                    self._reconnect()
                elif isinstance(error, UserError):
                    logs.root.info("Failed while %s: %s", name, error)
                else:
                    logs.root.exception("Failed while: %s", name)
                    self.unexpected_error.emit(error, name)

        return self._own(work, guarded(), name)

    def _own(
        self, work: Coroutine[Any, Any, Any], guarded: Coroutine[Any, Any, T], name: str
    ) -> "asyncio.Task[T]":
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        task = self._loop.create_task(guarded, name=name)  # Qt timers also fire while the loop isn't running
        self._running.add(task)

        def on_end(ended: "asyncio.Task[T]") -> None:
            self._running.discard(ended)
            work.close()  # in case it was cancelled before its first step

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
        except Exception as error:  # noqa: BLE001 - a failed action must not stop the node in this process
            if is_outage(error):
                logs.database.info("Database unavailable while %s", name)
                self.user_error.emit(
                    UserError(
                        self.tr("Can't reach the database right now."),
                        self.tr("Nothing is lost. Try again once it's back."),
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
        """Cancel every running coroutine and wait for it to end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._running:
            for task in self._running:
                task.cancel()
            await asyncio.wait(self._running)

    # -- Changes in the cluster ----------------------------------------------------------------------------------

    def follow(self, services: WindowServices) -> "asyncio.Task[None]":
        """Emit the changes of this cluster until the returned task is cancelled."""
        self._has_emitted_outage = False
        return self.run(self._follow(services), "following the cluster")

    async def _follow(self, services: WindowServices) -> None:
        loop = asyncio.get_running_loop()
        backoff, since = Backoff(FIRST_DELAY, LONGEST_DELAY), loop.time()
        while True:
            try:
                async with services.change_feed() as queue:
                    self._queue, since = queue, loop.time()
                    self._set_outage(None)
                    self.anything_changed.emit()
                    while (change := await queue.get()) is not None:
                        self._collect(change)
                reason = "the connection was lost"
            except Exception as error:
                if not (isinstance(error, UserError) or is_outage(error)):
                    raise
                reason = outage_reason(error)
            if self._queue is not None and loop.time() - since > LONGEST_DELAY:
                backoff.reset()
            self._queue = None
            self._set_outage(time.time() if self.outage_since is None else self.outage_since)
            logs.database.info("Lost the connection for notifications: %s", reason)
            await asyncio.sleep(backoff.next_delay())

    def _reconnect(self) -> None:
        """Reconnect after a failed read. Connecting waits until a table that is locked or missing is back."""
        if self._queue is not None:
            self._queue.put_nowait(None)

    def _set_outage(self, since: float | None) -> None:
        if since != self.outage_since or not self._has_emitted_outage:
            self.outage_since = since
            self._has_emitted_outage = True
            self.outage_changed.emit(since)

    def _collect(self, change: Change) -> None:
        match change:
            case TasksChanged():
                self._collect_tasks(change)
            case ProgressReported(node_id=node_id, tasks=tasks):
                if len(self._live) < MAX_LIVE:
                    self._live.update((task.task_id, task) for task in tasks)
                    self._progress_sources.update((task.task_id, node_id) for task in tasks)
            case NodeChanged():
                self._changed_kinds.add("nodes")
            case LogsChanged(first=first, last=last):
                seen = self._new_lines or (first, last)
                self._new_lines = (min(first, seen[0]), max(last, seen[1]))
            case PresetsChanged():
                self._changed_kinds.add("presets")
            case WatchfolderChanged():
                self._changed_kinds.add("watchfolders")
            case BatchFinished():
                pass  # the change of its last task is enough
            case AnythingChanged():
                self._changed_kinds.add("anything")
            case _:
                assert_never(change)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(COLLECT_FOR, self._emit_collected)

    def _collect_tasks(self, change: TasksChanged) -> None:
        self._changed_kinds.add("tasks")
        if change.ids is None or change.deleted:
            self._changed_ids = None
        elif self._changed_ids is not None:
            self._changed_ids.update(change.ids)
            if len(self._changed_ids) > MAX_IDS:
                self._changed_ids = None

    def _emit_collected(self) -> None:
        self._timer = None
        changed, self._changed_ids = self._changed_ids, set()
        live, self._live = self._live, {}
        sources, self._progress_sources = self._progress_sources, {}
        kinds, self._changed_kinds = self._changed_kinds, set()
        lines, self._new_lines = self._new_lines, None
        if live:
            self.progress_sources.emit(sources)
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
