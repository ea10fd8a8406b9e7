"""Plans of the platform and their limits (F82–F87), as data by the day they begin.

A firm in its trial has no limits (F88). Limits are enforced where the firm's row is locked, so that two at once cannot
pass together. Storage is measured by vault, which asks for the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.identity.v1.events_pb2 import PlanSelected
from kontor.identity.v1.firms_pb2 import Plan
from kontor.identity.v1.tenants_pb2 import TenantState
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.sentences import said
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from kontor_identity.firm_tables import PlanRow
from kontor_identity.staff import own_tenant
from kontor_identity.tables import Customer, Tenant

NAMES: dict[int, str] = {
    Plan.PLAN_PAY_PER_USE: "Pay-per-Use",
    Plan.PLAN_PREMIUM_STARTER: "PREMIUMstarter",
    Plan.PLAN_PREMIUM: "PREMIUM",
}
MOST_FAMILIES_PER_USE = 20
"""Above these, or with an interface, the flat plans are the better advice (F85)."""


async def plans_of_the_day(tx: Transaction, day: date | None = None) -> list[PlanRow]:
    """Return the terms in force on a day, today unless said, the smallest plan first."""
    statement = (
        select(PlanRow)
        .where(PlanRow.valid_from <= (day or date.fromisoformat(billing_day(tx.now))))
        .order_by(PlanRow.plan, PlanRow.valid_from.desc())
        .ext(distinct_on(PlanRow.plan))
    )
    return list((await tx.session.execute(statement)).scalars())


async def terms_of(tx: Transaction, tenant: Tenant) -> PlanRow | None:
    """Return the terms a firm lives by today; None without a plan, which means without limits."""
    return next((row for row in await plans_of_the_day(tx) if row.plan == tenant.plan), None)


def recommended(plans: Sequence[PlanRow], contacts: int, *, with_interfaces: bool) -> int:
    """Return the plan that fits a firm: pay per use for up to 20 families without interfaces, else the first flat one
    that is large enough (F85).
    """
    if contacts <= MOST_FAMILIES_PER_USE and not with_interfaces:
        return int(Plan.PLAN_PAY_PER_USE)
    fitting = [row.plan for row in plans if row.plan != Plan.PLAN_PAY_PER_USE and _fits(row, contacts)]
    return min(fitting, default=int(Plan.PLAN_PREMIUM))


async def contacts_of(tx: Transaction, tenant_id: UUID, before: datetime | None = None) -> int:
    """Return how many customers a firm has, or how many of them were entered before an instant."""
    counted = select(func.count()).select_from(Customer).where(Customer.tenant_id == tenant_id)
    if before is not None:
        counted = counted.where(Customer.created_at < before)
    return int((await tx.session.execute(counted)).scalar_one())


async def require_room(tx: Transaction, tenant: Tenant, added: int) -> None:
    """Refuse customers beyond the plan, naming the limit; to be called while the firm's row is locked.

    Raises EXHAUSTED "PLAN_LIMIT_CONTACTS" and PRECONDITION "FIRM_SUSPENDED".
    """
    if tenant.state == TenantState.TENANT_STATE_SUSPENDED:
        raise suspended()
    terms = await terms_of(tx, tenant)
    if terms is None or terms.max_contacts is None:
        return
    present = await contacts_of(tx, tenant.tenant_id)
    if present + added > terms.max_contacts:
        raise _too_many(terms, present, added)


async def require_interfaces(tx: Transaction, tenant: Tenant) -> None:
    """Refuse an interface to a plan without; raises PRECONDITION "PLAN_LIMIT_INTERFACES"."""
    terms = await terms_of(tx, tenant)
    if terms is not None and not terms.interfaces:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "PLAN_LIMIT_INTERFACES",
            said(
                "Der Tarif %(plan)s enthält keine Schnittstellen; damit lässt sich kein Bestand einlesen. Bitte "
                "wechseln Sie zu einem PREMIUM-Tarif.",
                plan=NAMES[terms.plan],
            ),
            metadata={"limit": "interfaces"},
        )


async def choose_plan(tx: Transaction, plan: int) -> Tenant:
    """Put the caller's firm on a plan. Raises PRECONDITION "PLAN_TOO_SMALL" and "PLAN_NOT_OFFERED"."""
    tenant = await own_tenant(tx)
    await tx.session.refresh(tenant, with_for_update=True)
    terms = next((row for row in await plans_of_the_day(tx) if row.plan == plan), None)
    if terms is None:
        raise DomainError(ErrorKind.PRECONDITION, "PLAN_NOT_OFFERED", "Diesen Tarif gibt es zurzeit nicht.")
    present = await contacts_of(tx, tenant.tenant_id)
    if not _fits(terms, present):
        raise DomainError(
            ErrorKind.PRECONDITION,
            "PLAN_TOO_SMALL",
            said(
                "Der Tarif %(plan)s reicht für %(most)s Kontakte; Sie haben %(present)s.",
                plan=NAMES[plan],
                most=terms.max_contacts,
                present=present,
            ),
            metadata={"limit": "contacts"},
        )
    if tenant.plan != plan or tenant.state != TenantState.TENANT_STATE_ACTIVE:
        tenant.plan = plan
        tenant.plan_chosen_at = tx.now
        tenant.state = TenantState.TENANT_STATE_ACTIVE
        tenant.suspended_at = tenant.deletion_due_at = None
        await tx.session.flush()
        since = Timestamp()
        since.FromDatetime(tx.now)
        event = PlanSelected(tenant_id=str(tenant.tenant_id), plan=Plan.ValueType(plan), select_time=since)
        tx.publish(event, aggregate=tenant.tenant_id)
    return tenant


async def set_terms(tx: Transaction, terms: PlanRow) -> None:
    """Add the terms of a plan from a day on. Raises INVALID for a day in the past, ALREADY_EXISTS "TERMS_EXIST"."""
    if terms.valid_from < date.fromisoformat(billing_day(tx.now)):
        raise invalid("valid_from", "Der erste Tag liegt in der Vergangenheit.")
    try:
        async with tx.session.begin_nested():
            tx.session.add(terms)
    except UniqueError:
        raise DomainError(
            ErrorKind.ALREADY_EXISTS, "TERMS_EXIST", "Für diesen Tag sind schon Bedingungen festgelegt."
        ) from None


def suspended() -> DomainError:
    """Return the refusal of a firm whose trial is over."""
    return DomainError(
        ErrorKind.PRECONDITION,
        "FIRM_SUSPENDED",
        "Ihr Testzeitraum ist beendet. Bitte wählen Sie einen Tarif oder verlängern Sie den Test.",
    )


def _fits(terms: PlanRow, contacts: int) -> bool:
    return terms.max_contacts is None or contacts <= terms.max_contacts


def _too_many(terms: PlanRow, present: int, added: int) -> DomainError:
    return DomainError(
        ErrorKind.EXHAUSTED,
        "PLAN_LIMIT_CONTACTS",
        said(
            "Der Tarif %(plan)s reicht für %(most)s Kontakte. Sie haben %(present)s, hinzu kämen %(added)s. Bitte "
            "wechseln Sie in einen größeren Tarif.",
            plan=NAMES[terms.plan],
            most=terms.max_contacts,
            present=present,
            added=added,
        ),
        metadata={"limit": "contacts"},
    )
