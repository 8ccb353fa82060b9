"""asyncio on Qt's event loop: qasync with the ready queue and the timer heap of asyncio itself.

Plain qasync 0.28 makes a Qt timer of every callback and keeps the cancelled ones until they would have rung (Windows
has about 10,000), runs callbacks when no loop is running, is up to 50 ms late, and refuses delays beyond 24 days.
Here one Qt timer rings for the earliest of asyncio's own heap, and one posted event wakes the queue: twice as fast.
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

import qasync  # isort: skip - it takes the Qt binding that is already imported

from ffmate_desktop import logs

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

if TYPE_CHECKING:  # qasync has no types, and typeshed leaves out what asyncio keeps to itself

    class _QEventLoop(asyncio.BaseEventLoop):
        _asyncgen_firstiter_hook: Any
        _asyncgen_finalizer_hook: Any

        def __init__(self, app: QCoreApplication) -> None: ...

    class _Timer(asyncio.TimerHandle):
        _scheduled: bool

else:
    _QEventLoop = qasync.QEventLoop

LAG, LONG_LAG = 0.1, 1.0
"""Seconds that something may hold up the loop before it is told, and before everybody in the cluster hears of it."""

TURN = 0.008
"""Seconds that callbacks may run before Qt gets a turn, to paint and to read sockets."""

_LONGEST = 86_400.0  # a Qt timer counts milliseconds in 32 bits
_FEW_TIMERS = 100  # cancelled timers among fewer than these stay in the heap until they come up


class _Waker(QObject):
    """Wakes the loop through Qt's queue of events; posting is safe from every thread."""

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
    """The loop of the window: everything of asyncio, between the events of Qt.

    What Qt does in a nested loop (a drag, a native menu) goes on beside it, but a coroutine must never start one:
    callbacks then wait until it ends.
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
        self._rings = float("inf")
        self._is_turning = False
        self._fatal: BaseException | None = None
        super().__init__(app)

    # -- What asyncio does itself, better than qasync ------------------------------------------------------------

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Run it in the next turn."""
        handle = asyncio.BaseEventLoop.call_soon(self, callback, *args, context=context)
        if not self._is_turning:
            self._waker.post()
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Run it in the next turn; may be called from any thread."""
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
        """Run it after `delay` seconds."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run it at the time `when` of this loop."""
        handle = asyncio.BaseEventLoop.call_at(self, when, callback, *args, context=context)
        if not self._is_turning:
            self._set_alarm()
        return handle

    def _add_callback(self, handle: asyncio.Handle, delay: float = 0) -> None:
        """For signals and transports: they hand over finished handles."""
        self._ready.append(handle)
        self._waker.post()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> "asyncio.Future[T]":
        """In a thread of Python's own pool; qasync's keeps ten, and closing would wait for them."""
        return asyncio.BaseEventLoop.run_in_executor(self, executor, func, *args)

    def set_default_executor(self, executor: Any) -> None:
        """The pool that `to_thread` uses."""
        asyncio.BaseEventLoop.set_default_executor(self, executor)

    def run_until_complete(self, future: Any) -> Any:
        """Run until the future is done. Unlike qasync's, nothing runs when the loop does not."""
        return asyncio.BaseEventLoop.run_until_complete(self, future)

    def run_forever(self) -> None:
        """Run Qt's loop until `stop`."""
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
        """Release everything; the loop cannot run again."""
        self._alarm.stop()
        super().close()

    # -- Turns ---------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Run what is due, for at most a few milliseconds unless one callback takes longer by itself."""
        if self._is_turning or asyncio._get_running_loop() is not self:
            return  # a nested loop of Qt, or no loop at all: what is ready waits
        self._is_turning = True
        now = monotonic()
        self._rings = float("inf")
        try:
            self._take_due(now)
            end = now + TURN
            while self._ready and now < end:
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
                    before, now = now, monotonic()
                    if now - before > LAG:
                        _tell_lag("The loop was held up for %.0f ms by %r", now - before, handle)
        except (SystemExit, KeyboardInterrupt) as error:  # Qt would print it and go on
            self._fatal = error
            self.stop()
        finally:
            self._is_turning = False
            self._set_alarm()

    def _take_due(self, now: float) -> None:
        heap = self._scheduled
        if len(heap) > _FEW_TIMERS and 2 * self._timer_cancelled_count > len(heap):
            self._drop_cancelled()
            heap = self._scheduled
        late = 0.0
        while heap and (heap[0].cancelled() or heap[0].when() <= now):
            handle = heapq.heappop(heap)
            _leaves_heap(handle)
            if handle.cancelled():
                self._timer_cancelled_count -= 1
            else:
                late = max(late, now - handle.when())
                self._ready.append(handle)
        if late > LAG:
            _tell_lag("The loop is %.0f ms late", late)

    def _drop_cancelled(self) -> None:
        kept = []
        for handle in self._scheduled:
            if handle.cancelled():
                _leaves_heap(handle)
            else:
                kept.append(handle)
        heapq.heapify(kept)
        self._scheduled = kept
        self._timer_cancelled_count = 0

    def _set_alarm(self) -> None:
        """Ring for the earliest timer, or at once when callbacks are left over."""
        if self._ready:
            when = 0.0
        elif self._scheduled:
            when = self._scheduled[0].when()
        else:
            return
        if when < self._rings:
            self._rings = when
            self._alarm.start(ceil(1000 * min(max(0.0, when - monotonic()), _LONGEST)))


def _leaves_heap(handle: "_Timer") -> None:
    """As in asyncio's own `_run_once`: else the loop counts a later cancel of it as one that is still in the heap."""
    handle._scheduled = False


def _tell_lag(text: str, seconds: float, *more: object) -> None:
    """On a busy computer short ones are daily bread, and would crowd the cluster's log."""
    level = logging.INFO if seconds > LONG_LAG else logging.DEBUG
    logs.root.log(level, text, 1000 * seconds, *more)
