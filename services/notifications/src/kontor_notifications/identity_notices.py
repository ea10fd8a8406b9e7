"""What identity has to tell about proofs of identity, electronic delivery and raffles (F140, F164, F165).

The customer hears by bell and mail, the firm of a wanted letter by bell. Neither tells a reason, a code or a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kontor.identity.v1 import events_pb2 as identity
from kontor.identity.v1.epost_pb2 import EPostDecision
from kontor.notifications.v1.notifications_pb2 import NotificationKind as Kind
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications import wording
from kontor_notifications.deliveries import plan_for
from kontor_notifications.people import Directory
from kontor_notifications.ringing import Listener, ring_for
from kontor_notifications.wording import Wording

_EPOST_PAGE = "/kunde/daten/e-post"
_EPOST_MAILS = {
    EPostDecision.E_POST_DECISION_GIVEN: "epost_given",
    EPostDecision.E_POST_DECISION_REVOKED: "epost_revoked",
}

_AboutCustomer = (
    identity.IdentityProven | identity.IdentityWithdrawn | identity.VoucherGiven | identity.RafflePrizeDrawn
)


class IdentityHandlers:
    """The reactions to these events."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def letter_requested(self, tx: Transaction, event: identity.IdentityLetterRequested, meta: EventMeta) -> None:
        """Ring for whoever looks after the customer today."""
        kind, said, link = (
            Kind.NOTIFICATION_KIND_IDENTITY_LETTER,
            wording.IDENTITY_LETTER_REQUESTED,
            wording.IDENTITY_LETTERS_LINK,
        )
        for person in await self._directory.people(UUID(event.tenant_id), event.recipient_account_ids):
            await ring_for(tx, meta, person.listener, kind, said, link, UUID(event.identity_letter_id))

    async def proven(self, tx: Transaction, event: identity.IdentityProven, meta: EventMeta) -> None:
        """Tell the customer, who did it himself or stood before the member of staff."""
        kind, subject = Kind.NOTIFICATION_KIND_IDENTITY, event.identity_proof_id
        await self._tell(tx, meta, event, kind, wording.IDENTITY_PROVEN, "identity_proven", subject, {})

    async def withdrawn(self, tx: Transaction, event: identity.IdentityWithdrawn, meta: EventMeta) -> None:
        """Tell the customer."""
        kind, subject = Kind.NOTIFICATION_KIND_IDENTITY, event.identity_proof_id
        await self._tell(tx, meta, event, kind, wording.IDENTITY_WITHDRAWN, "identity_withdrawn", subject, {})

    async def voucher_given(self, tx: Transaction, event: identity.VoucherGiven, meta: EventMeta) -> None:
        """Tell the customer where his voucher is; its code stays there."""
        kind, said, more = Kind.NOTIFICATION_KIND_RAFFLE, wording.VOUCHER_GIVEN, {"prize": event.prize}
        await self._tell(tx, meta, event, kind, said, "voucher_given", event.raffle_entry_id, more)

    async def prize_drawn(self, tx: Transaction, event: identity.RafflePrizeDrawn, meta: EventMeta) -> None:
        """Tell the winner."""
        kind, said, more = Kind.NOTIFICATION_KIND_RAFFLE, wording.PRIZE_DRAWN, {"prize": event.prize}
        await self._tell(tx, meta, event, kind, said, "prize_drawn", event.raffle_entry_id, more)

    async def consent_changed(self, tx: Transaction, event: identity.EPostConsentChanged, meta: EventMeta) -> None:
        """Confirm by mail what the customer said, so that he has it in hand; declining needs no receipt."""
        template = _EPOST_MAILS.get(event.decision)
        if template is not None:
            parameters = {"path": _EPOST_PAGE}
            await plan_for(tx, meta, event.tenant_id, template, parameters, customer_id=UUID(event.customer_id))

    async def _tell(
        self,
        tx: Transaction,
        meta: EventMeta,
        event: _AboutCustomer,
        kind: Kind.ValueType,
        said: Wording,
        template: str,
        subject_id: str,
        more: Mapping[str, str],
    ) -> None:
        tenant_id, customer_id = UUID(event.tenant_id), UUID(event.customer_id)
        parameters = {**more, "path": wording.IDENTITY_LINK}
        account_id, addressee = await self._directory.customer(tenant_id, customer_id)
        await plan_for(tx, meta, event.tenant_id, template, parameters, customer_id=customer_id)
        if account_id is not None:
            listener = Listener(tenant_id, account_id, addressee.form)
            await ring_for(tx, meta, listener, kind, said, wording.IDENTITY_LINK, UUID(subject_id), parameters)
