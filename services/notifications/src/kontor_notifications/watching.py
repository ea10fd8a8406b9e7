"""The live bell: every serving process hears every event and tells the streams connected to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TypeVar

from kontor.notifications.v1 import events_pb2
from kontor_chassis.live import LiveEvents
from kontor_chassis.principal import Principal

HEARTBEAT_SECONDS = 15.0

T = TypeVar("T")

Happening = events_pb2.NotificationCreated | events_pb2.NotificationsRead


async def watch(live: LiveEvents, principal: Principal) -> AsyncIterator[Happening | None]:
    """Yield what happens to the caller's bell; None at once, and whenever nothing happened for 15 seconds."""
    account_id, tenant_id = str(principal.required_account()), str(principal.required_tenant())

    def mine(event: Happening) -> bool:
        return event.account_id == account_id and event.tenant_id == tenant_id

    # One place only: what a slow client has not taken waits in the subscriptions, which are bounded and end the stream.
    queue: asyncio.Queue[Happening] = asyncio.Queue(1)
    async with (
        live.subscribe(events_pb2.NotificationCreated, matching=mine) as created,
        live.subscribe(events_pb2.NotificationsRead, matching=mine) as read,
    ):
        pumps = [asyncio.create_task(_pump(created, queue)), asyncio.create_task(_pump(read, queue))]
        try:
            yield None
            while True:
                yield await _next(queue, pumps)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)


async def _next(queue: asyncio.Queue[Happening], pumps: list[asyncio.Task[None]]) -> Happening | None:
    """Return the next event, None after the heartbeat's time; raises what ended a subscription."""
    waiting = asyncio.create_task(queue.get())
    try:
        done, _ = await asyncio.wait({waiting, *pumps}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            if pump in done:
                pump.result()
        return waiting.result() if waiting in done else None
    finally:
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait({waiting})


async def _pump(events: AsyncIterator[T], queue: asyncio.Queue[T]) -> None:
    async for event in events:
        await queue.put(event)
