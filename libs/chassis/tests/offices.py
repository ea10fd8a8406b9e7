"""Runs the office (`parcel_office`) as a process of its own, as an installation would."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.calls import channel_options
from kontor_chassis.ids import new_id
from kontor_chassis.testing.plugin import ServiceDatabase
from kontor_chassis.testing.server import database_settings
from kontor_chassis.testing.tokens import test_issuer, token_for
from kontor_tools.embedded.process import free_port
from kontor_tools.folders import REPOSITORY

from libs.chassis.tests import parcel_office
from libs.chassis.tests.parcels import ParcelStub
from libs.chassis.tests.shipping import until

TENANT, ACCOUNT = new_id(), new_id()


def staff() -> str:
    """A fresh token of one employee."""
    return token_for(roles=[Role.ROLE_STAFF], tenant_id=TENANT, account_id=ACCOUNT)


async def side_port(port: int, path: str) -> tuple[int, str]:
    """Status and text of a page of the side port."""

    def get() -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    return await asyncio.to_thread(get)


@dataclass
class Started:
    """The service as a process of its own."""

    process: asyncio.subprocess.Process
    grpc_port: int
    metrics_port: int

    @asynccontextmanager
    async def stub(self) -> AsyncIterator[ParcelStub]:
        """A stub on a channel like those between services."""
        async with grpc.aio.insecure_channel(
            f"127.0.0.1:{self.grpc_port}", options=channel_options("office")
        ) as channel:
            yield ParcelStub(channel)

    async def stop(self) -> tuple[int, str]:
        """Ask it to stop; return exit status and log."""
        self.process.send_signal(signal.SIGTERM)
        log, _ = await self.process.communicate()
        return self.process.returncode or 0, log.decode()


def environment(database: ServiceDatabase, nats_url: str, folder: Path) -> dict[str, str]:
    """The environment of the service."""
    values = {
        "environment": "test",
        "nats_url": nats_url,
        "grpc_listen": f"127.0.0.1:{free_port()}",
        "metrics_listen": f"127.0.0.1:{free_port()}",
        **database_settings(database.url, folder),
        **test_issuer().settings("sender"),
    }
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("KONTOR_")}
    return inherited | {f"KONTOR_{name.upper()}": str(value) for name, value in values.items()}


async def run(command: str, *rest: str, env: dict[str, str]) -> asyncio.subprocess.Process:
    """Start the service's command line."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        parcel_office.__name__,
        command,
        *rest,
        cwd=REPOSITORY,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


@asynccontextmanager
async def started(mode: str, env: dict[str, str]) -> AsyncIterator[Started]:
    """Run the service as a process and wait until it is ready."""
    ports = [int(env[key].rpartition(":")[2]) for key in ("KONTOR_GRPC_LISTEN", "KONTOR_METRICS_LISTEN")]
    service = Started(await run(mode, env=env), *ports)

    async def ready() -> bool:
        assert service.process.returncode is None
        try:
            return (await side_port(service.metrics_port, "/readyz"))[0] == 200
        except OSError:
            return False

    try:
        await until(ready)
        yield service
    finally:
        if service.process.returncode is None:
            service.process.kill()
            await service.process.wait()
