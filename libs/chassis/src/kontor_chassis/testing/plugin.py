"""pytest plugin: real PostgreSQL and NATS for a test session, and freshly migrated databases.

Databases are cloned from one migrated template per service, and tests connect as the application role, so that
row-level security is always on.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.postgres import EmbeddedPostgres
from kontor_tools.embedded.process import LOOPBACK, free_port

from kontor_chassis.calls import Callers
from kontor_chassis.migrations import migrate

Callers.raise_in_transaction = True


@dataclass(frozen=True)
class ServiceDatabase:
    """A migrated database of one service; both URLs hold passwords."""

    url: str
    """As the application role: bound by row-level security."""
    owner_url: str
    """As the owner, for migrations and for what a test must look at behind the service's back."""


@dataclass
class PostgresForTests:
    """The session's PostgreSQL server; makes databases for services."""

    server: EmbeddedPostgres
    secrets: Path
    _templates: dict[str, Path] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _passing: list[str] = field(default_factory=list)

    def service_database(
        self, service: str, package: str | None = None, *, migrations: Path | None = None
    ) -> ServiceDatabase:
        """Return a fresh database of `service`, migrated by `package` (default `kontor_<service>`)."""
        folder = migrations or _migrations_of(package or f"kontor_{service}")
        if service not in self._templates:
            _outside_of_any_loop(lambda: self.server.provision([service], self.secrets))
            _outside_of_any_loop(lambda: migrate(self._url(f"kontor_{service}", service, "owner"), folder))
            self._templates[service] = folder
        if self._templates[service] != folder:
            raise ValueError(f"{service} was migrated from {self._templates[service]} in this session")
        name = f"test_{service}_{next(self._numbers)}"
        self._passing.append(name)
        copied = f'TEMPLATE "kontor_{service}" STRATEGY FILE_COPY'  # not through the log, which nobody will read
        self.execute(f'CREATE DATABASE "{name}" {copied} OWNER "kontor_{service}_owner"')
        return ServiceDatabase(self._url(name, service, "app"), self._url(name, service, "owner"))

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Drop the databases that are made in this block at its end: files that are gone in time reach no disk."""
        outer, self._passing = self._passing, []
        try:
            yield
        finally:
            if self._passing:
                self.execute(*(f'DROP DATABASE "{name}" WITH (FORCE)' for name in self._passing))
            self._passing = outer

    def execute(self, *statements: str) -> None:
        """Run SQL as the superuser, outside of any test's event loop."""
        _outside_of_any_loop(lambda: asyncio.run(self._execute(statements)))

    async def _execute(self, statements: Sequence[str]) -> None:
        connection = await self.server.connect()
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def _url(self, database: str, service: str, kind: str) -> str:
        role = f"kontor_{service}_{kind}"
        password = (self.secrets / f"{role}.password").read_text(encoding="ascii").strip()
        return f"postgresql://{role}:{quote(password, safe='')}@{LOOPBACK}:{self.server.port}/{database}"


ServiceDatabases = Callable[..., ServiceDatabase]
"""`service_database("vault")`: see `PostgresForTests.service_database`."""


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    """Folder of the session's servers, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kontor-test-servers-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(server_home: Path) -> Iterator[PostgresForTests]:
    """The session's PostgreSQL server, without fsync."""
    server = EmbeddedPostgres(server_home / "postgres", free_port(), durable=False)
    process = server.start(server_home / "postgres.log")
    secrets = server_home / "secrets"
    secrets.mkdir(mode=0o700)
    yield PostgresForTests(server, secrets)
    server.stop(process)


@pytest.fixture
def service_database(postgres: PostgresForTests) -> Iterator[ServiceDatabases]:
    """Makes a fresh, migrated database per call, for the time of the test: `service_database("vault")`."""
    with postgres.passing():
        yield postgres.service_database


@pytest.fixture(scope="session")
def nats(server_home: Path) -> Iterator[EmbeddedNats]:
    """The session's NATS server with JetStream; streams are shared by all tests that use it."""
    yield from _running_nats(server_home / "nats")


@pytest.fixture
def fresh_nats(server_home: Path) -> Iterator[EmbeddedNats]:
    """A NATS server of the test's own, for tests that must not hear other tests' events."""
    yield from _running_nats(Path(tempfile.mkdtemp(prefix="nats-", dir=server_home)))


def _running_nats(home: Path) -> Iterator[EmbeddedNats]:
    server = EmbeddedNats(home, free_port())
    process = server.start(home.with_suffix(".log"), outlive_us=False)
    yield server
    server.stop(process)


def _migrations_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ValueError(f"there is no package {package}")
    return Path(spec.origin).parent / "migrations"


def _outside_of_any_loop(work: Callable[[], None]) -> None:
    """Run something that starts an event loop of its own, wherever the caller stands."""
    with ThreadPoolExecutor(max_workers=1) as apart:
        apart.submit(work).result()
