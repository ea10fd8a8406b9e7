"""Months that cannot be billed any more: which agreements, and why. Final, so that a month can be finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kontor_chassis.database import Transaction
from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert

from kontor_billing import tables
from kontor_billing.periods import Period


class Reason(StrEnum):
    """Why a month is not billed."""

    CUSTOMER_GONE = "CUSTOMER_GONE"
    """Identity knows the customer no more, so there is nobody whom an invoice could name."""


@dataclass(frozen=True)
class UnbilledMonth:
    """An agreement that a month was not billed for."""

    tenant_id: UUID
    agreement_id: UUID
    customer_id: UUID
    reason: Reason


async def note_unbilled(tx: Transaction, found: Sequence[tables.Agreement], period: Period, reason: Reason) -> None:
    """Settle that these agreements are not billed for a month."""
    for agreement in found:
        row = {
            "agreement_id": agreement.agreement_id,
            "period": str(period),
            "tenant_id": agreement.tenant_id,
            "customer_id": agreement.customer_id,
            "reason": reason,
            "noted_at": tx.now,
        }
        await tx.session.execute(insert(tables.Unbilled).values(**row).on_conflict_do_nothing())


async def unbilled_months(tx: Transaction, period: Period) -> tuple[UnbilledMonth, ...]:
    """Return what of a month is settled as not billed."""
    table = tables.Unbilled
    found = await tx.session.scalars(select(table).where(table.period == str(period)).order_by(table.agreement_id))
    return tuple(UnbilledMonth(row.tenant_id, row.agreement_id, row.customer_id, Reason(row.reason)) for row in found)


def unbilled_agreements(period: Period) -> Select[UUID]:
    """Return the query for the ids of these agreements."""
    return select(tables.Unbilled.agreement_id).where(tables.Unbilled.period == str(period))
