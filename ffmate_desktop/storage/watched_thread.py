"""Work on storage that may never answer: in threads that no exit of the program waits for."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SilentError(Exception):
    """Storage does not answer; `job` waits for it."""

    def __init__(self, job: "WatchedThread[Any]") -> None:
        super().__init__("no answer")
        self.job = job


class WatchedThread(Generic[T]):
    """A function in a thread of its own. Awaiting `result` may be given up: the thread then ends when it can."""

    def __init__(self, function: Callable[[], T], name: str) -> None:
        self._function = function
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread is still at it."""
        return self._thread.is_alive()

    async def result(self) -> T:
        """What the function returned, or what it raised."""
        return await self._future

    def _run(self) -> None:
        try:
            result = self._function()
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            failure = error
            self._tell(lambda: self._future.set_exception(failure))
        else:
            self._tell(lambda: self._future.set_result(result))

    def _tell(self, answer: Callable[[], None]) -> None:
        def tell() -> None:
            if not self._future.done():
                answer()

        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(tell)


async def answered(job: WatchedThread[T], patience: float, steps: Callable[[], int] = lambda: 0) -> T:
    """What the job found; SilentError when for `patience` seconds it neither ends nor steps on."""
    answer = asyncio.ensure_future(job.result())
    try:
        before = -1
        while not answer.done() and before != (before := steps()):
            await asyncio.wait([answer], timeout=patience)
        if answer.done():
            return answer.result()
    finally:
        answer.cancel()
    raise SilentError(job)
