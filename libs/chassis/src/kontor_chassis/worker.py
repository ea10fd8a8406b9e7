"""The worker of a service: relay, outbox answers, consumers, reconciler and jobs, running side by side.

Any number of worker processes may run; leases see to it that each task is done by one of them at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from google.protobuf.message import Message

from kontor_chassis.bus import Bus
from kontor_chassis.consumers import Consumer, Retries
from kontor_chassis.database import Database
from kontor_chassis.events import Handler, Subscriptions
from kontor_chassis.housekeeping import count_dead_letters, housekeeping
from kontor_chassis.inbox import Inbox, Replay
from kontor_chassis.jobs import Job, JobContext, JobRunner
from kontor_chassis.leases import Leases
from kontor_chassis.reconciler import EVERY, OutboxAnswers, Reconciler
from kontor_chassis.relay import Relay

log = structlog.get_logger(__name__)

RESTART_SECONDS = 1.0
CANCEL_AGAIN_SECONDS = 10.0

Part = Callable[[], Coroutine[Any, Any, None]]
"""A part of the worker: called, it works until cancelled."""


class Worker:
    """Everything a service does besides answering RPCs. `replicas` is that of the JetStream streams."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        consumers: Mapping[type[Message], Handler],
        jobs: Sequence[Job] = (),
        replicas: int = 1,
        retries: Retries | None = None,
    ) -> None:
        self._database = database
        self._bus = bus
        self._subscriptions = Subscriptions.of(consumers)
        self._jobs = jobs
        self._replicas = replicas
        self._retries = retries
        self._leases = Leases(database.connect)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then finish what is in hand and return."""
        self._bus.start()
        tasks = [asyncio.create_task(_keep(work), name=name) for name, work in self._parts().items()]
        try:
            await stop.wait()
        finally:
            await end_all(tasks)
            await self._leases.close()

    async def replay(self, source: str | None = None) -> Replay:
        """Run the handlers of all dead letters (of one producer) again; for the `replay` command."""
        return await Inbox(self._database.work, self._database.service).replay(self._subscriptions, source)

    def _parts(self) -> dict[str, Part]:
        reconciler = Reconciler(self._database, self._bus, self._subscriptions)

        async def reconcile(_context: JobContext) -> None:
            await reconciler.reconcile_all()

        jobs = [*self._jobs, *housekeeping(self._database.service)]
        if self._subscriptions.by_producer:
            jobs.append(Job("chassis.reconcile", EVERY, reconcile))
        inbox = Inbox(self._database.work, self._database.service)
        parts: dict[str, Part] = {
            "relay": Relay(self._database, self._bus, replicas=self._replicas).run,
            "outbox-answers": OutboxAnswers(self._database, self._bus, replicas=self._replicas).run,
            "jobs": JobRunner(self._database, self._leases, jobs).run,
            "dead-letters": partial(count_dead_letters, inbox, self._database.service),
        }
        for producer, handlers in self._subscriptions.by_producer.items():
            parts[f"consumer {producer}"] = Consumer(
                self._database.service,
                producer,
                handlers,
                bus=self._bus,
                inbox=inbox,
                leases=self._leases,
                retries=self._retries,
                replicas=self._replicas,
            ).run
        return parts


async def end_all(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: `asyncio.wait_for` of Python 3.11 loses a cancellation that comes together
    with what it waited for, as it does under traffic."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_SECONDS)


async def _keep(part: Part) -> None:
    """Run a part for ever; a defect in one part is logged and must not end the others."""
    while True:
        try:
            await part()
        except Exception as defect:  # a defect of any kind; cancelling passes through
            log.error("worker_part_failed", part=getattr(part, "__qualname__", "?"), exc_info=defect)
        await asyncio.sleep(RESTART_SECONDS)
