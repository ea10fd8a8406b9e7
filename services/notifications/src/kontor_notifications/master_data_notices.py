"""The bell about wishes for other master data: the firm hears of a wish, the customer of the decision (F160)."""

from __future__ import annotations

from uuid import UUID

from kontor.identity.v1 import events_pb2 as identity
from kontor.notifications.v1.notifications_pb2 import NotificationKind as Kind
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications import wording
from kontor_notifications.people import Directory
from kontor_notifications.ringing import Listener, ring_for

_KIND = Kind.NOTIFICATION_KIND_MASTER_DATA
_FIRMS_PAGE = "/makler/anfragen"
_CUSTOMERS_PAGE = "/kunde/daten"


class MasterDataHandlers:
    """Reactions to wishes and decisions."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def change_requested(self, tx: Transaction, event: identity.ChangeRequested, meta: EventMeta) -> None:
        """Ring for whoever looks after the customer today."""
        said = wording.CHANGE_CASE if event.is_case else wording.CHANGE_REQUESTED
        for person in await self._directory.people(UUID(event.tenant_id), event.recipient_account_ids):
            await ring_for(tx, meta, person.listener, _KIND, said, _FIRMS_PAGE, UUID(event.change_request_id))

    async def change_decided(self, tx: Transaction, event: identity.ChangeDecided, meta: EventMeta) -> None:
        """Ring for the customer, if he has access."""
        said = wording.CHANGE_ACCEPTED if event.accepted else wording.CHANGE_REFUSED
        account_id, addressee = await self._directory.customer(UUID(event.tenant_id), UUID(event.customer_id))
        if account_id is not None:
            listener = Listener(UUID(event.tenant_id), account_id, addressee.form)
            await ring_for(tx, meta, listener, _KIND, said, _CUSTOMERS_PAGE, UUID(event.change_request_id))
