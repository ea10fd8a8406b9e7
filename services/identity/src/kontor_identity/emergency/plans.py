"""The customer's rules for his emergency access: how many have to agree, how long to wait, when access ends."""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.etags import check_etag
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_identity.emergency.tables import EmergencyPlan
from kontor_identity.tables import Customer

DEFAULT_WAITING_HOURS = 72
DEFAULT_ACCESS_DAYS = 30


async def require_holder(tx: Transaction, customer_id: UUID) -> None:
    """Let only the customer himself, whose account it is, see and change whom he trusts.

    Raises FORBIDDEN "NOT_ACCOUNT_HOLDER" for others who act as this customer: his household, his broker looking on.
    """
    holder = await tx.session.scalar(select(Customer.account_id).where(Customer.customer_id == customer_id))
    if holder != tx.principal.required_account():
        raise DomainError(
            ErrorKind.FORBIDDEN, "NOT_ACCOUNT_HOLDER", "Den Notfallzugang verwaltet nur der Kontoinhaber selbst."
        )


async def plan_of(tx: Transaction, customer_id: UUID) -> EmergencyPlan:
    """Return the customer's rules; the defaults while he has chosen none (version 0)."""
    return await tx.session.get(EmergencyPlan, customer_id) or EmergencyPlan(
        **_defaults(tx.principal.tenant_id, customer_id)
    )


async def locked_plan(tx: Transaction, customer_id: UUID) -> EmergencyPlan:
    """Return the customer's rules, locked; all that he changes of his emergency access goes one after the other."""
    values = _defaults(tx.principal.required_tenant(), customer_id)
    await tx.session.execute(insert(EmergencyPlan).values(**values).on_conflict_do_nothing())
    statement = select(EmergencyPlan).where(EmergencyPlan.customer_id == customer_id).with_for_update()
    return (await tx.session.scalars(statement)).one()


def change_plan(
    plan: EmergencyPlan, *, quorum: int, waiting_hours: int, access_days: int, etag: str, persons: int, most: int
) -> None:
    """Change a locked plan; raises CONFLICT (etag) and PRECONDITION "TOO_MANY_TRUSTED_PERSONS"."""
    check_etag(etag, plan.version)
    if persons > most:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "TOO_MANY_TRUSTED_PERSONS",
            "Die Regel „2 von 3“ gilt für höchstens drei Vertrauenspersonen.",
        )
    plan.quorum, plan.waiting_hours, plan.access_days = quorum, waiting_hours, access_days


def _defaults(tenant_id: UUID | None, customer_id: UUID) -> dict[str, object]:
    return {
        "customer_id": customer_id,
        "tenant_id": tenant_id,
        "quorum": 1,
        "waiting_hours": DEFAULT_WAITING_HOURS,
        "access_days": DEFAULT_ACCESS_DAYS,
        "version": 0,
    }
