"""Events: facts in the past tense, declared in a service's events.proto.

The full message name is the event type and the NATS subject at once, for example `kontor.chat.v1.MessagePosted`;
its second part is the producing service.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from google.protobuf.message import Message

if TYPE_CHECKING:
    from kontor_chassis.database import Transaction


@dataclass(frozen=True)
class EventMeta:
    """The envelope of an event (CloudEvents attributes, plus tenant and position in the producer's outbox)."""

    event_id: UUID
    event_type: str
    source: str
    """Name of the producing service."""
    subject: str
    """The aggregate; events of one aggregate arrive in order."""
    tenant_id: UUID | None
    time: datetime
    position: int


Handler = Callable[["Transaction", Any, EventMeta], Awaitable[None]]
"""Handles one event in the transaction that also writes the inbox row; the chassis commits. The middle parameter is
the message of the class the handler is registered for."""


def event_type(event: Message | type[Message]) -> str:
    """Return type and subject of an event; raises ValueError for a message that is no event."""
    descriptor = event.DESCRIPTOR
    if not descriptor.file.name.endswith("/events.proto"):
        raise ValueError(f"{descriptor.full_name} is not declared in an events.proto")
    return str(descriptor.full_name)


def producer_of(type_name: str) -> str:
    """Return the service that publishes events of this type."""
    parts = type_name.split(".")
    if len(parts) != 4 or parts[0] != "kontor":
        raise ValueError(f"{type_name} is not an event type")
    return parts[1]


@dataclass(frozen=True)
class Subscriptions:
    """The events one service handles, by producing service and type."""

    by_producer: Mapping[str, Mapping[str, tuple[type[Message], Handler]]]

    @staticmethod
    def of(consumers: Mapping[type[Message], Handler]) -> Subscriptions:
        """Arrange a service's table of handlers."""
        arranged: dict[str, dict[str, tuple[type[Message], Handler]]] = {}
        for message_class, handler in consumers.items():
            name = event_type(message_class)
            arranged.setdefault(producer_of(name), {})[name] = (message_class, handler)
        return Subscriptions(arranged)
