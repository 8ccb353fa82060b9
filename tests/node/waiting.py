"""Waits for a condition, never for a fixed time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

import pytest

T = TypeVar("T")

PATIENCE = 90.0
"""Seconds; a limit for failures, not a measurement."""


@overload
async def until(
    condition: Callable[[], Awaitable[T | None]], description: str, timeout: float = ...
) -> T: ...
@overload
async def until(condition: Callable[[], T | None], description: str, timeout: float = ...) -> T: ...
async def until(condition: Callable[[], Any], description: str, timeout: float = PATIENCE) -> Any:
    """Check the condition until it is true, and return its value; fails the test after `timeout` seconds."""
    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        answer = condition()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        if asyncio.get_running_loop().time() > deadline:
            pytest.fail(f"not within {timeout:g} s: {description}")
        await asyncio.sleep(0.03)
