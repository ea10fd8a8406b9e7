"""The envelope of an event on NATS: CloudEvents attributes, tenant, position and trace context as headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from kontor_chassis.events import EventMeta

MESSAGE_ID = "Nats-Msg-Id"
_tracer = trace.get_tracer("kontor.events")


class Row(Protocol):
    """A row of the outbox, read by column name; `headers` as text."""

    def __getitem__(self, column: str, /) -> Any: ...


def envelope_of(row: Row, service: str, *, again: bool = False) -> dict[str, str]:
    """Return the headers for an outbox row, within a producer span that continues the trace it was written in.

    `again` gives the message a new id, so that the stream does not take it for the first one.
    """
    carried = json.loads(row["headers"])
    with _tracer.start_as_current_span(
        f"publish {row['type']}",
        context=propagate.extract(carried),
        kind=SpanKind.PRODUCER,
        attributes={"messaging.system": "nats", "messaging.message.id": str(row["id"])},
    ):
        headers = {
            MESSAGE_ID: f"{row['id']}:{uuid4()}" if again else str(row["id"]),
            "ce-specversion": "1.0",
            "ce-id": str(row["id"]),
            "ce-type": row["type"],
            "ce-source": service,
            "ce-subject": row["aggregate"],
            "ce-time": row["created_at"].isoformat(),
            "kontor-position": str(row["position"]),
        }
        if row["tenant_id"] is not None:
            headers["kontor-tenant"] = str(row["tenant_id"])
        carried.pop("traceparent", None)
        headers |= carried
        propagate.inject(headers)
        if "traceparent" not in headers:  # no tracing in this process: pass on what the transaction had
            headers |= json.loads(row["headers"])
    return headers


def read_envelope(headers: Mapping[str, str]) -> EventMeta:
    """Return the envelope of a message; raises KeyError or ValueError for one that is not ours."""
    tenant = headers.get("kontor-tenant")
    return EventMeta(
        event_id=UUID(headers["ce-id"]),
        event_type=headers["ce-type"],
        source=headers["ce-source"],
        subject=headers["ce-subject"],
        tenant_id=UUID(tenant) if tenant else None,
        time=datetime.fromisoformat(headers["ce-time"]),
        position=int(headers["kontor-position"]),
    )


def trace_of(headers: Mapping[str, str]) -> Context:
    """Return the trace context a message carries."""
    return propagate.extract(dict(headers))
