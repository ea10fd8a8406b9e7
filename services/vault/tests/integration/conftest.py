"""A vault in-process and its file edge under gunicorn, for each test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from kontor_chassis.clock import FixedClock
from kontor_chassis.testing.plugin import ServiceDatabases
from kontor_chassis.testing.server import Running, running
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.process import free_port

from services.vault.tests.vault_office import DEFAULT_QUOTA, Edge, Office, answering
from tests.with_identity import identity as identity


@pytest.fixture
def contracts_address() -> str:
    """Where contracts would answer; nobody does unless a test runs it."""
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def experts_address() -> str:
    """Where the expert network would answer; nobody does unless a test runs it."""
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
async def office(
    service_database: ServiceDatabases,
    nats: EmbeddedNats,
    identity: Running,
    contracts_address: str,
    experts_address: str,
    tmp_path: Path,
) -> AsyncIterator[Office]:
    """A vault of the test's own."""
    clock = FixedClock(datetime(2026, 7, 1, 10, tzinfo=UTC))
    database = service_database("vault")
    key = tmp_path / "kek"
    key.write_text(os.urandom(32).hex())
    objects = tmp_path / "objects"
    async with (
        running(
            "kontor_vault",
            database_url=database.url,
            nats_url=nats.url,
            clock=clock,
            object_store_url=objects.as_uri(),
            key_encryption_key_file=key,
            identity_address=identity.address,
            contracts_address=contracts_address,
            experts_address=experts_address,
            default_quota_bytes=DEFAULT_QUOTA,
            mail_domain="post.kontor.example",
        ) as vault,
    ):
        yield Office(vault, clock, identity, database, objects, key)


@pytest.fixture
async def tenant(office: Office) -> UUID:
    """An active broker firm."""
    return await office.firm()


@pytest.fixture
def edge_process(
    office: Office, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The file edge as it is started everywhere, and its port; an indirect parameter is more of its environment."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "KONTOR_ENVIRONMENT": "test",
        "KONTOR_ISSUER": "http://localhost:8080",
        "KONTOR_HTTP_LISTEN": f"127.0.0.1:{port}",
        "KONTOR_METRICS_LISTEN": f"127.0.0.1:{free_port()}",
        "KONTOR_OBJECT_STORE_URL": office.objects.as_uri(),
        "KONTOR_VAULT_ADDRESS": office.running.address,
        **getattr(request, "param", {}),
    }
    with (tmp_path / "edge.log").open("wb") as log:
        command = [sys.executable, "-m", "kontor_vault", "http"]
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    yield process, port
    os.killpg(process.pid, signal.SIGKILL)  # a polite end takes its worker a second, and others test that
    process.wait(30)


@pytest.fixture
async def edge(edge_process: tuple[subprocess.Popen[bytes], int]) -> AsyncIterator[Edge]:
    """The file edge in front of the test's vault, and a client of it."""
    process, port = edge_process
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
        await answering(client, process)
        yield Edge(process, client)
