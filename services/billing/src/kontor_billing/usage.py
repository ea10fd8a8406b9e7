"""What customers use beside their tier: counted as the vault tells it, priced as they agreed to (F15, F16).

Owns the metered use and what of it invoices charge. Use belongs to the German month in which it was scanned; it counts
from the moment of signing the agreement that is billed. What is told after a month's invoice was issued goes on the
next one, at most `LATE_MONTHS` later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kontor_chassis.database import Transaction
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from kontor_billing.agreements import State
from kontor_billing.periods import Period
from kontor_billing.prices import FREE_TIER
from kontor_billing.storage_orders import storage_use
from kontor_billing.tables import Agreement
from kontor_billing.usage_prices import PriceHistory, Prices, price_history
from kontor_billing.usage_rules import Item, Use, charged_units
from kontor_billing.usage_tables import BilledUsage, StorageOrder, UsageEntry

LATE_MONTHS = 2
METERED = (Item.SCANNED_SHEET, Item.SCANNED_BINDER)


async def note_use(
    tx: Transaction,
    *,
    entry_id: UUID,
    tenant_id: UUID,
    customer_id: UUID,
    item: Item,
    period: Period,
    units: int,
    at: datetime,
) -> None:
    """Remember what was scanned; once, however often it is told."""
    row = {
        "entry_id": entry_id,
        "tenant_id": tenant_id,
        "customer_id": customer_id,
        "item": item,
        "period": str(period),
        "units": units,
        "counted_at": at,
    }
    await tx.session.execute(insert(UsageEntry).values(**row).on_conflict_do_nothing())


async def usage_of_month(tx: Transaction, customer_id: UUID, period: Period) -> tuple[int, list[Use]]:
    """Return the tier of a customer's month and what he used in it of everything that tier has, also nothing."""
    agreement = await _agreement_of(tx, customer_id, period)
    if agreement is None:
        return FREE_TIER, []
    prices = (await price_history(tx)).at(agreement.signed_at)
    found = await _scanned(tx, agreement, period, prices)
    storage = await storage_use(tx, agreement.agreement_id, period)
    return agreement.tier, [*found, *([storage] if storage else [])]


async def use_to_bill(tx: Transaction, agreements: Sequence[Agreement], period: Period) -> dict[UUID, list[Use]]:
    """Return by agreement what the invoices of a month charge beside the tier; most agreements have nothing."""
    using = await _users_among(tx, agreements, period)
    if not using:
        return {}
    history = await price_history(tx)
    return {agreement.agreement_id: await _left_to_bill(tx, agreement, period, history) for agreement in using}


async def note_billed(tx: Transaction, agreement: Agreement, invoice_id: UUID, uses: Sequence[Use]) -> None:
    """Remember which units an invoice charges."""
    for use in uses:
        tx.session.add(
            BilledUsage(
                invoice_id=invoice_id,
                period=str(use.period),
                item=use.item,
                tenant_id=agreement.tenant_id,
                customer_id=agreement.customer_id,
                agreement_id=agreement.agreement_id,
                units=use.units,
            )
        )
    await tx.session.flush()


async def _users_among(tx: Transaction, agreements: Sequence[Agreement], period: Period) -> list[Agreement]:
    """Return the agreements whose customers used anything lately, or have further storage."""
    since = period
    for _ in range(LATE_MONTHS):
        since = since.previous()
    customers = {agreement.customer_id for agreement in agreements}
    scanned = await tx.session.scalars(
        select(UsageEntry.customer_id)
        .where(UsageEntry.customer_id.in_(customers), UsageEntry.period.between(str(since), str(period)))
        .distinct()
    )
    stored = await tx.session.scalars(
        select(StorageOrder.customer_id).where(StorageOrder.customer_id.in_(customers)).distinct()
    )
    using = {*scanned, *stored}
    return [agreement for agreement in agreements if agreement.customer_id in using]


async def _left_to_bill(tx: Transaction, agreement: Agreement, period: Period, history: PriceHistory) -> list[Use]:
    """Return what is charged with a month: of the month all, of those before what is not billed yet."""
    prices = history.at(agreement.signed_at)
    months = [period]
    while len(months) <= LATE_MONTHS and months[0] > Period.of(agreement.signed_on):
        months.insert(0, months[0].previous())
    left = []
    for month in months:
        billed = await _billed_units(tx, agreement.agreement_id, month)
        for use in await _scanned(tx, agreement, month, prices):
            left.append(replace(use, units=use.units - billed.get(use.item, 0)))
    storage = await storage_use(tx, agreement.agreement_id, period)
    return [use for use in (*left, *([storage] if storage else [])) if use.units]


async def _scanned(tx: Transaction, agreement: Agreement, period: Period, prices: Prices) -> list[Use]:
    rows = await tx.session.execute(
        select(UsageEntry.item, UsageEntry.units)
        .where(UsageEntry.customer_id == agreement.customer_id, UsageEntry.period == str(period))
        .where(UsageEntry.counted_at >= agreement.signed_at)
        .order_by(UsageEntry.entry_id)
    )
    units: dict[Item, list[int]] = {item: [] for item in METERED}
    for item, count in rows:
        units[Item(item)].append(count)
    return [
        Use(item, period, len(units[item]), charged_units(units[item], price.free_pieces), price)
        for item in METERED
        if (price := prices.get((agreement.tier, item))) is not None
    ]


async def _billed_units(tx: Transaction, agreement_id: UUID, period: Period) -> dict[Item, int]:
    rows = await tx.session.execute(
        select(BilledUsage.item, func.sum(BilledUsage.units))
        .where(BilledUsage.agreement_id == agreement_id, BilledUsage.period == str(period))
        .group_by(BilledUsage.item)
    )
    return {Item(item): int(units) for item, units in rows}


async def _agreement_of(tx: Transaction, customer_id: UUID, period: Period) -> Agreement | None:
    """Return the agreement that a customer's month is billed by: the latest that held in it."""
    found: Agreement | None = await tx.session.scalar(
        select(Agreement)
        .where(Agreement.customer_id == customer_id, Agreement.state.in_([State.ACTIVE, State.CANCELLED]))
        .where(Agreement.signed_on <= period.last_day)
        .where(Agreement.ends_on.is_(None) | (Agreement.ends_on >= period.first_day))
        .order_by(Agreement.agreement_id.desc())
        .limit(1)
    )
    return found
