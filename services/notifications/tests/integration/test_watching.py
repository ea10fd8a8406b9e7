"""The live bell under many streams: what it costs while nothing happens, and what a slow client may pile up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.notifications.v1 import notifications_pb2 as pb
from kontor.notifications.v1.events_pb2 import NotificationsRead
from kontor_chassis.bus import Bus
from kontor_chassis.clock import FixedClock
from kontor_chassis.database import Database
from kontor_chassis.errors import DomainError
from kontor_chassis.events import event_type
from kontor_chassis.ids import new_id
from kontor_chassis.live import WAITING, LiveEvents
from kontor_chassis.outbox import OutboxEvent
from kontor_chassis.principal import Principal, set_current_principal
from kontor_chassis.rows import RowReader
from kontor_chassis.testing.plugin import ServiceDatabases
from kontor_notifications import watching
from kontor_notifications.rpc import NotificationsRpc
from kontor_tools.embedded.nats import EmbeddedNats

pytestmark = pytest.mark.integration

ME = Principal(account_id=new_id(), tenant_id=new_id(), roles=frozenset({Role.ROLE_STAFF}))
NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)


class CountingReader(RowReader):
    """Counts its questions."""

    asked = 0

    async def rows(self, *arguments: Any, **more: Any) -> Any:
        """Answer, and count."""
        self.asked += 1
        return await super().rows(*arguments, **more)


@pytest.fixture
async def live(fresh_nats: EmbeddedNats) -> AsyncIterator[LiveEvents]:
    """Live events of one process."""
    bus = Bus(fresh_nats.url, "notifications")
    bus.start()
    yield LiveEvents(bus)
    await bus.close()


def read_elsewhere() -> OutboxEvent:
    """Return the event of my notifications having been read."""
    event = NotificationsRead(tenant_id=str(ME.tenant_id), account_id=str(ME.account_id))
    return OutboxEvent(new_id(), event_type(NotificationsRead), "x", ME.tenant_id, "{}", event.SerializeToString(), NOW)


async def test_heartbeats_ask_no_database(
    live: LiveEvents, service_database: ServiceDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F142: an open page costs one question, and one more for each change; none for heartbeats."""
    monkeypatch.setattr(watching, "HEARTBEAT_SECONDS", 0.01)
    url, clock = service_database("notifications").url, FixedClock(NOW)
    database = Database(url, service="notifications", clock=clock)
    rows = CountingReader(url, service="notifications", clock=clock)
    set_current_principal(ME)
    rpc = NotificationsRpc(database.work, rows, live, clock)
    stream = rpc.WatchNotifications(pb.WatchNotificationsRequest(), cast(Any, None))
    for _ in range(5):
        assert (await anext(stream)).HasField("heartbeat")
    assert rows.asked == 1
    live.tell([read_elsewhere()])
    for _ in range(3):
        assert (await anext(stream)).unread_count == 0
    assert rows.asked == 2
    await cast(Any, stream).aclose()
    await rows.close()
    await database.close()


async def test_a_slow_client_is_ended(live: LiveEvents) -> None:
    """F142: a stream nobody reads from holds a bounded number of events, and then ends."""
    stream = watching.watch(live, ME)
    assert await anext(stream) is None
    live.tell([read_elsewhere() for _ in range(WAITING * 2)])
    heard: list[object] = []

    async def listen() -> None:
        async for happening in stream:
            heard.append(happening)

    with pytest.raises(DomainError, match="STREAM_OVERRUN"):
        await listen()
    assert None not in heard
    assert len(heard) <= WAITING
