"""Delivery with legal effect (F144, decision 8): provided, notified, opened, each once, each in the sight ledger.

A document is a copy unless its customer has consented to electronic delivery at the moment when the firm delivers it.
Whether he has is identity's to say and is asked for every delivery anew; his revoking later undoes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.notifications.v1.events_pb2 import DeliveryMailSettled
from kontor.vault.v1 import events_pb2
from kontor.vault.v1.deliveries_pb2 import DeliveryStage as Stage
from kontor.vault.v1.vault_pb2 import SightingAction
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_vault.delivery_tables import Delivery, DeliveryStep
from kontor_vault.documents import get_document, require_in_use
from kontor_vault.releases import release
from kontor_vault.sightings import Happening, hold_ledger, record
from kontor_vault.tables import Document, Origin, Version
from kontor_vault.visibility import require_customer_scope

_ACTIONS = {
    Stage.DELIVERY_STAGE_PROVIDED: SightingAction.SIGHTING_ACTION_DELIVER,
    Stage.DELIVERY_STAGE_NOTIFIED: SightingAction.SIGHTING_ACTION_DELIVERY_NOTIFY,
    Stage.DELIVERY_STAGE_NOT_NOTIFIED: SightingAction.SIGHTING_ACTION_DELIVERY_NOTIFY_FAIL,
    Stage.DELIVERY_STAGE_OPENED: SightingAction.SIGHTING_ACTION_DELIVERY_OPEN,
}


@dataclass(frozen=True)
class Consent:
    """The word by which a customer agreed to electronic delivery."""

    e_post_entry_id: UUID
    version: int
    time: datetime


@dataclass(frozen=True)
class Parties:
    """Who delivered to whom, as a proof names them."""

    firm_name: str
    firm_address: str
    customer_name: str
    customer_number: str


class Consents(Protocol):
    """Knows who agreed to electronic delivery, and the parties of a proof."""

    async def in_force(self, tenant_id: UUID, customer_id: UUID) -> Consent | None:
        """Return the consent that is in force at this moment; None without one."""
        ...

    async def parties(self, tenant_id: UUID, customer_id: UUID) -> Parties:
        """Return the firm and its customer by name; raises NOT_FOUND."""
        ...


@dataclass(frozen=True)
class Delivered:
    """A delivery and how far it has come, in order."""

    delivery: Delivery
    steps: Sequence[DeliveryStep]


async def deliver(tx: Transaction, *, customer_id: UUID, document_id: UUID, consent: Consent | None) -> Delivered:
    """Deliver the newest version of a document; one that was delivered before is returned as it is.

    Raises NOT_FOUND, FORBIDDEN "NOT_FILED_BY_FIRM", PRECONDITION "DOCUMENT_IN_TRASH" and "NO_E_POST_CONSENT".
    """
    document = await get_document(tx, document_id=document_id, customer_id=customer_id, for_update=True)
    require_in_use(document)
    if document.origin != Origin.FIRM:
        raise DomainError(
            ErrorKind.FORBIDDEN, "NOT_FILED_BY_FIRM", "Zustellen lässt sich nur, was Ihr Betrieb selbst abgelegt hat."
        )
    known = await _delivery_of(tx, document_id, document.content_version)
    if known is not None:
        return await _with_steps(tx, known)
    if consent is None:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "NO_E_POST_CONSENT",
            "Der Kunde hat in die elektronische Zustellung nicht eingewilligt. Sie können ihm das Dokument als Kopie "
            "freigeben und das Original mit der Post senden.",
        )
    if document.release_time is None:
        await release(tx, document)
    return await _provide(tx, document, consent)


async def note_mail(tx: Transaction, event: DeliveryMailSettled, _meta: EventMeta) -> None:
    """Note when the mail server took the mail that tells of a delivery, or that it never will."""
    stage = Stage.DELIVERY_STAGE_NOTIFIED if event.delivered else Stage.DELIVERY_STAGE_NOT_NOTIFIED
    delivery = await tx.session.get(Delivery, UUID(event.delivery_id))
    if delivery is not None:
        await _reach(tx, delivery, stage, event.settle_time.ToDatetime(tx.now.tzinfo))


async def note_opening(tx: Transaction, version: Version) -> None:
    """Note that the customer has a delivered version before him, the first time; a viewer's look does not count."""
    caller = tx.principal
    if not caller.has(Role.ROLE_CUSTOMER) or caller.viewer_account_id is not None:
        return
    delivery = await _delivery_of(tx, version.document_id, version.number)
    if delivery is not None:
        await _reach(tx, delivery, Stage.DELIVERY_STAGE_OPENED, tx.now)


