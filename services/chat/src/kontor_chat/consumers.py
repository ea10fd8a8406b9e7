"""Which events chat reacts to."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from google.protobuf.message import Message
from kontor.identity.v1.events_pb2 import (
    CustomerDeleted,
    ResponsibleChanged,
    StaffAdded,
    StaffDeactivated,
    TenantDeleted,
)
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta, Handler

from kontor_chat import chats
from kontor_chat.customer_end import CUSTOMER_END
from kontor_chat.departures import note_arrival
from kontor_chat.firm_end import FIRM_END


async def responsible_changed(tx: Transaction, event: ResponsibleChanged, _meta: EventMeta) -> None:
    """Chats that nobody has answered go to the customer's new responsible, the first of the list (F182, F185)."""
    responsible = [UUID(account_id) for account_id in event.account_ids]
    await chats.assign_responsible(tx, customer_id=UUID(event.customer_id), responsible=responsible)


async def staff_deactivated(tx: Transaction, event: StaffDeactivated, _meta: EventMeta) -> None:
    """Chats of somebody who left go to his successor, else to nobody, so that the next one who answers has them."""
    successor = UUID(event.successor_account_id) if event.successor_account_id else None
    await chats.hand_over(tx, leaver=UUID(event.account_id), successor=successor)


async def staff_added(tx: Transaction, event: StaffAdded, _meta: EventMeta) -> None:
    """Somebody who had left may be back."""
    await note_arrival(tx, UUID(event.account_id))


CONSUMERS: Mapping[type[Message], Handler] = {
    ResponsibleChanged: responsible_changed,
    StaffAdded: staff_added,
    StaffDeactivated: staff_deactivated,
    TenantDeleted: FIRM_END.begin,
    CustomerDeleted: CUSTOMER_END.begin,
}
