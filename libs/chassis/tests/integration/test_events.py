"""Outbox → stream → inbox on real PostgreSQL and NATS: order, once only, dead letters, and lost streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.message import Message
from kontor.common.v1.outbox_pb2 import ListPublishedRequest
from kontor_chassis.bus import Bus
from kontor_chassis.consumers import Consumer, Retries
from kontor_chassis.database import Database, Transaction
from kontor_chassis.database_errors import unavailable
from kontor_chassis.events import EventMeta, Handler, Subscriptions
from kontor_chassis.housekeeping import count_dead_letters, housekeeping
from kontor_chassis.inbox import Inbox
from kontor_chassis.jobs import JobContext
from kontor_chassis.leases import Leases
from kontor_chassis.principal import Principal
from kontor_chassis.reconciler import OutboxAnswers, Reconciler
from kontor_chassis.relay import Relay
from kontor_chassis.streams import stream_name
from prometheus_client import REGISTRY
from sqlalchemy import text

from libs.chassis.tests.shipping import NOON, ParcelLost, ParcelSent, note, notes, running, send, until

pytestmark = pytest.mark.integration

_NO_GRACE = timedelta(0)
QUICK = Retries(attempts=3, first=0.02, longest=0.1)
MakeConsumer = Callable[..., Consumer]


@pytest.fixture
async def consumer(receiver: Database, bus: Bus) -> AsyncIterator[MakeConsumer]:
    """Makes a consumer of the sender's events with a process's own leases."""
    processes: list[Leases] = []

    def make(handler: Handler = note, event: type[Message] = ParcelSent, retries: Retries = QUICK) -> Consumer:
        handlers = Subscriptions.of({event: handler}).by_producer["sender"]
        inbox = Inbox(receiver.work, "receiver")
        leases = Leases(receiver.connect)
        processes.append(leases)
        return Consumer("receiver", "sender", handlers, bus=bus, inbox=inbox, leases=leases, retries=retries)

    yield make
    for leases in processes:
        await leases.close()


async def count(db: Database, sql: str) -> int:
    """Return the number a query counts, seeing all firms."""
    async with db.work.work(Principal.of_service(db.service)) as tx:
        return int((await tx.session.execute(text(sql))).scalar_one())


def noted(receiver: Database, number: int) -> Callable[[], Any]:
    """Return the condition that the receiver has noted so many events."""

    async def condition() -> bool:
        return len(await notes(receiver)) >= number

    return condition


async def test_event_arrives_with_its_envelope(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """A committed event reaches the handler, as the service's principal of the event's tenant."""
    seen: list[tuple[EventMeta, Principal, str]] = []

    async def look(tx: Transaction, event: Any, meta: EventMeta) -> None:
        seen.append((meta, tx.principal, event.parcel_id))
        await note(tx, event, meta)

    await send(sender, tenant, 7, aggregate="p1")
    async with running(Relay(sender, bus).run, consumer(look).run):
        await until(noted(receiver, 1))
    [(meta, principal, parcel)] = seen
    assert (meta.event_type, meta.source, meta.subject) == ("kontor.sender.v1.ParcelSent", "sender", "p1")
    assert (meta.tenant_id, meta.time, parcel) == (tenant, NOON, "p1")
    assert (principal.service, principal.tenant_id) == ("receiver", tenant)


async def test_two_relays_and_two_consumers_do_not_double(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """Replicas: every event is published once and applied once, in order within each aggregate."""
    aggregates = [f"p{n}" for n in range(5)]
    relays = [Relay(sender, bus).run for _ in range(2)]
    consumers = [consumer().run for _ in range(2)]
    async with running(*relays, *consumers):
        for step in range(10):
            await asyncio.gather(*(send(sender, tenant, 2 * step, 2 * step + 1, aggregate=a) for a in aggregates))
        await until(noted(receiver, 100))
    found = await notes(receiver)
    assert len(found) == 100
    for aggregate in aggregates:
        assert [number for name, number in found if name == aggregate] == list(range(20))
    info = await (await bus.jetstream()).stream_info(stream_name("sender"))
    assert info.state.messages == 100


async def test_relay_is_woken_within_milliseconds(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """NOTIFY wakes the relay long before its poll would (5 s)."""
    async with running(Relay(sender, bus).run, consumer().run):
        await send(sender, tenant, 0)
        await until(noted(receiver, 1))
        began = asyncio.get_running_loop().time()
        await send(sender, tenant, 1)
        await until(noted(receiver, 2))
        assert asyncio.get_running_loop().time() - began < 1


async def test_failed_event_is_retried_in_its_place(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """A failing event holds back only later events of its own aggregate, and comes before them in the end."""
    failures = iter([True, True])

    async def stumble(tx: Transaction, event: Any, meta: EventMeta) -> None:
        if meta.subject == "bad" and event.number == 1 and next(failures, False):
            raise RuntimeError("not yet")
        await note(tx, event, meta)

    await send(sender, tenant, 1, 2, 3, aggregate="bad")
    await send(sender, tenant, 1, 2, aggregate="good")
    async with running(Relay(sender, bus).run, consumer(stumble).run):
        await until(noted(receiver, 5))
    found = await notes(receiver)
    assert [number for name, number in found if name == "bad"] == [1, 2, 3]
    assert [number for name, number in found if name == "good"] == [1, 2]


async def test_waiting_events_come_again_with_the_failed_one(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """What waits behind a failed event is delivered again when that one is, however long its back-off has become."""
    failures = iter([True] * 4)

    async def stumble(tx: Transaction, event: Any, meta: EventMeta) -> None:
        if event.number == 1 and next(failures, False):
            raise RuntimeError("not yet")
        await note(tx, event, meta)

    await send(sender, tenant, 1, 2, 3, 4, 5)
    async with running(Relay(sender, bus).run, consumer(stumble, retries=Retries(first=0.2)).run):
        await until(noted(receiver, 5))
        info = await (await bus.jetstream()).consumer_info(stream_name("sender"), "receiver")
    assert await notes(receiver) == [("parcel", number) for number in range(1, 6)]
    assert info.delivered is not None
    assert info.delivered.consumer_seq <= 5 * (1 + 5), "five events, five attempts and one to spare"


async def test_a_stuck_aggregate_does_not_hold_up_the_others(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """However many events wait behind a failed one, those of other aggregates go on."""

    async def get_stuck(tx: Transaction, event: Any, meta: EventMeta) -> None:
        if meta.subject == "stuck":
            raise RuntimeError("not yet")
        await note(tx, event, meta)

    await send(sender, tenant, *range(1100), aggregate="stuck")
    await send(sender, tenant, 1, aggregate="good")
    async with running(Relay(sender, bus).run, consumer(get_stuck, retries=Retries(first=600, longest=600)).run):
        await until(noted(receiver, 1), seconds=120)  # every event of the relay is synced to disk
    assert await notes(receiver) == [("good", 1)]


async def test_events_in_hand_are_applied_although_the_first_cannot_be_acked(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """NATS goes away in the middle of an aggregate: what the consumer holds already is not left lying."""

    async def lose_nats(tx: Transaction, event: Any, meta: EventMeta) -> None:
        if event.number == 0:
            await (await bus.client()).close()
        await note(tx, event, meta)

    async with running(Relay(sender, bus).run):
        await send(sender, tenant, 0, 1, 2)

        async def is_published() -> bool:
            async with sender.work.work(Principal.of_service("sender")) as tx:
                return not await tx.run("SELECT FROM outbox WHERE sent_at IS NULL")

        await until(is_published)
    async with running(consumer(lose_nats).run):
        await until(noted(receiver, 3))
    assert await notes(receiver) == [("parcel", 0), ("parcel", 1), ("parcel", 2)]


async def test_outage_makes_no_dead_letters(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """While a service that the handler asks is away, sound events are tried until it is back, however long."""
    away = iter([True] * (2 * QUICK.attempts))

    async def ask(tx: Transaction, event: Any, meta: EventMeta) -> None:
        if next(away, False):
            raise LookupError("nobody answered") from unavailable()
        await note(tx, event, meta)

    await send(sender, tenant, 1, 2)
    async with running(Relay(sender, bus).run, consumer(ask).run):
        await until(noted(receiver, 2))
    assert await notes(receiver) == [("parcel", 1), ("parcel", 2)]
    assert await Inbox(receiver.work, "receiver").open_dead_letters() == 0


async def test_dead_letter_and_replay(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """After its last attempt an event is put aside with payload and error, the others go on; replay applies it once."""
    attempts = 0

    async def refuse(tx: Transaction, event: Any, meta: EventMeta) -> None:
        nonlocal attempts
        if event.number == 1:
            attempts += 1
            raise RuntimeError("never")
        await note(tx, event, meta)

    await send(sender, tenant, 1, 2)
    async with running(Relay(sender, bus).run, consumer(refuse).run):
        await until(noted(receiver, 1))
    assert attempts == QUICK.attempts
    assert await notes(receiver) == [("parcel", 2)]
    inbox = Inbox(receiver.work, "receiver")
    assert await inbox.open_dead_letters() == 1
    still_broken = await inbox.replay(Subscriptions.of({ParcelSent: refuse}))
    assert (still_broken.applied, len(still_broken.failed)) == (0, 1)
    mended = Subscriptions.of({ParcelSent: note})
    assert (await inbox.replay(mended)).applied == 1
    assert (await inbox.replay(mended)).applied == 0
    assert sorted(await notes(receiver)) == [("parcel", 1), ("parcel", 2)]

    async def told_none() -> bool:
        return REGISTRY.get_sample_value("kontor_dead_letters", {"service": "receiver"}) == 0

    assert not await told_none(), "told when it was buried"
    async with running(partial(count_dead_letters, inbox, "receiver")):  # as every worker does, whoever runs the jobs
        await until(told_none)


async def test_deleted_stream_is_made_anew(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """Relay and consumer survive the deletion of the stream while they run."""
    async with running(Relay(sender, bus).run, consumer().run):
        await send(sender, tenant, 1)
        await until(noted(receiver, 1))
        await (await bus.jetstream()).delete_stream(stream_name("sender"))
        await send(sender, tenant, 2)
        await until(noted(receiver, 2))
    assert await notes(receiver) == [("parcel", 1), ("parcel", 2)]


async def test_reconciler_restores_what_was_not_seen(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """All streams deleted: events the consumer had not applied come back from the outbox, the others do not."""
    async with running(Relay(sender, bus).run, consumer().run):
        await send(sender, tenant, 1, 2)
        await until(noted(receiver, 2))
    async with running(Relay(sender, bus).run):
        await send(sender, tenant, 3, 4, 5)
        await until(lambda: _all_sent(sender))
    jetstream = await bus.jetstream()
    await jetstream.delete_stream(stream_name("sender"))
    answers = OutboxAnswers(sender, bus, grace=_NO_GRACE)
    reconciler = Reconciler(receiver, bus, Subscriptions.of({ParcelSent: note}))
    async with running(answers.run, consumer().run):
        await until(lambda: _reconciled(reconciler, sender, receiver))
    assert await notes(receiver) == [("parcel", number) for number in range(1, 6)]
    assert (await jetstream.stream_info(stream_name("sender"))).state.messages == 3


async def test_reconciler_does_not_repeat_what_a_slow_consumer_will_get(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """However often it looks while an event is being tried, the stream holds each event once."""
    stuck = asyncio.Event()
    tried = asyncio.Event()

    async def wait(tx: Transaction, event: Any, meta: EventMeta) -> None:
        tried.set()
        await stuck.wait()
        await note(tx, event, meta)

    answers = OutboxAnswers(sender, bus, grace=_NO_GRACE)
    reconciler = Reconciler(receiver, bus, Subscriptions.of({ParcelSent: note}))
    async with running(Relay(sender, bus).run, answers.run, consumer(wait).run):
        await send(sender, tenant, 1, 2, 3)
        await tried.wait()
        await until(lambda: _all_sent(sender))
        for _ in range(3):
            await reconciler.reconcile_all()
        stuck.set()
        await until(noted(receiver, 3))
    assert (await (await bus.jetstream()).stream_info(stream_name("sender"))).state.messages == 3


async def test_reconciler_leaves_alone_what_is_on_its_way(sender: Database, bus: Bus, tenant: UUID) -> None:
    """Unsent and just sent events are not settled, and an open transaction holds the answer back."""
    await send(sender, tenant, 1, 2)
    answers = OutboxAnswers(sender, bus)
    question = ListPublishedRequest(event_types=["kontor.sender.v1.ParcelSent"], limit=10)
    assert (await answers.list_published(question)).settled_position == 0
    async with running(Relay(sender, bus).run):
        await until(lambda: _all_sent(sender))
    assert (await answers.list_published(question)).settled_position == 0
    at_once = OutboxAnswers(sender, bus, grace=_NO_GRACE)
    answer = await at_once.list_published(question)
    assert len(answer.events) == 2
    assert answer.settled_position == answer.events[-1].position


async def test_nobody_who_writes_waits_for_the_reconciler(sender: Database, bus: Bus, tenant: UUID) -> None:
    """An answer waits for those who are writing when it is asked for, and holds up nobody who comes after them."""
    await send(sender, tenant, 1, 2)
    async with running(Relay(sender, bus).run):
        await until(lambda: _all_sent(sender))
    question = ListPublishedRequest(event_types=["kontor.sender.v1.ParcelSent"], limit=10)
    answers = OutboxAnswers(sender, bus, grace=_NO_GRACE)
    async with sender.work.work(Principal.of_service("sender", tenant)) as writing:
        await writing.run("DELETE FROM outbox WHERE false")
        asked = asyncio.create_task(answers.list_published(question))
        async with sender.work.work(Principal.of_service("sender")) as tx:
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = CAST('outbox' AS regclass)")
            for _ in range(5):
                await asyncio.sleep(0)
                assert (await tx.session.execute(waiting)).scalar_one() == 0
        await send(sender, tenant, 3)
        assert not asked.done()
    assert len((await asked).events) == 2, "what was sent after the question is not asked about yet"


async def test_handlers_of_other_events_are_not_bothered(
    sender: Database, receiver: Database, bus: Bus, consumer: MakeConsumer, tenant: UUID
) -> None:
    """A consumer gets only the types it handles."""
    async with sender.work.work(Principal.of_service("sender", tenant)) as tx:
        tx.publish(ParcelLost(number=1), aggregate="p")
        tx.publish(ParcelSent(number=2), aggregate="p")
        await tx.commit()
    async with running(Relay(sender, bus).run, consumer().run):
        await until(noted(receiver, 1))
    assert await notes(receiver) == [("p", 2)]


async def test_sent_events_are_kept_for_a_fortnight(sender: Database, bus: Bus, tenant: UUID) -> None:
    """The sweep deletes what was sent more than 14 days ago, never what was not sent."""
    await send(sender, tenant, 1, 2, 3)
    async with sender.work.work(Principal.of_service("sender")) as tx:
        await tx.session.execute(
            text(
                "UPDATE outbox SET recorded_at = recorded_at - interval '20 days', sent_at = CASE position % 3"
                " WHEN 1 THEN clock_timestamp() - interval '14 days 1 minute'"
                " WHEN 2 THEN clock_timestamp() - interval '13 days' END"
            )
        )
        await tx.commit()
    [sweep] = [job for job in housekeeping("sender") if job.name == "chassis.sweep"]
    await sweep.run(JobContext(work=sender.work, clock=sender.clock))
    assert await count(sender, "SELECT count(*) FROM outbox") == 2
    assert await count(sender, "SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 1


async def _all_sent(sender: Database) -> bool:
    return await count(sender, "SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0


async def _reconciled(reconciler: Reconciler, sender: Database, receiver: Database) -> bool:
    """Let the reconciler run once more; whether it has nothing left to ask for."""
    await reconciler.reconcile_all()
    asked_up_to = await count(receiver, "SELECT coalesce(max(position), 0) FROM inbox_watermarks")
    return asked_up_to == await count(sender, "SELECT max(position) FROM outbox")
