"""Answers that take the same time whatever was found, where the time would tell who has an account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

STEADY_SECONDS = 0.15
"""Well above what either case needs; below what a person notices."""


@asynccontextmanager
async def steadily(seconds: float = STEADY_SECONDS) -> AsyncIterator[None]:
    """Let the block take at least so long, also when it raises."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    try:
        yield
    finally:
        await asyncio.sleep(max(0.0, ends - loop.time()))
