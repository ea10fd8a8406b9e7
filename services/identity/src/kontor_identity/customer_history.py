"""The history of customers' master data: every change of a field with who, when, old and new (F148–F158)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id
from sqlalchemy import select, tuple_

from kontor_identity.addresses import PostalAddress
from kontor_identity.master_data_tables import CustomerChange
from kontor_identity.tables import Customer


def record_change(tx: Transaction, customer: Customer, field: str, old: object, new: object) -> bool:
    """Add an entry if the value is another; whether it is."""
    before, after = _text(old), _text(new)
    if before == after:
        return False
    caller = tx.principal
    tx.session.add(
        CustomerChange(
            change_id=new_id(),
            tenant_id=customer.tenant_id,
            customer_id=customer.customer_id,
            field=field,
            old_value=before,
            new_value=after,
            changed_by=caller.account_id,
            changed_name=caller.display_name or (caller.service or ""),
            by_customer=caller.is_customer,
            changed_at=tx.now,
        )
    )
    return True


async def changes_of(
    tx: Transaction, customer_id: UUID, before: tuple[datetime, UUID], limit: int
) -> list[CustomerChange]:
    """Return a customer's changes, newest first."""
    statement = (
        select(CustomerChange)
        .where(
            CustomerChange.customer_id == customer_id,
            tuple_(CustomerChange.changed_at, CustomerChange.change_id) < tuple_(*before),
        )
        .order_by(CustomerChange.changed_at.desc(), CustomerChange.change_id.desc())
        .limit(limit)
    )
    return list((await tx.session.execute(statement)).scalars())


def _text(value: object) -> str:
    if isinstance(value, PostalAddress):
        place = f"{value.postal_code} {value.city}".strip()
        return ", ".join(part for part in (value.street, place) if part)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)
