"""Which events contracts reacts to."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message
from kontor.identity.v1.events_pb2 import TenantActivated
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta, Handler

from kontor_contracts import lines


async def tenant_activated(tx: Transaction, _event: TenantActivated, _meta: EventMeta) -> None:
    """A new firm gets the default tree of lines of business (F72)."""
    await lines.ensure_default_lines(tx)


CONSUMERS: Mapping[type[Message], Handler] = {TenantActivated: tenant_activated}
