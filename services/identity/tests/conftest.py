"""Fixtures of identity's tests: the service alone, and the service with its OpenID edge."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from kontor_chassis.clock import FixedClock
from kontor_chassis.testing.server import running
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.process import LOOPBACK, free_port

from services.identity.tests.identity_office import START, Identity, Platform, add_operator, edge
from services.identity.tests.name_server import NameServer, serving


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key-encryption key and cookie key."""
    file = tmp_path_factory.mktemp("keys") / "key"
    file.write_text(secrets.token_urlsafe(32))
    return file


@pytest.fixture(scope="session")
def name_server() -> Iterator[NameServer]:
    """A name server that knows what tests tell it."""
    with serving() as server:
        yield server


@pytest.fixture
async def identity(
    service_database: Any, nats: EmbeddedNats, key_file: Path, name_server: NameServer
) -> AsyncIterator[Identity]:
    """A fresh identity service that accepts the test run's tokens."""
    clock = FixedClock(START)
    settings: dict[str, Any] = {
        "public_url": "http://localhost:8080",
        "key_encryption_key_file": key_file,
        "name_servers": name_server.address,
    }
    url = service_database("identity").url
    async with running("kontor_identity", database_url=url, nats_url=nats.url, clock=clock, **settings) as service:
        yield Identity(service, clock)


@pytest.fixture
async def platform(service_database: Any, nats: EmbeddedNats, key_file: Path) -> AsyncIterator[Platform]:
    """A fresh service with its edge, and an operator who can sign in."""
    port, clock = free_port(), FixedClock(START)
    settings: dict[str, Any] = {
        "public_url": "http://localhost:8080",
        "key_encryption_key_file": key_file,
        "jwks_url": f"http://{LOOPBACK}:{port}/oauth/jwks.json",
    }
    url = service_database("identity").url
    async with running("kontor_identity", database_url=url, nats_url=nats.url, clock=clock, **settings) as service:
        await add_operator(service)
        with edge(service.address, port, key_file):
            yield Platform(Identity(service, clock), f"http://{LOOPBACK}:{port}")
