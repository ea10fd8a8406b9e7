"""The reconciler: consumers ask producers what was published, and have missing events published again.

JetStream may lose acknowledged messages when machines fail, and may be deleted altogether; the producer's outbox is
the truth. Both sides talk by NATS request and reply (protos/kontor/common/v1/outbox.proto). Asking twice does no
harm, because the inbox applies an event once.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from uuid import UUID

import nats.errors
import structlog
from google.protobuf.message import DecodeError
from kontor.common.v1.outbox_pb2 import (
    ListPublishedRequest,
    ListPublishedResponse,
    PublishedEvent,
    RepublishRequest,
    RepublishResponse,
)
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError
from sqlalchemy import RowMapping, text

from kontor_chassis import event_metrics
from kontor_chassis.bus import Bus
from kontor_chassis.database import Database
from kontor_chassis.database_errors import DatabaseError
from kontor_chassis.envelope import envelope_of
from kontor_chassis.errors import DomainError
from kontor_chassis.events import Subscriptions
from kontor_chassis.principal import Principal
from kontor_chassis.streams import ensure_stream, stream_name

log = structlog.get_logger(__name__)

LIMIT = 1000
"""Events one question covers."""
GRACE = timedelta(seconds=30)
"""Events sent more recently than this are probably on their way and not asked about yet."""
EVERY = timedelta(seconds=30)
REPLY_SECONDS = 5.0

WRITERS_SECONDS = 2.0
"""So long an answer waits for transactions that are writing; then it says nothing new, and is asked again."""
_LOOK_AGAIN_SECONDS = 0.02

_WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted"
    " AND relation = CAST('outbox' AS regclass)"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_SETTLED = text(
    "SELECT coalesce((SELECT min(position) - 1 FROM outbox WHERE sent_at IS NULL"
    " OR sent_at > clock_timestamp() - CAST(:grace AS interval)), (SELECT max(position) FROM outbox), 0)"
)
_PUBLISHED = text(
    "SELECT position, id FROM outbox WHERE position > :after AND position <= :settled AND type = ANY(:types)"
    " ORDER BY position LIMIT :limit"
)
_ROWS = text(
    "SELECT position, id, type, aggregate, tenant_id, CAST(headers AS text) AS headers, payload, created_at,"
    " stream_sequence FROM outbox WHERE id = ANY(:ids) AND sent_at IS NOT NULL ORDER BY position"
)
_MOVED = text("UPDATE outbox SET stream_sequence = :sequence WHERE position = :position")
_WATERMARK = text("SELECT position FROM inbox_watermarks WHERE source = :source")
_MISSING = text(
    "SELECT g.id FROM unnest(CAST(:ids AS uuid[])) AS g (id) LEFT JOIN inbox ON event_id = g.id WHERE event_id IS NULL"
)
_ADVANCE = text(
    "INSERT INTO inbox_watermarks (source, position) VALUES (:source, :position) ON CONFLICT (source)"
    " DO UPDATE SET position = excluded.position, checked_at = clock_timestamp()"
)


def list_subject(service: str) -> str:
    """Return the subject a producer answers `ListPublishedRequest` on; outside of every stream's subjects."""
    return f"kontor-outbox.{service}.list"


def republish_subject(service: str) -> str:
    """Return the subject a producer answers `RepublishRequest` on."""
    return f"kontor-outbox.{service}.republish"


