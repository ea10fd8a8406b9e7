"""What is told about a customer's deletion (F94): that it is planned, and that it was taken back.

That it was carried out nobody can be told by mail any more: the first mail names the day.
"""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from kontor.identity.v1 import events_pb2 as identity
from kontor.notifications.v1.notifications_pb2 import NotificationKind as Kind
from kontor_chassis.clock import BILLING_ZONE
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications import wording
from kontor_notifications.deliveries import plan_for
from kontor_notifications.people import Directory
from kontor_notifications.ringing import ring_for


class DeletionHandlers:
    """The reactions to these events."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def planned(self, tx: Transaction, event: identity.CustomerDeletionPlanned, meta: EventMeta) -> None:
        """Mail the customer who asked and when it happens; ring for whoever looks after him, if he asked himself."""
        day = event.due_time.ToDatetime(UTC).astimezone(BILLING_ZONE)
        template = "deletion_planned_by_customer" if event.by_customer else "deletion_planned_by_firm"
        parameters = {"day": f"{day:%d.%m.%Y}", "path": wording.DELETION_LINK}
        await plan_for(tx, meta, event.tenant_id, template, parameters, customer_id=UUID(event.customer_id))
        if not event.by_customer:
            return
        kind, link = Kind.NOTIFICATION_KIND_CUSTOMER_DELETION, wording.customer_link(event.customer_id)
        subject = UUID(event.customer_deletion_id)
        for person in await self._directory.people(UUID(event.tenant_id), event.recipient_account_ids):
            await ring_for(tx, meta, person.listener, kind, wording.DELETION_PLANNED, link, subject, parameters)

    async def cancelled(self, tx: Transaction, event: identity.CustomerDeletionCancelled, meta: EventMeta) -> None:
        """Mail the customer that all stays as it is."""
        parameters = {"path": wording.DELETION_LINK}
        await plan_for(tx, meta, event.tenant_id, "deletion_cancelled", parameters, customer_id=UUID(event.customer_id))
