"""Waiting for conditions, never for time: one way for tests in an event loop, one for those that block."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")
PAUSE_SECONDS = 0.05


@overload
async def eventually(probe: Callable[[], Awaitable[T | None]], seconds: float = 20) -> T: ...
@overload
async def eventually(probe: Callable[[], T | None], seconds: float = 20) -> T: ...
async def eventually(probe: Callable[[], Any], seconds: float = 20) -> Any:
    """Return the first truthy answer of `probe`; fails when none came within `seconds`."""
    end = time.monotonic() + seconds
    while True:
        found = probe()
        answer = await found if isinstance(found, Awaitable) else found
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"it did not happen within {seconds:g} s")
        await asyncio.sleep(PAUSE_SECONDS)


def until(probe: Callable[[], T | None], *, seconds: float = 15.0, what: str = "the condition") -> T:
    """Return the first truthy answer of `probe`, blocking meanwhile; fails when none came within `seconds`."""
    pause = threading.Event()
    end = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds:g} s")
        pause.wait(PAUSE_SECONDS)
