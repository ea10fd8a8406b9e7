"""Trials: 30 days from activation, reminders 7 and 1 days before, paid extension, end (decision 10; F88, F89).

Driven by the clock in a job, firm by firm. TRIAL → SUSPENDED at the end; SUSPENDED → DELETED 14 days after it was
suspended, so that a platform that stood still gives everybody the time it promised. A plan or an extension ends both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.common.v1.money_pb2 import Money
from kontor.identity.v1.events_pb2 import TenantSuspended, TrialEndAnnounced, TrialExtended
from kontor.identity.v1.tenants_pb2 import TenantState
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import new_id
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_identity.firm_tables import TrialExtension, TrialNotice
from kontor_identity.staff import administrators_of, own_tenant
from kontor_identity.tables import Tenant

EXTENSION: Final = timedelta(days=30)
EXTENSION_NET_CENTS: Final = 7490
"""74.90 € net for further 30 days (F89)."""
REMINDERS: Final = (1, 7)
"""Days before the end, the nearest first: only the nearest that is due is sent."""
GRACE: Final = timedelta(days=14)


async def extend_trial(tx: Transaction, shown: Money) -> Tenant:
    """Order a further trial for the caller's firm; it begins when the present one ends, or now if that is over.

    Raises CONFLICT "PRICE_CHANGED" for another price than was shown, PRECONDITION "NOT_IN_TRIAL" with a plan.
    """
    tenant = await own_tenant(tx)
    await tx.session.refresh(tenant, with_for_update=True)
    if (shown.minor_units, shown.currency) != (EXTENSION_NET_CENTS, "EUR"):
        raise DomainError(ErrorKind.CONFLICT, "PRICE_CHANGED", "Der Preis hat sich geändert. Bitte laden Sie neu.")
    if tenant.state not in (TenantState.TENANT_STATE_TRIAL, TenantState.TENANT_STATE_SUSPENDED):
        raise DomainError(ErrorKind.PRECONDITION, "NOT_IN_TRIAL", "Ihre Firma hat bereits einen Tarif.")
    starts = max(tx.now, tenant.trial_ends_at or tx.now)
    extension = TrialExtension(
        extension_id=new_id(),
        tenant_id=tenant.tenant_id,
        ordered_by=tx.principal.required_account(),
        ordered_at=tx.now,
        starts_at=starts,
        ends_at=starts + EXTENSION,
        net_cents=EXTENSION_NET_CENTS,
    )
    tx.session.add(extension)
    tenant.trial_ends_at = extension.ends_at
    tenant.state = TenantState.TENANT_STATE_TRIAL
    tenant.suspended_at = tenant.deletion_due_at = None
    await tx.session.flush()
    event = TrialExtended(
        tenant_id=str(tenant.tenant_id),
        extension_id=str(extension.extension_id),
        net=extension_price(),
        trial_end_time=_stamp(extension.ends_at),
    )
    tx.publish(event, aggregate=tenant.tenant_id)
    return tenant


def extension_price() -> Money:
    """Return the price of a further trial, net."""
    return Money(minor_units=EXTENSION_NET_CENTS, currency="EUR")


async def trials_to_look_at(tx: Transaction) -> list[UUID]:
    """Return the firms whose trial ends within the longest reminder, or has ended."""
    soon = tx.now + timedelta(days=max(REMINDERS))
    due = select(Tenant.tenant_id).where(Tenant.state == TenantState.TENANT_STATE_TRIAL, Tenant.trial_ends_at <= soon)
    return list((await tx.session.execute(due.order_by(Tenant.trial_ends_at))).scalars())


async def remind_or_suspend(tx: Transaction, tenant_id: UUID) -> None:
    """Announce the end of a firm's trial, or end it."""
    tenant = await _locked(tx, tenant_id, TenantState.TENANT_STATE_TRIAL)
    if tenant is None or tenant.trial_ends_at is None:
        return
    if tenant.trial_ends_at <= tx.now:
        await _suspend(tx, tenant)
        return
    left = tenant.trial_ends_at - tx.now
    days = next((days for days in REMINDERS if left <= timedelta(days=days)), None)
    if days is not None:
        await _announce(tx, tenant, tenant.trial_ends_at, days)


async def firms_to_delete(tx: Transaction) -> list[UUID]:
    """Return the suspended firms whose grace is over."""
    due = select(Tenant.tenant_id).where(
        Tenant.state == TenantState.TENANT_STATE_SUSPENDED, Tenant.deletion_due_at <= tx.now
    )
    return list((await tx.session.execute(due.order_by(Tenant.deletion_due_at))).scalars())


async def locked_for_deletion(tx: Transaction, tenant_id: UUID) -> Tenant | None:
    """Return a firm that is still to be deleted, locked; None when it chose a plan meanwhile."""
    tenant = await _locked(tx, tenant_id, TenantState.TENANT_STATE_SUSPENDED)
    overdue = tenant is not None and tenant.deletion_due_at is not None and tenant.deletion_due_at <= tx.now
    return tenant if overdue else None


async def _announce(tx: Transaction, tenant: Tenant, ends: datetime, days: int) -> None:
    noted = insert(TrialNotice).values(tenant_id=tenant.tenant_id, trial_ends_at=ends, days_before=days)
    added = await tx.session.execute(noted.on_conflict_do_nothing().returning(TrialNotice.days_before))
    if added.scalar_one_or_none() is not None:
        event = TrialEndAnnounced(
            tenant_id=str(tenant.tenant_id),
            trial_end_time=_stamp(ends),
            days_left=days,
            administrator_account_ids=await _administrators(tx, tenant),
        )
        tx.publish(event, aggregate=tenant.tenant_id, tenant_id=tenant.tenant_id)


async def _suspend(tx: Transaction, tenant: Tenant) -> None:
    tenant.state = TenantState.TENANT_STATE_SUSPENDED
    tenant.suspended_at = tx.now
    tenant.deletion_due_at = tx.now + GRACE
    event = TenantSuspended(
        tenant_id=str(tenant.tenant_id),
        deletion_due_time=_stamp(tenant.deletion_due_at),
        administrator_account_ids=await _administrators(tx, tenant),
    )
    tx.publish(event, aggregate=tenant.tenant_id, tenant_id=tenant.tenant_id)


async def _administrators(tx: Transaction, tenant: Tenant) -> list[str]:
    return [str(account_id) for account_id in await administrators_of(tx, tenant.tenant_id)]


async def _locked(tx: Transaction, tenant_id: UUID, state: int) -> Tenant | None:
    statement = select(Tenant).where(Tenant.tenant_id == tenant_id, Tenant.state == state).with_for_update()
    found: Tenant | None = (await tx.session.execute(statement)).scalar_one_or_none()
    return found


def _stamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
