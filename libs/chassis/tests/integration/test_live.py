"""Live events on real NATS: every serving process hears every event, from the subscription on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from kontor_chassis.bus import Bus
from kontor_chassis.database import Database
from kontor_chassis.errors import DomainError
from kontor_chassis.live import WAITING, LiveEvents
from kontor_chassis.outbox import outbox_event
from kontor_chassis.principal import Principal
from kontor_chassis.relay import Relay
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.process import free_port

from libs.chassis.tests.shipping import NOON, ParcelSent, running, send, until

pytestmark = pytest.mark.integration


async def test_every_process_hears_what_matches(
    sender: Database, bus: Bus, fresh_nats: EmbeddedNats, tenant: UUID
) -> None:
    """Two processes, two subscribers: each gets the events it asked for and no others."""
    other_bus = Bus(fresh_nats.url, "other process")
    first, second = LiveEvents(bus), LiveEvents(other_bus)
    async with (
        first.subscribe(ParcelSent, matching=lambda e: e.number < 10) as small,
        first.subscribe(ParcelSent, matching=lambda e: e.number >= 10) as large,
        second.subscribe(ParcelSent, matching=lambda e: True) as everything,
        running(Relay(sender, bus).run),
    ):
        await send(sender, tenant, 1, 10, 2)
        async with asyncio.timeout(10):
            assert [(await anext(small)).number for _ in range(2)] == [1, 2]
            assert (await anext(large)).number == 10
            assert [(await anext(everything)).number for _ in range(3)] == [1, 10, 2]
    await other_bus.close()


async def test_own_commits_are_heard_at_once_and_once(sender: Database, bus: Bus, tenant: UUID) -> None:
    """A process's own streams wait for no relay, and skip what the relay publishes of it later."""
    live = LiveEvents(bus)
    sender.work.tell = live.tell
    async with live.subscribe(ParcelSent, matching=lambda e: True) as events, asyncio.timeout(30):
        await send(sender, tenant, 1, 2)
        assert [(await anext(events)).number for _ in range(2)] == [1, 2]
        async with running(Relay(sender, bus).run):
            await until(lambda: all_sent(sender))
            await send(sender, tenant, 3)
            assert (await anext(events)).number == 3


async def all_sent(sender: Database) -> bool:
    """Whether the relay has published everything."""
    async with sender.work.work(Principal.of_service("sender")) as tx:
        [found] = await tx.run("SELECT count(*) AS waiting FROM outbox WHERE sent_at IS NULL")
        return not found["waiting"]


async def test_event_published_twice_is_heard_once(bus: Bus) -> None:
    """A re-published event reaches a stream once; an unreadable one does no harm."""
    live = LiveEvents(bus)
    client = await bus.client()
    subject = "kontor.sender.v1.ParcelSent"
    async with live.subscribe(ParcelSent, matching=lambda e: True) as events:
        for event_id, number in (("a", 1), ("a", 1), ("b", 2)):
            await client.publish(subject, ParcelSent(number=number).SerializeToString(), headers={"ce-id": event_id})
        await client.publish(subject, b"\xff", headers={"ce-id": "c"})
        await client.publish(subject, ParcelSent(number=4).SerializeToString(), headers={"ce-id": "d"})
        async with asyncio.timeout(10):
            assert [(await anext(events)).number for _ in range(3)] == [1, 2, 4]


async def test_subscriber_that_falls_behind_is_cut_off(bus: Bus) -> None:
    """A slow client's stream ends with UNAVAILABLE instead of growing without bound; others are not affected."""
    live = LiveEvents(bus)
    async with live.subscribe(ParcelSent, matching=lambda e: True) as slow:
        for number in range(WAITING + 1):
            slow.offer(ParcelSent(number=number))
        assert [(await anext(slow)).number for _ in range(WAITING)] == list(range(WAITING))
        with pytest.raises(DomainError) as cut:
            await anext(slow)
        assert cut.value.reason == "STREAM_OVERRUN"


async def test_subscription_that_does_not_come_about_is_forgotten() -> None:
    """Clients that give up while NATS is away leave nothing behind that would go on collecting events."""
    away = Bus("nats://127.0.0.1:9", "process without NATS")
    live = LiveEvents(away)
    offered: list[int] = []

    def wanted(event: ParcelSent) -> bool:
        offered.append(event.number)
        return True

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), live.subscribe(ParcelSent, matching=wanted):
            pass
    live.tell([outbox_event(ParcelSent(number=1), service="sender", aggregate="1", tenant_id=None, created_at=NOON)])
    assert not offered
    await away.close()


async def test_streams_end_when_the_bus_was_away(tmp_path: Path) -> None:
    """What was said while NATS was away nobody hears: streams end, so that their readers come anew and read it (F183).

    A stream that begins afterwards hears again what happens.
    """
    server = EmbeddedNats(tmp_path, free_port())
    log = tmp_path / "nats.log"
    process = server.start(log, outlive_us=False)
    bus = Bus(server.url, "process whose NATS goes away")
    live = LiveEvents(bus)
    try:
        async with live.subscribe(ParcelSent, matching=lambda e: True) as before:
            waiting = asyncio.create_task(anext(before))
            await asyncio.to_thread(server.stop, process)
            process = await asyncio.to_thread(server.start, log, outlive_us=False)
            async with asyncio.timeout(30):
                with pytest.raises(DomainError, match="STREAM_INTERRUPTED"):
                    await waiting
        async with live.subscribe(ParcelSent, matching=lambda e: True) as after, asyncio.timeout(30):
            payload = ParcelSent(number=7).SerializeToString()
            await (await bus.client()).publish("kontor.sender.v1.ParcelSent", payload, headers={"ce-id": "z"})
            assert (await anext(after)).number == 7
    finally:
        await bus.close()
        server.stop(process)
