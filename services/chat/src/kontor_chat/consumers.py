"""Which events chat reacts to."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from google.protobuf.message import Message
from kontor.identity.v1.events_pb2 import ResponsibleChanged
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta, Handler

from kontor_chat import chats


async def responsible_changed(tx: Transaction, event: ResponsibleChanged, _meta: EventMeta) -> None:
    """Chats that nobody has answered go to the customer's new responsible, the first of the list (F182, F185)."""
    if event.account_ids:
        await chats.assign_responsible(tx, customer_id=UUID(event.customer_id), responsible=UUID(event.account_ids[0]))


CONSUMERS: Mapping[type[Message], Handler] = {ResponsibleChanged: responsible_changed}
