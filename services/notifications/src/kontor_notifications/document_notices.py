"""What the vault has to tell a customer: what is delivered or falls due, full storage (F14, F99, F144)."""

from __future__ import annotations

from datetime import date
from typing import Final, Protocol
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.notifications.v1.events_pb2 import DeliveryMailSettled
from kontor.notifications.v1.notifications_pb2 import NotificationKind as Kind
from kontor.vault.v1 import events_pb2 as vault
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications import wording
from kontor_notifications.bell import Ring, ring
from kontor_notifications.deliveries import plan_for
from kontor_notifications.people import Directory
from kontor_notifications.ringing import ring_for
from kontor_notifications.tables import Delivery, DeliveryState
from kontor_notifications.wording import Wording

DELIVERED: Final = "document_delivered"
_STORAGE_PAGE = "/kunde/dokumente"
_ARCHIVE_PAGE = "/kunde/dokumente/archiv"
_IMPORT_PAGE = f"{_ARCHIVE_PAGE}/einlesen"
_FULL = 100


class Told(Protocol):
    """An event about one customer."""

    tenant_id: str
    customer_id: str


class DocumentHandlers:
    """Reactions to events of the vault; a document is never named, only linked."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def delivered(self, tx: Transaction, event: vault.DocumentDelivered, meta: EventMeta) -> None:
        """Tell the customer that he was delivered to; what becomes of the mail is a part of the proof (F144)."""
        parameters = {
            "path": f"{_STORAGE_PAGE}/{event.document_id}",
            "customer_id": event.customer_id,
            "delivery_id": event.delivery_id,
        }
        kind, said = Kind.NOTIFICATION_KIND_DOCUMENT_DELIVERED, wording.DOCUMENT_DELIVERED
        await tell_customer(self._directory, tx, meta, event, kind, said, DELIVERED, parameters, event.document_id)

    async def falls_due(self, tx: Transaction, event: vault.DocumentDueReached, meta: EventMeta) -> None:
        """Remind the customer by bell and mail."""
        parameters = {
            "day": f"{date.fromisoformat(event.due_on):%d.%m.%Y}",
            "path": f"{_STORAGE_PAGE}/{event.document_id}",
        }
        kind, said = Kind.NOTIFICATION_KIND_DOCUMENT_DUE, wording.DOCUMENT_DUE
        await tell_customer(self._directory, tx, meta, event, kind, said, "document_due", parameters, event.document_id)

    async def archive_ready(self, tx: Transaction, event: vault.ExportFinished, meta: EventMeta) -> None:
        """Tell the customer that everything can be taken along; who did not ask for it learns of it as well."""
        parameters = {"day": f"{date.fromisoformat(event.until_day):%d.%m.%Y}", "path": _ARCHIVE_PAGE}
        kind, said = Kind.NOTIFICATION_KIND_EXPORT_READY, wording.EXPORT_READY
        await tell_customer(self._directory, tx, meta, event, kind, said, "export_ready", parameters, event.export_id)

    async def archive_read(self, tx: Transaction, event: vault.ImportFinished, meta: EventMeta) -> None:
        """Tell the customer what became of the archive that he, or somebody with his password, brought."""
        kind = Kind.NOTIFICATION_KIND_IMPORT_FINISHED
        said, template = (
            (wording.ARCHIVE_READ, "archive_read") if event.done else (wording.ARCHIVE_REFUSED, "archive_refused")
        )
        parameters = {"path": _IMPORT_PAGE}
        await tell_customer(self._directory, tx, meta, event, kind, said, template, parameters, event.import_id)

    async def ends_announced(self, tx: Transaction, event: vault.DocumentEndsAnnounced, meta: EventMeta) -> None:
        """Warn before documents are deleted: the customer by bell and mail, the firm's people by bell."""
        day = f"{date.fromisoformat(event.end_on):%d.%m.%Y}"
        kind = Kind.NOTIFICATION_KIND_DOCUMENT_END
        if event.customer_id:
            parameters = {"day": day, "count": str(event.documents), "path": _STORAGE_PAGE}
            said = wording.OWN_DOCUMENTS_END if event.into_trash else wording.DOCUMENTS_END
            template = "own_documents_end" if event.into_trash else "documents_end"
            await tell_customer(self._directory, tx, meta, event, kind, said, template, parameters, event.customer_id)
            return
        told = {"day": day, "count": str(event.documents)}
        for person in await self._directory.people(UUID(event.tenant_id), event.recipient_account_ids):
            page, subject = wording.RETENTION_PAGE, UUID(event.tenant_id)
            await ring_for(tx, meta, person.listener, kind, wording.FILINGS_END, page, subject, told)

    async def storage_fills_up(self, tx: Transaction, event: vault.StorageThresholdPassed, meta: EventMeta) -> None:
        """Warn the customer before nothing fits any more."""
        parameters = {"percent": str(event.percent), "path": _STORAGE_PAGE}
        is_full = event.percent >= _FULL
        said = wording.STORAGE_FULL if is_full else wording.STORAGE_FILLS_UP
        template = "storage_full" if is_full else "storage_fills_up"
        kind = Kind.NOTIFICATION_KIND_STORAGE
        await tell_customer(self._directory, tx, meta, event, kind, said, template, parameters, event.customer_id)


async def tell_customer(
    directory: Directory,
    tx: Transaction,
    meta: EventMeta,
    event: Told,
    kind: Kind.ValueType,
    said: Wording,
    template: str,
    parameters: dict[str, str],
    subject_id: str,
) -> None:
    """Tell a customer by bell and mail; who has no access could not open what they link to."""
    tenant_id, customer_id = UUID(event.tenant_id), UUID(event.customer_id)
    account_id, addressee = await directory.customer(tenant_id, customer_id)
    if account_id is None:
        return
    await plan_for(tx, meta, event.tenant_id, template, parameters, customer_id=customer_id)
    text = said.text(addressee.form, **parameters)
    what = Ring(tenant_id, account_id, kind, said.title, text, parameters["path"], UUID(subject_id))
    await ring(tx, meta.event_id, what)


def tell_fate(tx: Transaction, delivery: Delivery) -> None:
    """Tell that the mail server took the mail about a delivery, or that it never will; nothing while it is tried."""
    if delivery.template != DELIVERED or delivery.state not in (DeliveryState.SENT, DeliveryState.FAILED):
        return
    settled = Timestamp()
    settled.FromDatetime(tx.now)
    event = DeliveryMailSettled(
        tenant_id=str(delivery.tenant_id),
        customer_id=delivery.parameters["customer_id"],
        delivery_id=delivery.parameters["delivery_id"],
        delivered=delivery.state == DeliveryState.SENT,
        settle_time=settled,
    )
    tx.publish(event, aggregate=delivery.parameters["delivery_id"], tenant_id=delivery.tenant_id)
