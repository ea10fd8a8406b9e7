"""One running process of a service: connects, serves, works, and stops in the order that loses nothing.

Start: side port → database → NATS → the service's own parts → gRPC server → workers → ready. Stop is the reverse:
not ready → stop pulling events → finish calls → close what the service opened → drain NATS → close pools.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog
from google.protobuf.message import Message

from kontor_chassis.bus import Bus
from kontor_chassis.calls import Callers
from kontor_chassis.clock import Clock
from kontor_chassis.database import Database, RowReader, UnitOfWork
from kontor_chassis.events import Handler
from kontor_chassis.jobs import Job
from kontor_chassis.jwks import JwksKeys
from kontor_chassis.live import LiveEvents
from kontor_chassis.server import RpcServer, Servicer
from kontor_chassis.settings import ServiceSettings
from kontor_chassis.sideport import Readiness, SidePort
from kontor_chassis.tokens import ServiceTokens, TokenVerifier
from kontor_chassis.worker import Worker

S = TypeVar("S", bound=ServiceSettings)

log = structlog.get_logger(__name__)


@dataclass
class Service:
    """What a service is made of; returned by its `compose`."""

    servicers: Sequence[Servicer]
    consumers: Mapping[type[Message], Handler] = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    close: Sequence[Callable[[], Awaitable[None]]] = ()
    """Called at the end, in this order, after the last call and the last event."""


@dataclass(frozen=True)
class Platform:
    """What the chassis gives a service to build itself with."""

    settings: ServiceSettings
    clock: Clock
    work: UnitOfWork
    rows: RowReader
    callers: Callers
    live: LiveEvents
    log: structlog.stdlib.BoundLogger


Compose = Callable[[S, Platform], Service | Awaitable[Service]]


@dataclass(frozen=True)
class Definition(Generic[S]):
    """A service's name and how it is put together."""

    name: str
    settings: type[S]
    compose: Compose[S]


class Process(Generic[S]):
    """A service running in this process."""

    def __init__(self, definition: Definition[S], settings: S, *, clock: Clock | None = None) -> None:
        self._definition = definition
        self._settings = settings
        self._clock = clock or settings.make_clock()
        self._stack = AsyncExitStack()
        self._readiness = Readiness()
        self.grpc_port = 0
        self.metrics_port = 0

    async def start(self, *, serve: bool, work: bool) -> None:
        """Start what is asked for; whatever fails on the way, what was started before is stopped again."""
        try:
            await self._start(serve=serve, work=work)
        except BaseException:
            await self._stack.aclose()
            raise

    async def stop(self) -> None:
        """Stop in order; returns when everything in hand is finished."""
        await self._stack.aclose()

    async def _start(self, *, serve: bool, work: bool) -> None:
        name, settings = self._definition.name, self._settings
        await self._open_side_port()
        database = Database(settings.database_dsn(), service=name, clock=self._clock)
        self._stack.push_async_callback(database.close)
        tokens = ServiceTokens(name, settings.service_key_file)
        callers = Callers(settings.addresses(), tokens)
        self._stack.push_async_callback(callers.close)
        bus = Bus(settings.nats_url, f"{name}-{_mode(serve=serve, work=work)}")
        bus.start()
        self._stack.push_async_callback(bus.close)
        live = LiveEvents(bus)
        database.work.tell = live.tell
        self.platform = Platform(
            settings=settings,
            clock=self._clock,
            work=database.work,
            rows=database.rows,
            callers=callers,
            live=live,
            log=structlog.get_logger(f"kontor_{name}"),
        )
        service = await self._compose(self.platform)
        for close in reversed(service.close):
            self._stack.push_async_callback(close)
        self._readiness.checks["database"] = database.ping
        if serve:
            await self._serve(service)
        self.worker = Worker(
            database, bus, consumers=service.consumers, jobs=service.jobs, replicas=settings.nats_replicas
        )
        if work:
            self._work(self.worker, bus)
        self._readiness.accepting = True
        self._stack.callback(self._accept_no_more)

    def _accept_no_more(self) -> None:
        self._readiness.accepting = False

    async def _open_side_port(self) -> None:
        side_port = SidePort(self._readiness)
        await side_port.start(self._settings.metrics_listen)
        self._stack.push_async_callback(side_port.stop)
        self.metrics_port = side_port.port

    async def _compose(self, platform: Platform) -> Service:
        composed = self._definition.compose(self._settings, platform)
        return await composed if inspect.isawaitable(composed) else composed

    async def _serve(self, service: Service) -> None:
        settings = self._settings
        verifier = TokenVerifier(settings.issuer, JwksKeys(settings.jwks_url), settings.service_certificates_dir)
        server = RpcServer(verifier, service.servicers)
        self.grpc_port = await server.start(settings.grpc_listen)
        self._stack.push_async_callback(server.drain, settings.drain_seconds, notice=settings.notice_seconds)

    def _work(self, worker: Worker, bus: Bus) -> None:
        stop = asyncio.Event()
        working = asyncio.create_task(worker.run(stop), name="worker")

        async def finish() -> None:
            stop.set()
            await working

        self._stack.push_async_callback(finish)
        self._readiness.checks["nats"] = _true(lambda: bus.is_connected)
        self._readiness.checks["worker"] = _true(lambda: not working.done())


def _mode(*, serve: bool, work: bool) -> str:
    return "all" if serve and work else "work" if work else "serve"


def _true(condition: Callable[[], bool]) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        if not condition():
            raise RuntimeError("not usable")

    return check
