"""The real expert network beside the vault, for tests of what experts see: import the three fixtures."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from kontor_chassis.testing.plugin import ServiceDatabase, ServiceDatabases
from kontor_chassis.testing.server import Running, running
from kontor_tools.embedded.nats import EmbeddedNats


@pytest.fixture
def experts_database(service_database: ServiceDatabases) -> ServiceDatabase:
    """Where the expert network keeps its orders."""
    return service_database("experts")


@pytest.fixture
async def experts(experts_database: ServiceDatabase, nats: EmbeddedNats, identity: Running) -> AsyncIterator[Running]:
    """The expert network, which the vault asks whether an order is running."""
    url = experts_database.url
    async with running("kontor_experts", database_url=url, nats_url=nats.url, identity_address=identity.address) as one:
        yield one


@pytest.fixture
def experts_address(experts: Running) -> str:
    """Where it answers."""
    return experts.address
