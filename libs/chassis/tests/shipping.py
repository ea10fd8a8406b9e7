"""Two small services for the tests of the data half: `sender` publishes ParcelSent, `receiver` notes it down.

Built from descriptors, so that no proto of the product is bent for tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from kontor_chassis.clock import FixedClock
from kontor_chassis.database import Base, Database, Transaction
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.waiting import eventually
from kontor_chassis.worker import end_all
from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

MIGRATIONS = Path(__file__).parent / "migrations"
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
_PACKAGE = "kontor.sender.v1"


def _messages() -> tuple[Any, Any, Any, Any]:
    pool = descriptor_pool.Default()
    events = descriptor_pb2.FileDescriptorProto(name="kontor/sender/v1/events.proto", package=_PACKAGE)
    rpcs = descriptor_pb2.FileDescriptorProto(name="kontor/sender/v1/sender.proto", package=_PACKAGE)
    for file, name in ((events, "ParcelSent"), (events, "ParcelLost"), (rpcs, "SendRequest"), (rpcs, "Parcel")):
        file.syntax = "proto3"
        message = file.message_type.add(name=name)
        for number, field in enumerate(("tenant_id", "parcel_id", "label", "request_id"), start=1):
            message.field.add(name=field, number=number, type=9, label=1)
        message.field.add(name="number", number=5, type=5, label=1)
    for file in (events, rpcs):
        pool.AddSerializedFile(file.SerializeToString())
    sent, lost, request, parcel = (
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in ("ParcelSent", "ParcelLost", "SendRequest", "Parcel")
    )
    return sent, lost, request, parcel


ParcelSent, ParcelLost, SendRequest, Parcel = _messages()


class ParcelRow(Base):
    """A parcel as the ORM sees it."""

    __tablename__ = "parcels"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID]
    customer_id: Mapped[UUID | None]
    label: Mapped[str]
    weight: Mapped[int] = mapped_column(default=1)
    parent_id: Mapped[UUID | None]


def database(url: str, service: str) -> Database:
    """Connect to a test database as `service`, at noon of a summer day."""
    return Database(url, service=service, clock=FixedClock(NOON))


async def send(sender: Database, tenant: UUID, *numbers: int, aggregate: str = "parcel") -> None:
    """Publish ParcelSent events in one transaction of the sender."""
    async with sender.work.work(Principal.of_service("sender", tenant)) as tx:
        for number in numbers:
            tx.publish(ParcelSent(tenant_id=str(tenant), parcel_id=aggregate, number=number), aggregate=aggregate)
        await tx.commit()


async def note(tx: Transaction, event: Any, meta: EventMeta) -> None:
    """The receiver's handler: write down what came."""
    await tx.session.execute(
        text("INSERT INTO notes (tenant_id, event_id, aggregate, number) VALUES (:tenant, :id, :aggregate, :number)"),
        {"tenant": meta.tenant_id, "id": meta.event_id, "aggregate": meta.subject, "number": event.number},
    )


async def notes(receiver: Database) -> list[tuple[str, int]]:
    """Return what the receiver noted: aggregate and number, in the order of writing."""
    async with receiver.work.work(Principal.of_service("receiver")) as tx:
        found = await tx.session.execute(text("SELECT aggregate, number FROM notes ORDER BY n"))
        return [(row.aggregate, row.number) for row in found]


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    """Wait until a condition holds; fails the test when it never does."""
    await eventually(condition, seconds)


@asynccontextmanager
async def running(*parts: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run parts of a worker during the block; a part that fails in it fails the test."""
    tasks = [asyncio.create_task(part()) for part in parts]
    try:
        yield
    finally:
        await end_all(tasks)
    failures = [task.exception() for task in tasks if not task.cancelled() and task.exception()]
    assert not failures, failures
