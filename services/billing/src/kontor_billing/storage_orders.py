"""Further storage as an addition to a service agreement (F14): booked sizes, and what a month of them costs.

A change is a row of its own and counts at once; a month is charged whole, at the most that was held in it. Storage ends
with its agreement.
"""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.database import Transaction
from sqlalchemy import select

from kontor_billing.periods import Period
from kontor_billing.prices import TaxKind
from kontor_billing.usage_rules import Holding, Item, UnitPrice, Use, most_held
from kontor_billing.usage_tables import StorageOrder


async def latest_order(tx: Transaction, agreement_id: UUID) -> StorageOrder | None:
    """Return what counts now; None before anything was booked."""
    found: StorageOrder | None = await tx.session.scalar(
        select(StorageOrder)
        .where(StorageOrder.agreement_id == agreement_id)
        .order_by(StorageOrder.order_id.desc())
        .limit(1)
    )
    return found


async def storage_use(tx: Transaction, agreement_id: UUID, period: Period) -> Use | None:
    """Return what a month is charged for further storage; None without any."""
    rows = await tx.session.scalars(
        select(StorageOrder).where(StorageOrder.agreement_id == agreement_id).order_by(StorageOrder.order_id)
    )
    held = most_held([Holding(row.ordered_on, row.blocks, price_of(row)) for row in rows], period)
    if held is None:
        return None
    return Use(Item.STORAGE_BLOCK, period, held.blocks, held.blocks, held.price)


def price_of(order: StorageOrder) -> UnitPrice:
    """Return what a block costs by an order."""
    return UnitPrice(order.pool_minor, order.broker_minor, TaxKind(order.tax_kind))
