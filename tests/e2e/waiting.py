"""Waiting for conditions, never for time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(probe: Callable[[], T | None], *, seconds: float = 15.0, what: str = "the condition") -> T:
    """Return the first truthy answer of `probe`; fails when none came within `seconds`."""
    pause = threading.Event()
    end = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds:g} s")
        pause.wait(0.05)