async def list_deliveries(
    tx: Transaction, *, customer_id: UUID, document_id: UUID | None, before: UUID, most: int
) -> list[Delivered]:
    """Return deliveries to a customer, newest first, with their steps."""
    require_customer_scope(tx.principal, customer_id)
    wanted = select(Delivery).where(Delivery.customer_id == customer_id, Delivery.delivery_id < before)
    if document_id is not None:
        wanted = wanted.where(Delivery.document_id == document_id)
    found = (await tx.session.scalars(wanted.order_by(Delivery.delivery_id.desc()).limit(most))).all()
    return await _all_with_steps(tx, found)


async def all_deliveries(tx: Transaction, customer_id: UUID) -> list[Delivered]:
    """Return all deliveries to a customer, oldest first, for an archive of everything."""
    wanted = select(Delivery).where(Delivery.customer_id == customer_id).order_by(Delivery.delivery_id)
    return await _all_with_steps(tx, (await tx.session.scalars(wanted)).all())


async def get_delivery(tx: Transaction, *, customer_id: UUID, delivery_id: UUID) -> Delivered:
    """Return one delivery; raises NOT_FOUND."""
    require_customer_scope(tx.principal, customer_id)
    wanted = select(Delivery).where(Delivery.delivery_id == delivery_id, Delivery.customer_id == customer_id)
    found = await tx.session.scalar(wanted)
    if found is None:
        raise not_found("Die Zustellung")
    return await _with_steps(tx, found)


async def _provide(tx: Transaction, document: Document, consent: Consent) -> Delivered:
    delivery = Delivery(
        delivery_id=new_id(),
        tenant_id=document.tenant_id,
        customer_id=document.customer_id,
        document_id=document.document_id,
        number=document.content_version,
        title=document.title,
        file_name=document.file_name,
        size_bytes=document.size_bytes,
        sha256=document.sha256,
        e_post_entry_id=consent.e_post_entry_id,
        consent_version=consent.version,
        consent_time=consent.time,
    )
    tx.session.add(delivery)
    document.deliver_time = document.update_time = tx.now
    document.delivered_version = document.content_version
    await tx.session.flush()
    await _reach(tx, delivery, Stage.DELIVERY_STAGE_PROVIDED, tx.now)
    event = events_pb2.DocumentDelivered(
        tenant_id=str(delivery.tenant_id),
        customer_id=str(delivery.customer_id),
        document_id=str(delivery.document_id),
        delivery_id=str(delivery.delivery_id),
    )
    tx.publish(event, aggregate=delivery.delivery_id, tenant_id=delivery.tenant_id)
    return await _with_steps(tx, delivery)


async def _reach(tx: Transaction, delivery: Delivery, stage: Stage.ValueType, time: datetime) -> None:
    """Write down a stage, once; whoever comes at the same moment waits at the ledger and finds it written."""
    key = (delivery.delivery_id, stage)
    if await tx.session.get(DeliveryStep, key) is not None:
        return
    await hold_ledger(tx, delivery.tenant_id, delivery.customer_id)
    if await tx.session.get(DeliveryStep, key) is not None:
        return
    happening = Happening(_ACTIONS[stage], document_id=delivery.document_id, number=delivery.number)
    entry = await record(tx, delivery.tenant_id, delivery.customer_id, happening)
    step = DeliveryStep(
        delivery_id=delivery.delivery_id,
        stage=stage,
        tenant_id=delivery.tenant_id,
        customer_id=delivery.customer_id,
        time=time,
        account_id=tx.principal.account_id,
        account_name=tx.principal.display_name,
        sequence=entry.sequence,
        hash=entry.hash,
    )
    tx.session.add(step)
    await tx.session.flush()


async def _delivery_of(tx: Transaction, document_id: UUID, number: int) -> Delivery | None:
    wanted = select(Delivery).where(Delivery.document_id == document_id, Delivery.number == number)
    return await tx.session.scalar(wanted)


async def _with_steps(tx: Transaction, delivery: Delivery) -> Delivered:
    return Delivered(delivery, await _steps_of(tx, [delivery.delivery_id]))


async def _all_with_steps(tx: Transaction, found: Sequence[Delivery]) -> list[Delivered]:
    steps = await _steps_of(tx, [each.delivery_id for each in found])
    return [Delivered(each, [step for step in steps if step.delivery_id == each.delivery_id]) for each in found]


async def _steps_of(tx: Transaction, deliveries: Sequence[UUID]) -> Sequence[DeliveryStep]:
    wanted = select(DeliveryStep).where(DeliveryStep.delivery_id.in_(deliveries))
    return (await tx.session.scalars(wanted.order_by(DeliveryStep.sequence))).all()
