"""Notifications, identity, a mail server and producers of events, for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kontor_chassis.clock import FixedClock
from kontor_chassis.database import Database
from kontor_chassis.testing.plugin import ServiceDatabases
from kontor_chassis.testing.server import running
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.process import free_port

from services.notifications.tests.post_office import Mailbox, PostOffice, mail_server, producing
from tests.with_identity import serving_identity

PRODUCERS = ("chat", "billing", "experts", "vault", "contracts")


@pytest.fixture
async def office(
    service_database: ServiceDatabases, fresh_nats: EmbeddedNats, tmp_path: Path
) -> AsyncIterator[PostOffice]:
    """Two workers of notifications beside one serving process, and everything around them."""
    clock = FixedClock(datetime(2026, 7, 1, 10, tzinfo=UTC))
    mailbox, port = Mailbox(), free_port()
    producers = {
        name: Database(service_database(name).url, service=name, clock=clock, connections=2) for name in PRODUCERS
    }
    common: dict[str, Any] = {"nats_url": fresh_nats.url, "clock": clock, "public_url": "http://localhost:8080"}
    async with (
        mail_server(mailbox, port),
        producing(producers, fresh_nats.url),
        serving_identity(service_database, fresh_nats.url, tmp_path, clock=clock, work=True) as identity,
    ):
        own: dict[str, Any] = {
            "database_url": service_database("notifications").url,
            "identity_address": identity.address,
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            **common,
        }
        async with (
            running("kontor_notifications", work=True, **own) as first,
            running("kontor_notifications", serve=False, work=True, **own),
        ):
            yield PostOffice(clock, mailbox, identity, first, producers)
