"""asyncio on Qt's event loop: qasync with the ready queue and the timer heap of asyncio itself.

Plain qasync 0.28 creates a Qt timer per callback and keeps cancelled ones until they are due (Windows allows about
10,000), runs callbacks while no loop is running, is up to 50 ms late, and rejects delays over 24 days. Here, a single
Qt timer waits for the first entry of asyncio's own heap, and a single posted event wakes the queue: twice as fast.
"""

import asyncio
import heapq
import logging
import sys
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer

import qasync  # isort: skip - it uses the Qt binding that is already imported

from ffmate_desktop import logs

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

if TYPE_CHECKING:  # qasync has no types, and typeshed omits asyncio's private attributes

    class _QEventLoop(asyncio.BaseEventLoop):
        _asyncgen_firstiter_hook: Any
        _asyncgen_finalizer_hook: Any

        def __init__(self, app: QCoreApplication) -> None: ...

    class _Timer(asyncio.TimerHandle):
        _scheduled: bool

else:
    _QEventLoop = qasync.QEventLoop

LAG, LONG_LAG = 0.1, 1.0
"""Blocking the loop for more than LAG seconds is logged at debug, for more than LONG_LAG at info."""

TURN = 0.008
"""Seconds that callbacks may run before Qt gets a turn to paint and to read sockets."""

_LONGEST = 86_400.0  # a Qt timer counts milliseconds in 32 bits
_FEW_TIMERS = 100  # in a smaller heap, cancelled timers stay until they are due


class _Waker(QObject):
    """Wakes the loop through Qt's event queue. `post` is thread-safe."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self._wake = wake
        self._kind = QEvent.Type(QEvent.registerEventType())
        self._posted = False

    def post(self) -> None:
        if not self._posted:
            self._posted = True
            QCoreApplication.postEvent(self, QEvent(self._kind))

    def event(self, event: QEvent) -> bool:
        if event.type() != self._kind:
            return super().event(event)
        self._posted = False
        self._wake()
        return True


class Loop(_QEventLoop):
    """Runs asyncio between Qt's events.

    Qt's own nested loops (a drag, a native menu) are fine. A coroutine must never start one: all callbacks would
    wait until it ends.
    """

    _ready: "Any"
    _scheduled: "list[_Timer]"
    _timer_cancelled_count: int

    def __init__(self, app: QCoreApplication) -> None:
        self._waker = _Waker(self._turn)
        self._alarm = QTimer()
        self._alarm.setSingleShot(True)
        self._alarm.setTimerType(Qt.TimerType.PreciseTimer)
        self._alarm.timeout.connect(self._turn)
        self._wakes_at = float("inf")
        self._is_turning = False
        self._fatal: BaseException | None = None
        super().__init__(app)

    # -- asyncio's own implementations instead of qasync's -------------------------------------------------------

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.BaseEventLoop.call_soon(self, callback, *args, context=context)
        if not self._is_turning:
            self._waker.post()
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.BaseEventLoop.call_soon(self, callback, *args, context=context)
        self._waker.post()
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.BaseEventLoop.call_at(self, when, callback, *args, context=context)
        if not self._is_turning:
            self._set_alarm()
        return handle

    def _add_callback(self, handle: asyncio.Handle, delay: float = 0) -> None:
        """Queue a finished handle, from signals and transports."""
        self._ready.append(handle)
        self._waker.post()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> "asyncio.Future[T]":
        """Use Python's thread pool: qasync's keeps ten threads and waits for them on close."""
        return asyncio.BaseEventLoop.run_in_executor(self, executor, func, *args)

    def set_default_executor(self, executor: Any) -> None:
        asyncio.BaseEventLoop.set_default_executor(self, executor)

    def run_until_complete(self, future: Any) -> Any:
        """Unlike qasync's, this runs nothing while the loop isn't running."""
        return asyncio.BaseEventLoop.run_until_complete(self, future)

    def run_forever(self) -> None:
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(
            firstiter=self._asyncgen_firstiter_hook, finalizer=self._asyncgen_finalizer_hook
        )
        self._waker.post()
        try:
            super().run_forever()
        finally:
            sys.set_asyncgen_hooks(*hooks)
        if self._fatal is not None:
            fatal, self._fatal = self._fatal, None
            raise fatal

    def close(self) -> None:
        self._alarm.stop()
        super().close()

    # -- Turns ---------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Run due callbacks for at most TURN seconds, unless a single callback takes longer."""
        if self._is_turning or asyncio._get_running_loop() is not self:
            return  # in a nested Qt loop, or without a running loop, callbacks wait
        self._is_turning = True
        now = monotonic()
        self._wakes_at = float("inf")
        try:
            self._queue_due(now)
            end = now + TURN
            while self._ready and now < end:
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
                    before, now = now, monotonic()
                    if now - before > LAG:
                        _log_lag("The event loop was blocked for %.0f ms by %r", now - before, handle)
        except (SystemExit, KeyboardInterrupt) as error:  # Qt would only print it
            self._fatal = error
            self.stop()
        finally:
            self._is_turning = False
            self._set_alarm()

    def _queue_due(self, now: float) -> None:
        heap = self._scheduled
        if len(heap) > _FEW_TIMERS and 2 * self._timer_cancelled_count > len(heap):
            self._drop_cancelled()
            heap = self._scheduled
        late = 0.0
        while heap and (heap[0].cancelled() or heap[0].when() <= now):
            handle = heapq.heappop(heap)
            _mark_unscheduled(handle)
            if handle.cancelled():
                self._timer_cancelled_count -= 1
            else:
                late = max(late, now - handle.when())
                self._ready.append(handle)
        if late > LAG:
            _log_lag("The event loop is %.0f ms late", late)

    def _drop_cancelled(self) -> None:
        remaining = []
        for handle in self._scheduled:
            if handle.cancelled():
                _mark_unscheduled(handle)
            else:
                remaining.append(handle)
        heapq.heapify(remaining)
        self._scheduled = remaining
        self._timer_cancelled_count = 0

    def _set_alarm(self) -> None:
        """Wake for the earliest timer, or immediately if callbacks are left."""
        if self._ready:
            when = 0.0
        elif self._scheduled:
            when = self._scheduled[0].when()
        else:
            return
        if when < self._wakes_at:
            self._wakes_at = when
            self._alarm.start(ceil(1000 * min(max(0.0, when - monotonic()), _LONGEST)))


def _mark_unscheduled(handle: "_Timer") -> None:
    """As asyncio's `_run_once` does; otherwise a later cancel counts as one that is still in the heap."""
    handle._scheduled = False


def _log_lag(text: str, seconds: float, *more: object) -> None:
    """Short delays are normal on a busy computer and would flood the cluster's log, so they are debug lines."""
    level = logging.INFO if seconds > LONG_LAG else logging.DEBUG
    logs.root.log(level, text, 1000 * seconds, *more)
