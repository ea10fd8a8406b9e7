"""The whole worker on real servers: any start order, replicas, graceful stop, one trace from call to consumer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from kontor_chassis.bus import Bus
from kontor_chassis.consumers import Retries
from kontor_chassis.database import Database
from kontor_chassis.jobs import Job, JobContext
from kontor_chassis.principal import Principal
from kontor_chassis.worker import Worker
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.process import free_port
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from sqlalchemy import text

from libs.chassis.tests.shipping import ParcelSent, note, notes, send, until

pytestmark = pytest.mark.integration

QUICK = Retries(attempts=3, first=0.02, longest=0.1)


@asynccontextmanager
async def working(*workers: Worker) -> AsyncIterator[None]:
    """Run workers during the block; they must end when asked to."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(worker.run(stop)) for worker in workers]
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await asyncio.gather(*tasks)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Records what is traced during the test."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter
    exporter.shutdown()


def metric(name: str, **labels: str) -> float | None:
    """Return the value of a metric; None while nobody sets it."""
    return REGISTRY.get_sample_value(name, labels)


async def test_workers_start_before_nats(sender: Database, receiver: Database, tenant: UUID, tmp_path: Path) -> None:
    """Started without NATS, and again after it was gone for a while, everything arrives once."""
    server = EmbeddedNats(tmp_path / "nats", free_port())
    bus = Bus(server.url, "test")
    producing = Worker(sender, bus, consumers={})
    consuming = Worker(receiver, bus, consumers={ParcelSent: note}, retries=QUICK)

    async def seen(number: int) -> bool:
        return len(await notes(receiver)) >= number

    async with working(producing, consuming):
        await send(sender, tenant, 1)
        process = server.start(tmp_path / "nats.log")
        await until(lambda: seen(1))
        server.stop(process)
        await send(sender, tenant, 2)
        process = server.start(tmp_path / "nats.log")
        await until(lambda: seen(2), seconds=30)
    await bus.close()
    server.stop(process)
    assert await notes(receiver) == [("parcel", 1), ("parcel", 2)]


async def test_two_worker_processes_do_everything_once(
    sender: Database, receiver: Database, bus: Bus, tenant: UUID
) -> None:
    """Two workers per service: relay, consumer and jobs do not double, and the work goes on when one of them stops."""
    runs = 0

    async def count(context: JobContext) -> None:
        nonlocal runs
        runs += 1
        async with context.work.work(Principal.of_service("receiver")) as tx:
            await tx.session.execute(text("SELECT 1"))

    job = Job("test.once", timedelta(hours=1), count)

    async def seen(number: int) -> bool:
        return len(await notes(receiver)) >= number and runs > 0

    async def drained() -> bool:
        return (
            metric("kontor_outbox_depth", service="sender")
            == 0
            == metric("kontor_consumer_lag", service="receiver", producer="sender")
        )

    def pair() -> tuple[Worker, Worker]:
        return Worker(sender, bus, consumers={}), Worker(receiver, bus, consumers={ParcelSent: note}, jobs=[job])

    async with working(*pair()):
        async with working(*pair()):
            await send(sender, tenant, *range(50))
            await until(lambda: seen(50))
        await send(sender, tenant, 50)
        await until(lambda: seen(51))
        await until(drained)
    assert await notes(receiver) == [("parcel", number) for number in range(51)]
    assert runs == 1
    assert (metric("kontor_events_published_total", service="sender") or 0) >= 51


async def test_one_trace_from_call_to_consumer(
    sender: Database, receiver: Database, bus: Bus, tenant: UUID, spans: InMemorySpanExporter
) -> None:
    """The SQL of the call, the publication and the consumer's SQL carry the trace id of the call."""

    async def seen() -> bool:
        return len(await notes(receiver)) == 1

    with trace.get_tracer("test").start_as_current_span("the call") as call:
        await send(sender, tenant, 1)
    async with working(Worker(sender, bus, consumers={}), Worker(receiver, bus, consumers={ParcelSent: note})):
        await until(seen)
    ours = [span for span in spans.get_finished_spans() if _trace_id(span) == call.get_span_context().trace_id]
    names = [span.name for span in ours]
    assert "publish kontor.sender.v1.ParcelSent" in names
    assert "consume kontor.sender.v1.ParcelSent" in names
    consumed = next(span for span in ours if span.name.startswith("consume"))
    written = [span for span in ours if span.parent and span.parent.span_id == consumed.context.span_id]
    assert any("INSERT INTO notes" in str((span.attributes or {})["db.query.text"]) for span in written)
    assert any("INSERT INTO outbox" in str((span.attributes or {}).get("db.query.text")) for span in ours)
    assert not any(str(tenant) in str(span.attributes) for span in ours), "parameters must not be recorded"


def _trace_id(span: ReadableSpan) -> int:
    return span.context.trace_id if span.context else 0
