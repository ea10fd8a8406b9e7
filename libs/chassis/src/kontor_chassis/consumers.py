"""Consumers: one durable pull consumer per consuming service and producer stream.

One process of the service is active per producer (lease), so that events of an aggregate are applied in order; events
of different aggregates run side by side. A failed event is delivered again after a doubling delay and holds back only
later events of its own aggregate (`lanes`); after its last attempt it becomes a dead letter and the others go on. Needs
NATS 2.14, where a successor can take over in order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import grpc
import nats.errors
import structlog
from google.protobuf.message import DecodeError, Message
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from kontor_chassis import event_metrics
from kontor_chassis.bus import Bus
from kontor_chassis.database_errors import DatabaseError
from kontor_chassis.envelope import read_envelope, trace_of
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.events import EventMeta, Handler
from kontor_chassis.inbox import Inbox, Outcome
from kontor_chassis.lanes import Lane
from kontor_chassis.leases import Lease, Leases
from kontor_chassis.pulling import Puller, pulling
from kontor_chassis.steps import OnStep, pass_by
from kontor_chassis.streams import ensure_stream, stream_name

log = structlog.get_logger(__name__)
_tracer = trace.get_tracer("kontor.events")
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)

IN_HAND = 64
"""Messages one consumer works on at once."""
SIDE_BY_SIDE = 4
"""Handlers that run at once; each takes a database connection."""
ACK_WAIT = 60.0
STANDBY_SECONDS = 1.0
PULL_SECONDS = 2.0
"""How long one request for messages stays open (they come as they are published); then the consumer looks about."""


@dataclass(frozen=True)
class Retries:
    """How often an event is tried and how long it waits in between: `first`, then twice that, up to `longest`.

    `attempts` are those of an event that is itself at fault. While something that its handler needs is away it is tried
    `attempts_while_away` times, about a day: an outage must not turn sound events into dead letters.
    """

    attempts: int = 10
    attempts_while_away: int = 300
    first: float = 1.0
    longest: float = 300.0

    def delay(self, attempt: int) -> float:
        """Return the seconds to wait after the given failed attempt, counted from 1."""
        return min(self.first * 2.0 ** min(attempt - 1, 30), self.longest)

    def allow_another(self, attempt: int, error: BaseException) -> bool:
        """Whether an event that failed so often, and now by this error, is tried again."""
        if isinstance(error, DecodeError):
            return False
        return attempt < (self.attempts_while_away if something_is_away(error) else self.attempts)


def something_is_away(error: BaseException | None) -> bool:
    """Whether an error is, or comes from, a service or a database that cannot be reached or does not answer in time."""
    while error is not None:
        if isinstance(error, DomainError) and error.kind is ErrorKind.UNAVAILABLE:
            return True
        if isinstance(error, grpc.aio.AioRpcError) and error.code() in _AWAY:
            return True
        error = error.__cause__
    return False


class Consumer:
    """Applies one producer's events in one service until cancelled."""

    def __init__(
        self,
        service: str,
        producer: str,
        handlers: Mapping[str, tuple[type[Message], Handler]],
        *,
        bus: Bus,
        inbox: Inbox,
        leases: Leases,
        retries: Retries | None = None,
        replicas: int = 1,
        on_step: OnStep = pass_by,
    ) -> None:
        self._service = service
        self._producer = producer
        self._handlers = handlers
        self._bus = bus
        self._inbox = inbox
        self._leases = leases
        self._retries = retries or Retries()
        self._replicas = replicas
        self._on_step = on_step
        self._lanes: dict[str, Lane[Msg]] = {}
        self._attempts: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(SIDE_BY_SIDE)

    async def run(self) -> None:
        """Consume until cancelled; survives the loss of NATS, of the stream and of the database."""
        while True:
            lease = await self._leases.try_acquire(f"consumer:{self._producer}")
            if lease is None:
                await asyncio.sleep(STANDBY_SECONDS)
                continue
            try:
                await self._consume(lease)
            except (nats.errors.Error, JetStreamError, OSError, TimeoutError) as error:
                log.warning("consumer_interrupted", producer=self._producer, error=type(error).__name__)
                await asyncio.sleep(STANDBY_SECONDS)
            finally:
                await self._settle_tasks()
                await lease.release()

    async def _consume(self, lease: Lease) -> None:
        """Pull while the lease lasts; raises when NATS, stream or consumer is gone."""
        self._lanes.clear()
        jetstream = await self._bus.jetstream()
        await self._ensure_consumer(jetstream)
        log.info("consumer_active", service=self._service, producer=self._producer)
        try:
            async with pulling(await self._bus.client(), stream_name(self._producer), self._service) as puller:
                while not lease.lost.is_set():
                    in_hand = sum(len(lane.waiting) for lane in self._lanes.values()) + len(self._tasks)
                    if in_hand >= IN_HAND:
                        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                    elif not await self._take_what_comes(puller, IN_HAND - in_hand):
                        await self._measure(jetstream)
        finally:
            event_metrics.CONSUMER_LAG.remove(self._service, self._producer)  # the next active one tells it

    async def _take_what_comes(self, puller: Puller, at_most: int) -> bool:
        """Put what comes within the time of one request in its lanes; whether there was anything."""
        came = False
        async for message in puller.messages(at_most, seconds=PULL_SECONDS):
            self._take(message)
            came = True
        return came

    async def _ensure_consumer(self, jetstream: JetStreamContext) -> None:
        await ensure_stream(jetstream, self._producer, self._replicas)
        await jetstream.add_consumer(
            stream_name(self._producer),
            ConsumerConfig(
                durable_name=self._service,
                deliver_policy=DeliverPolicy.ALL,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_WAIT,
                max_deliver=-1,
                max_ack_pending=-1,  # what waits behind a failed event must not use up everybody's share
                filter_subjects=sorted(self._handlers),
            ),
        )
        # Take up right after the last event that was acked without a gap: what a predecessor had in hand comes at once
        # and in order, not after its ack wait and behind newer events. Applied ones are recognised by the inbox.
        await jetstream.reset_consumer(stream_name(self._producer), self._service)

    async def _measure(self, jetstream: JetStreamContext) -> None:
        """Set the lag; raises when the consumer is gone, so that it is made anew."""
        info = await jetstream.consumer_info(stream_name(self._producer), self._service, timeout=5)
        lag = (info.num_pending or 0) + (info.num_ack_pending or 0)
        event_metrics.CONSUMER_LAG.labels(self._service, self._producer).set(lag)

    def _take(self, message: Msg) -> None:
        """Put a delivery in the lane of its aggregate."""
        aggregate = (message.headers or {}).get("ce-subject", "")
        lane = self._lanes.setdefault(aggregate, Lane())
        lane.waiting.append(message)
        if not lane.running:
            lane.running = True
            task = asyncio.create_task(self._run_lane(aggregate, lane), name=f"lane {self._producer}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run_lane(self, aggregate: str, lane: Lane[Msg]) -> None:
        try:
            while lane.waiting:
                message = lane.waiting.popleft()
                try:
                    async with self._free:
                        await self._deliver(lane, message)
                except (nats.errors.Error, OSError) as error:  # could not answer: it is delivered again
                    log.warning("consumer_could_not_ack", producer=self._producer, error=type(error).__name__)
        finally:
            lane.running = False
            if lane.is_free and not lane.waiting:
                self._lanes.pop(aggregate, None)

    async def _deliver(self, lane: Lane[Msg], message: Msg) -> None:
        """Apply one delivery and answer it: ack, or try again later, or bury and ack."""
        try:
            meta = read_envelope(message.headers or {})
        except (KeyError, ValueError):
            log.error("event_without_envelope", producer=self._producer, subject=message.subject)
            await message.term()
            return
        known = self._handlers.get(meta.event_type)
        if lane.must_wait(meta.position):
            await message.nak(delay=lane.wait(meta.position, now=time.monotonic()))
            return
        if known is None:  # another version's event
            await message.nak(delay=self._retries.first)
            return
        message_class, handler = known
        try:
            outcome = await self._apply(message, meta, message_class, handler)
        except Exception as error:  # whatever a handler raises: tried again, then buried
            await self._failed(lane, message, meta, error)
            return
        self._settled(lane, meta)
        await message.ack()
        self._on_step("consumer.acked")
        event_metrics.CONSUMED.labels(self._service, self._producer, outcome.value).inc()

    async def _apply(self, message: Msg, meta: EventMeta, message_class: type[Message], handler: Handler) -> Outcome:
        with _tracer.start_as_current_span(
            f"consume {meta.event_type}",
            context=trace_of(message.headers or {}),
            kind=SpanKind.CONSUMER,
            attributes={"messaging.system": "nats", "messaging.message.id": str(meta.event_id)},
        ):
            return await self._inbox.apply(message_class.FromString(message.data), meta, handler)

    async def _failed(self, lane: Lane[Msg], message: Msg, meta: EventMeta, error: Exception) -> None:
        """Ask for the event again later; after the last attempt, or when it cannot be decoded, bury it."""
        attempt = self._attempts.get(str(meta.event_id), 0) + 1
        log.warning(
            "event_failed",
            event_id=str(meta.event_id),
            event_type=meta.event_type,
            attempt=attempt,
            exc_info=error,
        )
        if self._retries.allow_another(attempt, error):
            self._attempts[str(meta.event_id)] = attempt
            event_metrics.CONSUMED.labels(self._service, self._producer, "failed").inc()
            await self._try_later(lane, message, meta, self._retries.delay(attempt))
            return
        try:
            await self._inbox.bury(
                meta,
                message.data,
                (message.headers or {}).get("traceparent", ""),
                attempts=attempt,
                error=f"{type(error).__name__}: {error}",
            )
        except Exception as cannot:  # not written down, so the event has to stay in the stream
            log.error("event_could_not_be_buried", event_id=str(meta.event_id), exc_info=cannot)
            await self._try_later(lane, message, meta, self._retries.longest)
            return
        self._settled(lane, meta)
        log.error("event_buried", event_id=str(meta.event_id), event_type=meta.event_type)
        await message.ack()
        event_metrics.CONSUMED.labels(self._service, self._producer, "buried").inc()
        with suppress(DomainError, DatabaseError):  # every worker counts them, too
            event_metrics.DEAD_LETTERS.labels(self._service).set(await self._inbox.open_dead_letters())

    async def _try_later(self, lane: Lane[Msg], message: Msg, meta: EventMeta, seconds: float) -> None:
        lane.hold(meta.position, retry_at=time.monotonic() + seconds)
        await message.nak(delay=seconds)

    def _settled(self, lane: Lane[Msg], meta: EventMeta) -> None:
        lane.settle(meta.position)
        self._attempts.pop(str(meta.event_id), None)

    async def _settle_tasks(self) -> None:
        """Wait for handlers under way; what they could not ack is delivered again."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=5)
            for task in late:
                task.cancel()
