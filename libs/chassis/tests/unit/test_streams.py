"""Server streams end when their token does or the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from kontor_chassis.clock import FixedClock, SystemClock
from kontor_chassis.interceptors.streams import StreamEnd

NEVER = float("inf")


class Source:
    """An async generator whose end can be observed."""

    def __init__(self, *items: int, endless: bool) -> None:
        self._items = items
        self._endless = endless
        self.closed = False

    async def stream(self) -> AsyncIterator[int]:
        """Yield the items, then wait for ever or end."""
        try:
            for item in self._items:
                yield item
            if self._endless:
                await asyncio.Event().wait()
        finally:
            self.closed = True


async def test_finite_stream_passes_unchanged() -> None:
    """All items, then the end."""
    source = Source(1, 2, 3, endless=False)
    assert [item async for item in StreamEnd(SystemClock()).bounded(source.stream(), NEVER)] == [1, 2, 3]
    assert source.closed


async def test_stopping_ends_a_waiting_stream() -> None:
    """What was sent stays sent; the source is closed, not abandoned."""
    end, source = StreamEnd(SystemClock()), Source(1, endless=True)
    received: list[int] = []
    async for item in end.bounded(source.stream(), NEVER):
        received.append(item)
        asyncio.get_running_loop().call_soon(end.stop)
    assert received == [1]
    assert source.closed


async def test_new_stream_of_a_stopping_server_ends_at_once() -> None:
    """Nothing is started any more."""
    end = StreamEnd(SystemClock())
    end.stop()
    assert [item async for item in end.bounded(Source(1, endless=True).stream(), NEVER)] == []


async def test_stream_ends_with_its_token() -> None:
    """A person whose session was ended must not go on hearing: at the latest when his token expires."""
    instant = datetime(2026, 7, 31, tzinfo=UTC)
    source = Source(1, endless=True)
    expires_at = (instant + timedelta(milliseconds=20)).timestamp()
    received = [item async for item in StreamEnd(FixedClock(instant)).bounded(source.stream(), expires_at)]
    assert received == [1]
    assert source.closed


async def test_failure_of_the_source_is_passed_on() -> None:
    """An error in a stream reaches the pipeline."""

    async def failing() -> AsyncIterator[int]:
        yield 1
        raise LookupError("gone")

    received: list[int] = []
    try:
        async for item in StreamEnd(SystemClock()).bounded(failing(), NEVER):
            received.append(item)
    except LookupError as error:
        received.append(len(str(error)))
    assert received == [1, 4]
