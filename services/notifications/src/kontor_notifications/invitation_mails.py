"""Mails of invitations: planned by identity's events, and their fate at the mail server told back to it (F170)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.identity.v1 import events_pb2 as identity
from kontor.notifications.v1.events_pb2 import InvitationMailSettled
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications.deliveries import Planned, plan_mail
from kontor_notifications.tables import Delivery, DeliveryState

TEMPLATE: Final = "invitation"


async def invitation_created(tx: Transaction, event: identity.InvitationCreated, meta: EventMeta) -> None:
    """Mail the invitation; its link is made when it is sent (F170, F172)."""
    await _plan(tx, event.tenant_id, event.invitation_id, meta)


async def invitation_repeated(tx: Transaction, event: identity.InvitationRepeated, meta: EventMeta) -> None:
    """Mail the invitation once more, with a link of its own."""
    await _plan(tx, event.tenant_id, event.invitation_id, meta)


def tell_fate(tx: Transaction, delivery: Delivery) -> None:
    """Tell that the mail server took the mail of an invitation, or that it never will; nothing while it is tried."""
    if delivery.template != TEMPLATE or delivery.state not in (DeliveryState.SENT, DeliveryState.FAILED):
        return
    settled = Timestamp()
    settled.FromDatetime(tx.now)
    event = InvitationMailSettled(
        tenant_id=str(delivery.tenant_id),
        invitation_id=delivery.parameters["invitation_id"],
        delivered=delivery.state == DeliveryState.SENT,
        settle_time=settled,
    )
    tx.publish(event, aggregate=delivery.parameters["invitation_id"], tenant_id=delivery.tenant_id)


async def _plan(tx: Transaction, tenant_id: str, invitation_id: str, meta: EventMeta) -> None:
    planned = Planned(
        tenant_id=UUID(tenant_id),
        template=TEMPLATE,
        dedup_key=f"{meta.event_id}:invitation",
        parameters={"invitation_id": invitation_id},
    )
    await plan_mail(tx, planned)
