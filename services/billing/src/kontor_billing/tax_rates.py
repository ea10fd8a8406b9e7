"""Tax rates by date: a change of the law is a row, never a release (F13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kontor_chassis.database import Transaction
from sqlalchemy import select

from kontor_billing import tables
from kontor_billing.prices import TaxKind, TaxRates


@dataclass(frozen=True)
class RateTable:
    """All tax rates ever, so that a page of agreements of different days needs one query."""

    changes: tuple[tuple[date, TaxKind, int], ...]
    """Day from which, kind, basis points; in the order of days."""

    def on(self, day: date) -> TaxRates:
        """Return the rate of every tax kind on a day; no tax is always 0."""
        return {TaxKind.NONE: 0} | {kind: points for valid_from, kind, points in self.changes if valid_from <= day}


async def rate_table(tx: Transaction) -> RateTable:
    """Return the tax rates by date."""
    table = tables.TaxRate
    rows = await tx.session.execute(
        select(table.valid_from, table.tax_kind, table.basis_points).order_by(table.valid_from)
    )
    return RateTable(tuple((valid_from, TaxKind(kind), points) for valid_from, kind, points in rows))
