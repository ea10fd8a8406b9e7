"""What contracts tell about entries of customers: staff that there is something to check, him that it is (F177)."""

from __future__ import annotations

from uuid import UUID

from kontor.contracts.v1 import events_pb2 as contracts
from kontor.notifications.v1.notifications_pb2 import NotificationKind as Kind
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications import wording
from kontor_notifications.people import Directory
from kontor_notifications.ringing import Listener, ring_for
from kontor_notifications.wording import Wording

ENTERED = Wording(
    "Vertrag vom Kunden eingetragen",
    "Ein Kunde hat einen Vertrag selbst eingetragen. Bitte prüfen und ergänzen Sie ihn.",
    "Ein Kunde hat einen Vertrag selbst eingetragen. Bitte prüfe und ergänze ihn.",
)
CORRECTED = Wording(
    "Vertrag vom Kunden geändert",
    "Ein Kunde hat einen Vertrag geändert, den er selbst eingetragen hatte. Bitte prüfen Sie ihn.",
    "Ein Kunde hat einen Vertrag geändert, den er selbst eingetragen hatte. Bitte prüfe ihn.",
)
CONFIRMED = Wording(
    "Ihr Vertrag ist geprüft",
    "Wir haben einen Vertrag geprüft und bestätigt, den Sie selbst eingetragen hatten.",
    "Wir haben einen Vertrag geprüft und bestätigt, den du selbst eingetragen hattest.",
)
_KIND = Kind.NOTIFICATION_KIND_CONTRACT_ENTRY


class ContractHandlers:
    """Reactions to events of contracts; no contract is named, only linked."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def entered(self, tx: Transaction, event: contracts.ContractEntered, meta: EventMeta) -> None:
        """Ring for who looks after the customer."""
        await self._tell_firm(tx, event, meta, ENTERED)

    async def corrected(self, tx: Transaction, event: contracts.ContractCorrected, meta: EventMeta) -> None:
        """Ring likewise: what was checked once may have to be checked again."""
        await self._tell_firm(tx, event, meta, CORRECTED)

    async def confirmed(self, tx: Transaction, event: contracts.ContractConfirmed, meta: EventMeta) -> None:
        """Ring for the customer."""
        tenant_id, customer_id = UUID(event.tenant_id), UUID(event.customer_id)
        account_id, addressee = await self._directory.customer(tenant_id, customer_id)
        if account_id is not None:
            listener = Listener(tenant_id, account_id, addressee.form)
            link = f"/kunde/vertraege/{event.contract_id}"
            await ring_for(tx, meta, listener, _KIND, CONFIRMED, link, UUID(event.contract_id))

    async def _tell_firm(
        self,
        tx: Transaction,
        event: contracts.ContractEntered | contracts.ContractCorrected,
        meta: EventMeta,
        said: Wording,
    ) -> None:
        link, subject = wording.customer_link(event.customer_id), UUID(event.contract_id)
        for person in await self._directory.responsible(UUID(event.tenant_id), UUID(event.customer_id)):
            await ring_for(tx, meta, person.listener, _KIND, said, link, subject)
