"""Server streams that may last for hours: they end when their token does, and when the server is to stop.

Both are ordinary ends (status OK). A browser's event source or a client connects again by itself, with a fresh token
and to a replica that stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from kontor_chassis.clock import Clock

M = TypeVar("M")


class StreamEnd:
    """Tells all open streams of a server to end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End every open stream after the message it is sending; new ones end at once."""
        self._stopping.set()

    async def bounded(self, messages: AsyncIterator[M], expires_at: float) -> AsyncIterator[M]:
        """Yield `messages` until they end, the server stops, or `expires_at` (seconds since the epoch) has come."""
        stopping = asyncio.ensure_future(self._stopping.wait())
        upcoming: asyncio.Future[M] | None = None
        try:
            while not self._stopping.is_set():
                upcoming = asyncio.ensure_future(anext(messages))
                remaining = expires_at - self._clock.now().timestamp()
                await asyncio.wait(
                    {upcoming, stopping},
                    timeout=remaining if remaining < float("inf") else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if not upcoming.done():
                    return
                try:
                    yield upcoming.result()
                except StopAsyncIteration:
                    return
        finally:
            stopping.cancel()
            if upcoming is not None and not upcoming.done():
                upcoming.cancel()
                await asyncio.wait({upcoming})
            close = getattr(messages, "aclose", None)
            if close is not None:
                await close()
