"""Runs a coroutine for the duration of an `async with` block."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from ffmate_desktop import logs

T = TypeVar("T")


@asynccontextmanager
async def running_in_background(work: Coroutine[Any, Any, T], name: str) -> AsyncIterator["asyncio.Task[T]"]:
    """Run `work` while the block runs, then cancel it and wait for it. Its failure is logged, not raised."""
    task = asyncio.create_task(work, name=name)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            logs.root.error("%s failed", name, exc_info=error)
