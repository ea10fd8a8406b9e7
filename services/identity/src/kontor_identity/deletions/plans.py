"""Planning a customer's deletion, taking it back, and what came of it (F94).

PLANNED ──14 days──▶ DELETED ──the vault's certificate──▶ CERTIFIED
   └──taken back by the side that asked──▶ CANCELLED
The time to think protects from a stolen login and from haste; both sides are told at once and see it until the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kontor.identity.v1.events_pb2 import CustomerDeletionCancelled, CustomerDeletionPlanned
from kontor.vault.v1.events_pb2 import CustomerErased
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from sqlalchemy import select, tuple_

from kontor_identity.absences import present_administrators, present_responsibles
from kontor_identity.customers import customer_for_update, customer_in_sight
from kontor_identity.deletions.tables import CustomerDeletionRow
from kontor_identity.tables import Customer

TIME_TO_THINK = timedelta(days=14)
"""As long as a firm's (decision 10) and a consumer's withdrawal."""


async def planned_deletion(tx: Transaction, customer_id: UUID) -> CustomerDeletionRow | None:
    """Return the deletion that is planned for a customer in sight, if any."""
    await customer_in_sight(tx, customer_id)
    return await _planned(tx, customer_id, lock=False)


async def plan_deletion(tx: Transaction, customer_id: UUID) -> CustomerDeletionRow:
    """Plan the deletion of a customer; raises PRECONDITION "DELETION_PLANNED" where one is, FORBIDDEN "ONLY_HOLDER"."""
    customer = await customer_for_update(tx, customer_id)
    _require_holder(tx, customer)
    if await _planned(tx, customer_id) is not None:
        raise DomainError(ErrorKind.PRECONDITION, "DELETION_PLANNED", "Die Löschung ist bereits vorgesehen.")
    row = CustomerDeletionRow(
        customer_deletion_id=new_id(),
        tenant_id=customer.tenant_id,
        customer_id=customer_id,
        customer_number=customer.number,
        by_customer=tx.principal.is_customer,
        planned_at=tx.now,
        planned_by=tx.principal.required_account(),
        due_at=tx.now + TIME_TO_THINK,
    )
    tx.session.add(row)
    await tx.session.flush()
    people = await present_responsibles(tx, customer) or await present_administrators(tx, customer.tenant_id)
    event = CustomerDeletionPlanned(
        tenant_id=str(row.tenant_id),
        customer_id=str(customer_id),
        customer_deletion_id=str(row.customer_deletion_id),
        by_customer=row.by_customer,
        recipient_account_ids=[str(person) for person in people],
    )
    event.due_time.FromDatetime(row.due_at)
    tx.publish(event, aggregate=customer_id)
    return row


async def cancel_deletion(tx: Transaction, customer_id: UUID) -> CustomerDeletionRow:
    """Take a planned deletion back; raises PRECONDITION "NOTHING_PLANNED", FORBIDDEN "PLANNED_BY_OTHER_SIDE"."""
    customer = await customer_for_update(tx, customer_id)
    _require_holder(tx, customer)
    row = await _planned(tx, customer_id)
    if row is None:
        raise DomainError(ErrorKind.PRECONDITION, "NOTHING_PLANNED", "Es ist keine Löschung vorgesehen.")
    if row.by_customer != tx.principal.is_customer:
        raise DomainError(
            ErrorKind.FORBIDDEN,
            "PLANNED_BY_OTHER_SIDE",
            "Zurücknehmen kann die Löschung nur, wer sie veranlasst hat.",
        )
    row.cancelled_at = tx.now
    await tx.session.flush()
    event = CustomerDeletionCancelled(
        tenant_id=str(row.tenant_id),
        customer_id=str(customer_id),
        customer_deletion_id=str(row.customer_deletion_id),
    )
    tx.publish(event, aggregate=customer_id)
    return row


async def deletions_of_firm(
    tx: Transaction, before: tuple[datetime, UUID], limit: int
) -> Sequence[CustomerDeletionRow]:
    """Return a page of the firm's planned and finished deletions, newest first."""
    row = CustomerDeletionRow
    key = tuple_(row.planned_at, row.customer_deletion_id)
    statement = select(row).where(
        row.tenant_id == tx.principal.required_tenant(), row.cancelled_at.is_(None), key < tuple_(*before)
    )
    newest = statement.order_by(row.planned_at.desc(), row.customer_deletion_id.desc()).limit(limit)
    return (await tx.session.scalars(newest)).all()


async def customer_erased(tx: Transaction, event: CustomerErased, _meta: EventMeta) -> None:
    """Keep the vault's certificate with the deletion; one of a customer who was not deleted here is not kept."""
    row = await _last(tx, UUID(event.customer_id))
    if row is None or row.deleted_at is None:
        return
    row.certificate, row.documents, row.size_bytes = event.certificate, event.documents, event.size_bytes
    row.keys_digest, row.certificate_hash = event.keys_digest, event.hash
    row.erased_at = event.erase_time.ToDatetime(UTC)


def _require_holder(tx: Transaction, customer: Customer) -> None:
    """Of a household only the account holder decides about its end."""
    if tx.principal.is_customer and customer.account_id != tx.principal.required_account():
        raise DomainError(ErrorKind.FORBIDDEN, "ONLY_HOLDER", "Darüber entscheidet nur der Kontoinhaber selbst.")


async def _planned(tx: Transaction, customer_id: UUID, *, lock: bool = True) -> CustomerDeletionRow | None:
    row = await _last(tx, customer_id, lock=lock)
    return row if row is not None and row.deleted_at is None else None


async def _last(tx: Transaction, customer_id: UUID, *, lock: bool = True) -> CustomerDeletionRow | None:
    statement = select(CustomerDeletionRow).where(
        CustomerDeletionRow.customer_id == customer_id, CustomerDeletionRow.cancelled_at.is_(None)
    )
    return (await tx.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()
