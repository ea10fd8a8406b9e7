"""Leaving a firm: access ends, responsibilities are handed over, no customer is left without anybody (F182–F185)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.events_pb2 import ResponsibleChanged, StaffDeactivated
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.sentences import said
from sqlalchemy import any_, literal, select

from kontor_identity.absences import hand_over_absences
from kontor_identity.staff import administrators_of, own_tenant, staff_of
from kontor_identity.tables import Customer, Membership


@dataclass(frozen=True)
class Departure:
    """What a departure has changed."""

    customers: int


async def deactivate_staff(tx: Transaction, leaver: UUID, successor: UUID | None) -> Departure:
    """End an employee's access to the caller's firm.

    Raises PRECONDITION "LAST_ADMINISTRATOR", and "SUCCESSOR_NEEDED" when a customer would have nobody left.
    """
    tenant = await own_tenant(tx)
    # Locks the firm: two administrators cannot deactivate each other at the same moment.
    await tx.session.refresh(tenant, with_for_update=True)
    member = await _member(tx, tenant.tenant_id, leaver)
    if member is None:
        raise not_found("Diese Person")
    if Role.ROLE_ADMINISTRATOR in member.roles and await administrators_of(tx, tenant.tenant_id) == [leaver]:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "LAST_ADMINISTRATOR",
            "Ihre Firma braucht mindestens einen Administrator. Bitte ernennen Sie zuerst einen anderen.",
        )
    if successor is not None and (successor == leaver or await _member(tx, tenant.tenant_id, successor) is None):
        raise invalid("successor_account_id", "Diese Person gehört nicht zu Ihrer Firma.", reason="NOT_STAFF")
    handed_over = await _hand_over_customers(tx, tenant.tenant_id, leaver, successor)
    await hand_over_absences(tx, leaver, successor)
    member.ended_at = tx.now
    await tx.session.flush()
    event = StaffDeactivated(
        tenant_id=str(tenant.tenant_id), account_id=str(leaver), successor_account_id=str(successor or "")
    )
    tx.publish(event, aggregate=leaver)
    return Departure(handed_over)


async def _hand_over_customers(tx: Transaction, tenant_id: UUID, leaver: UUID, successor: UUID | None) -> int:
    statement = (
        select(Customer)
        .where(Customer.tenant_id == tenant_id, literal(leaver) == any_(Customer.responsible_account_ids))
        .order_by(Customer.customer_id)
        .with_for_update()
    )
    customers = list((await tx.session.execute(statement)).scalars())
    orphans = sum(1 for customer in customers if set(customer.responsible_account_ids) == {leaver})
    if orphans and successor is None:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "SUCCESSOR_NEEDED",
            said(
                "%(customers)s Kunden hätten danach niemanden mehr. Bitte nennen Sie, wer sie übernimmt.",
                customers=orphans,
            ),
            metadata={"customers": str(orphans)},
        )
    for customer in customers:
        places = [successor if one == leaver else one for one in customer.responsible_account_ids]
        customer.responsible_account_ids = list(dict.fromkeys(one for one in places if one is not None))
        customer.updated_at = tx.now
        event = ResponsibleChanged(
            tenant_id=str(tenant_id),
            customer_id=str(customer.customer_id),
            account_ids=[str(one) for one in customer.responsible_account_ids],
        )
        tx.publish(event, aggregate=customer.customer_id)
    return len(customers)


async def _member(tx: Transaction, tenant_id: UUID, account_id: UUID) -> Membership | None:
    statement = staff_of(tenant_id).where(Membership.account_id == account_id).with_for_update(of=Membership)
    row = (await tx.session.execute(statement)).one_or_none()
    return row[0] if row is not None else None
