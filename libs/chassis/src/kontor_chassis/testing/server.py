"""A service served in the test's own process, on free ports, with real channels to it."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import unquote, urlsplit, urlunsplit

import grpc

from kontor_chassis.calls import CallingChannel, SharedChannel
from kontor_chassis.clock import Clock
from kontor_chassis.jwks import JwksKeys
from kontor_chassis.process import Compose, Definition, Platform, Process
from kontor_chassis.server import RpcServer, Servicer
from kontor_chassis.settings import ServiceSettings
from kontor_chassis.testing.tokens import IssuerForTests, test_issuer
from kontor_chassis.tokens import TokenVerifier

S = TypeVar("S")


@dataclass
class Client:
    """Calls a server under test."""

    address: str
    _shared: SharedChannel

    def stub(self, stub_class: Callable[[grpc.aio.Channel], S], token: str = "") -> S:
        """Return a stub whose calls carry `token` ("": none)."""
        return stub_class(cast(grpc.aio.Channel, CallingChannel(self._shared, lambda: token)))


@dataclass
class Serving(Client):
    """Single servicers under test."""

    server: RpcServer


@dataclass
class Running(Client):
    """A whole service under test."""

    process: Process[Any]

    @property
    def platform(self) -> Platform:
        """What the service was composed with: its unit of work, clock and callers."""
        return self.process.platform


@asynccontextmanager
async def running(
    package: str,
    *,
    database_url: str,
    nats_url: str,
    clock: Clock | None = None,
    serve: bool = True,
    work: bool = False,
    issuer: IssuerForTests | None = None,
    settings_class: type[ServiceSettings] | None = None,
    compose: Compose[Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Running]:
    """Run the service of `package` ("kontor_vault"): `compose` of its app.py with the settings of its config.py.

    `database_url` is the application role's and may hold a password; `settings` are further fields of the settings,
    for example `identity_address="127.0.0.1:50051"`. With `work` the relay, consumers and jobs run, too.
    """
    name = package.removeprefix("kontor_")
    chosen = settings_class or _settings_class(package)
    with tempfile.TemporaryDirectory(prefix="kontor-test-") as folder:
        values: dict[str, Any] = {
            "environment": "test",
            "nats_url": nats_url,
            "grpc_listen": "127.0.0.1:0",
            "metrics_listen": "127.0.0.1:0",
            "notice_seconds": 0.0,
            "drain_seconds": 5.0,
            **database_settings(database_url, Path(folder)),
            **(issuer or test_issuer()).settings(name),
            **settings,
        }
        chosen_compose = compose or importlib.import_module(f"{package}.app").compose
        process = Process(Definition(name, chosen, chosen_compose), chosen(**values), clock=clock)
        await process.start(serve=serve, work=work)
        address = f"127.0.0.1:{process.grpc_port}"
        channel = grpc.aio.insecure_channel(address)
        try:
            yield Running(address, SharedChannel(channel), process)
        finally:
            await channel.close()
            await process.stop()


@asynccontextmanager
async def serving(servicers: Sequence[Servicer], *, issuer: IssuerForTests | None = None) -> AsyncIterator[Serving]:
    """Serve single servicers behind the common pipeline, without database or NATS."""
    chosen = issuer or test_issuer()
    keys = JwksKeys(chosen.jwks_file.as_uri())
    server = RpcServer(TokenVerifier(chosen.issuer, keys, chosen.folder / "certificates"), servicers)
    address = f"127.0.0.1:{await server.start('127.0.0.1:0')}"
    channel = grpc.aio.insecure_channel(address)
    try:
        yield Serving(address, SharedChannel(channel), server)
    finally:
        await channel.close()
        await server.drain(5.0)


def _settings_class(package: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"{package}.config")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ServiceSettings) and value.__module__ == module.__name__
    ]
    return found[0] if found else ServiceSettings


def database_settings(url: str, folder: Path) -> dict[str, Any]:
    """Return the settings for a database URL; its password, if any, goes to a file, where settings want it."""
    parts = urlsplit(url)
    if not parts.password:
        return {"database_url": url}
    file = folder / "password"
    file.write_text(unquote(parts.password), encoding="utf-8")
    user, _, location = parts.netloc.rpartition("@")
    bare = urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{location}"))
    return {"database_url": bare, "database_password_file": file}
