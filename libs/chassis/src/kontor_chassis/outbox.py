"""The outbox: events are rows of the transaction that caused them; the relay publishes them later.

PostgreSQL is the truth about events, JetStream only their transport.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message
from opentelemetry import propagate

from kontor_chassis.events import event_type
from kontor_chassis.ids import new_id

CHANNEL = "kontor_outbox"
"""PostgreSQL notification channel that wakes the relay."""
LARGEST_PAYLOAD = 512 * 1024
"""Bytes; NATS refuses messages above 1 MB, and an event that cannot be published would stop all later ones."""


@dataclass(frozen=True)
class OutboxEvent:
    """An event that waits for its transaction to commit."""

    id: UUID
    type: str
    aggregate: str
    tenant_id: UUID | None
    headers: str
    """JSON object of trace headers."""
    payload: bytes
    created_at: datetime


_APPEND = (
    "WITH given AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::bytea[],"
    " $7::timestamptz[]) WITH ORDINALITY AS e (id, type, aggregate, tenant_id, headers, payload, created_at, n)),"
    " added AS (INSERT INTO outbox (id, type, aggregate, tenant_id, headers, payload, created_at)"
    " SELECT id, type, aggregate, tenant_id, CAST(headers AS jsonb), payload, created_at FROM given ORDER BY n)"
    " SELECT pg_notify($8, '')"
)


def outbox_event(
    event: Message, *, service: str, aggregate: str | UUID, tenant_id: UUID | None, created_at: datetime
) -> OutboxEvent:
    """Return the row for an event; raises ValueError for a message that is not this service's event or too large."""
    name = event_type(event)
    if not name.startswith(f"kontor.{service}."):
        raise ValueError(f"{name} is not an event of {service}")
    payload = event.SerializeToString()
    if len(payload) > LARGEST_PAYLOAD:
        raise ValueError(f"{name} has {len(payload)} bytes; events carry ids, not content")
    headers: dict[str, str] = {}
    propagate.inject(headers)
    return OutboxEvent(new_id(), name, str(aggregate), tenant_id, json.dumps(headers), payload, created_at)


async def append(run: Callable[..., Awaitable[object]], events: Sequence[OutboxEvent]) -> None:
    """Insert the rows in the given order and wake the relay at commit; `run` is the transaction's."""
    await run(
        _APPEND,
        [e.id for e in events],
        [e.type for e in events],
        [e.aggregate for e in events],
        [e.tenant_id for e in events],
        [e.headers for e in events],
        [e.payload for e in events],
        [e.created_at for e in events],
        CHANNEL,
    )
