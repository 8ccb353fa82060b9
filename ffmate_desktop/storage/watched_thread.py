"""Runs blocking storage calls in threads that the program can abandon, because storage may never answer."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SilentError(Exception):
    """Storage doesn't answer; `thread` still waits for it."""

    def __init__(self, thread: "WatchedThread[Any]") -> None:
        super().__init__("no answer")
        self.thread = thread


class WatchedThread(Generic[T]):
    """Runs a function in a daemon thread. Nothing has to wait for it: it ends when the storage lets it."""

    def __init__(self, function: Callable[[], T], name: str) -> None:
        self._function = function
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    async def result(self) -> T:
        """What the function returns or raises, however long it takes."""
        return await self._future

    async def result_within(self, patience: float, steps: Callable[[], int] = lambda: 0) -> T:
        """What the function returns or raises.

        Raises SilentError if for `patience` seconds the function neither ends nor raises the number of `steps`.
        """
        result = asyncio.ensure_future(self.result())
        try:
            before = -1
            while not result.done() and before != (before := steps()):
                await asyncio.wait([result], timeout=patience)
            if result.done():
                return result.result()
        finally:
            result.cancel()
        raise SilentError(self)

    def _run(self) -> None:
        try:
            result = self._function()
        except Exception as error:  # noqa: BLE001 - `result` raises it
            failure = error
            self._resolve(lambda: self._future.set_exception(failure))
        else:
            self._resolve(lambda: self._future.set_result(result))

    def _resolve(self, set_result: Callable[[], None]) -> None:
        def resolve() -> None:
            if not self._future.done():
                set_result()

        with suppress(RuntimeError):  # the loop is closed: nothing waits anymore
            self._loop.call_soon_threadsafe(resolve)
