"""Binding an account to a further firm by its broker ID: who decides is told, and who asked of the yes (F169, F175)."""

from __future__ import annotations

from uuid import UUID

from kontor.identity.v1 import events_pb2 as identity
from kontor.notifications.v1.notifications_pb2 import NotificationKind as Kind
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications import wording
from kontor_notifications.deliveries import plan_for
from kontor_notifications.people import Directory
from kontor_notifications.ringing import ring_for


class BindingHandlers:
    """The reactions to identity's events about bindings."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def requested(self, tx: Transaction, event: identity.BindingRequested, meta: EventMeta) -> None:
        """Ring for those who decide, and mail them."""
        kind, link = Kind.NOTIFICATION_KIND_BINDING_REQUESTED, wording.BINDINGS_LINK
        for person in await self._directory.people(UUID(event.tenant_id), event.recipient_account_ids):
            said, subject = wording.BINDING_REQUESTED, UUID(event.binding_id)
            await ring_for(tx, meta, person.listener, kind, said, link, subject)
            mail, parameters = "binding_requested", {"path": link}
            await plan_for(tx, meta, event.tenant_id, mail, parameters, account_id=person.account_id)

    async def confirmed(self, tx: Transaction, event: identity.BindingConfirmed, meta: EventMeta) -> None:
        """Mail the person that he is a customer of a further firm now."""
        mail, parameters = "binding_confirmed", {"path": "/auth/switch"}
        await plan_for(tx, meta, event.tenant_id, mail, parameters, customer_id=UUID(event.customer_id))
