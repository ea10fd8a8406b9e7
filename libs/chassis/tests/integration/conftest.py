"""Fresh databases of the two services under test, and the customers and firms that use them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest
from kontor_chassis.bus import Bus
from kontor_chassis.database import Database
from kontor_chassis.ids import new_id
from kontor_chassis.principal import ANONYMOUS, set_current_principal
from kontor_chassis.testing.plugin import ServiceDatabase, ServiceDatabases
from kontor_tools.embedded.nats import EmbeddedNats

from libs.chassis.tests.shipping import MIGRATIONS, database


@pytest.fixture
def sender_database(service_database: ServiceDatabases) -> ServiceDatabase:
    """A fresh database of the sender."""
    return service_database("sender", migrations=MIGRATIONS)


@pytest.fixture
def receiver_database(service_database: ServiceDatabases) -> ServiceDatabase:
    """A fresh database of the receiver."""
    return service_database("receiver", migrations=MIGRATIONS)


@pytest.fixture
async def sender(sender_database: ServiceDatabase) -> AsyncIterator[Database]:
    """The sender's connections."""
    opened = database(sender_database.url, "sender")
    yield opened
    await opened.close()


@pytest.fixture
async def receiver(receiver_database: ServiceDatabase) -> AsyncIterator[Database]:
    """The receiver's connections."""
    opened = database(receiver_database.url, "receiver")
    yield opened
    await opened.close()


@pytest.fixture
async def bus(fresh_nats: EmbeddedNats) -> AsyncIterator[Bus]:
    """A connection to a NATS server of the test's own."""
    opened = Bus(fresh_nats.url, "test")
    opened.start()
    yield opened
    await opened.close()


@pytest.fixture
def tenant() -> UUID:
    """A broker firm."""
    return new_id()


@pytest.fixture(autouse=True)
def nobody_signed_in() -> Iterator[None]:
    """Every test begins and ends without a caller."""
    set_current_principal(ANONYMOUS)
    yield
    set_current_principal(ANONYMOUS)