class OutboxAnswers:
    """The producer's side: answers from the outbox. Every worker replica may answer."""

    def __init__(self, database: Database, bus: Bus, *, replicas: int = 1, grace: timedelta = GRACE) -> None:
        self._work = database.work
        self._service = database.service
        self._bus = bus
        self._replicas = replicas
        self._grace = grace

    async def run(self) -> None:
        """Answer until cancelled."""
        client = await self._bus.client()
        listing = await client.subscribe(list_subject(self._service), queue=self._service, cb=self._on_list)
        again = await client.subscribe(republish_subject(self._service), queue=self._service, cb=self._on_republish)
        try:
            await asyncio.Event().wait()
        finally:
            if client.is_connected:
                await listing.unsubscribe()
                await again.unsubscribe()

    async def list_published(self, request: ListPublishedRequest) -> ListPublishedResponse:
        """Return what was published after a position, or nothing new while transactions write for long."""
        settled = await self._settled()
        if settled is None:
            return ListPublishedResponse(settled_position=request.after_position)
        async with self._work.work(Principal.of_service(self._service)) as tx:
            limit = min(max(request.limit, 1), LIMIT)
            found = await tx.session.execute(
                _PUBLISHED,
                {
                    "after": request.after_position,
                    "settled": settled,
                    "types": list(request.event_types),
                    "limit": limit,
                },
            )
            events = [PublishedEvent(position=row.position, event_id=str(row.id)) for row in found]
        covered = events[-1].position if len(events) == limit else settled
        return ListPublishedResponse(events=events, settled_position=covered)

    async def _settled(self) -> int | None:
        """Return up to which position nothing can appear any more; None when that could not be known in time.

        Positions are given before commit, so a lower one may still be on its way in a transaction that writes now.
        Such transactions are waited for without a lock of our own: one that waits would have all new writers wait, too.
        """
        async with self._work.work(Principal.of_service(self._service)) as tx:
            settled = int((await tx.session.execute(_SETTLED, {"grace": self._grace})).scalar_one())
            writing = set((await tx.session.execute(_WRITERS)).scalars())
            until = time.monotonic() + WRITERS_SECONDS
            while writing and time.monotonic() < until:
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
                writing &= set((await tx.session.execute(_WRITERS)).scalars())
        return None if writing else settled

    async def republish(self, request: RepublishRequest) -> RepublishResponse:
        """Publish events once more, in order, each with a fresh message id; those still on their way are left alone.

        A consumer that is merely slow asks, too: what its stream will yet deliver to it is not repeated.
        """
        jetstream = await self._bus.jetstream()
        await ensure_stream(jetstream, self._service, self._replicas)
        acked = await self._acked_up_to(jetstream, request.consumer)
        async with self._work.work(Principal.of_service(self._service)) as tx:
            rows = (await tx.session.execute(_ROWS, {"ids": [UUID(i) for i in request.event_ids]})).mappings().all()
            lost = [row for row in rows if not await self._is_to_come(jetstream, row, acked)]
            for row in lost:
                ack = await jetstream.publish(
                    row["type"],
                    row["payload"],
                    stream=stream_name(self._service),
                    headers=envelope_of(row, self._service, again=True),
                )
                await tx.session.execute(_MOVED, {"sequence": ack.seq, "position": row["position"]})
            await tx.commit()
        if lost:
            event_metrics.REPUBLISHED.labels(self._service).inc(len(lost))
            log.warning("events_republished", service=self._service, consumer=request.consumer, events=len(lost))
        return RepublishResponse(republished=len(lost))

    async def _acked_up_to(self, jetstream: JetStreamContext, consumer: str) -> int | None:
        """Return up to which sequence a consumer has acked everything; None where the stream does not know it."""
        try:
            info = await jetstream.consumer_info(stream_name(self._service), consumer)
        except NotFoundError:
            return None
        return info.ack_floor.stream_seq if info.ack_floor else 0

    async def _is_to_come(self, jetstream: JetStreamContext, row: RowMapping, acked: int | None) -> bool:
        """Whether the stream still holds the event for the consumer."""
        sequence = row["stream_sequence"]
        if acked is None or sequence is None or sequence <= acked:
            return False
        try:
            message = await jetstream.get_msg(stream_name(self._service), seq=sequence)
        except NotFoundError:
            return False
        return (message.headers or {}).get("ce-id") == str(row["id"])

    async def _on_list(self, message: Msg) -> None:
        try:
            answer = await self.list_published(ListPublishedRequest.FromString(message.data))
            await message.respond(answer.SerializeToString())
        except (DomainError, DatabaseError, DecodeError, nats.errors.Error) as error:
            log.warning("outbox_question_failed", service=self._service, error=type(error).__name__)

    async def _on_republish(self, message: Msg) -> None:
        try:
            answer = await self.republish(RepublishRequest.FromString(message.data))
            await message.respond(answer.SerializeToString())
        except (DomainError, DatabaseError, DecodeError, ValueError, nats.errors.Error, JetStreamError) as error:
            log.warning("republish_failed", service=self._service, error=type(error).__name__)


class Reconciler:
    """The consumer's side: compares what producers published with the inbox."""

    def __init__(self, database: Database, bus: Bus, subscriptions: Subscriptions) -> None:
        self._work = database.work
        self._service = database.service
        self._bus = bus
        self._subscriptions = subscriptions

    async def reconcile_all(self) -> None:
        """Check every producer; one that does not answer is asked again next time."""
        for producer in self._subscriptions.by_producer:
            try:
                while await self.reconcile(producer):
                    pass
            except (nats.errors.Error, TimeoutError) as error:
                log.info("producer_did_not_answer", producer=producer, error=type(error).__name__)

    async def reconcile(self, producer: str) -> bool:
        """Ask once; have missing events published again, or else move the watermark. True when it moved."""
        service = Principal.of_service(self._service)
        async with self._work.work(service) as tx:
            after = (await tx.session.execute(_WATERMARK, {"source": producer})).scalar_one_or_none() or 0
        published = await self._list(producer, after)
        async with self._work.work(service) as tx:
            ids = [UUID(event.event_id) for event in published.events]
            missing = (await tx.session.execute(_MISSING, {"ids": ids})).scalars().all()
            if not missing and published.settled_position != after:
                await tx.session.execute(_ADVANCE, {"source": producer, "position": published.settled_position})
                await tx.commit()
                return published.settled_position > after
        if missing:
            log.info("events_not_yet_applied", producer=producer, events=len(missing))
            await self._republish(producer, [str(event_id) for event_id in missing])
        return False

    async def _list(self, producer: str, after: int) -> ListPublishedResponse:
        request = ListPublishedRequest(
            consumer=self._service,
            after_position=after,
            event_types=sorted(self._subscriptions.by_producer[producer]),
            limit=LIMIT,
        )
        client = await self._bus.client()
        answer = await client.request(list_subject(producer), request.SerializeToString(), timeout=REPLY_SECONDS)
        return ListPublishedResponse.FromString(answer.data)

    async def _republish(self, producer: str, event_ids: list[str]) -> None:
        request = RepublishRequest(consumer=self._service, event_ids=event_ids)
        client = await self._bus.client()
        await client.request(republish_subject(producer), request.SerializeToString(), timeout=60)
