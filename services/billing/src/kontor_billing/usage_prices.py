"""What a unit of further use costs: the pool's price and the firm's surcharge, both data by date (F6, F14–F17).

A customer pays for scans what counted at the moment he signed, and for storage what counted when he booked it, so no
price that he was shown ever changes afterwards. A surcharge holds from its own day; of several the one with the latest
day not after today counts, and a second one for the same day replaces the first, which stays on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError, concurrent_change
from kontor_chassis.errors import invalid
from kontor_chassis.ids import new_id
from sqlalchemy import select, update

from kontor_billing.periods import german_day
from kontor_billing.prices import FREE_TIER, TIERS, TaxKind, TaxRates, Totals, totals_of
from kontor_billing.tax_rates import rate_table
from kontor_billing.usage_rules import Item, UnitPrice
from kontor_billing.usage_tables import UsagePriceRow, UsageSurchargeRow

MOST_SURCHARGE_MINOR = 100_00
"""A surcharge above 100 € per unit is taken for a slip of the keyboard."""
PRICED_TIERS = tuple(tier for tier in TIERS if tier != FREE_TIER)

Prices = dict[tuple[int, Item], UnitPrice]
"""Price of a unit by tier and thing."""


@dataclass(frozen=True)
class UsagePlan:
    """A firm's prices of today and the surcharges it has set, the newest first."""

    prices: Prices
    rates: TaxRates
    surcharges: tuple[UsageSurchargeRow, ...]


@dataclass(frozen=True)
class PriceHistory:
    """All prices and surcharges ever, so that a run over many agreements needs two queries."""

    listed: Sequence[UsagePriceRow]
    surcharges: Sequence[UsageSurchargeRow]

    def at(self, moment: datetime) -> Prices:
        """Return what every unit cost at a moment."""
        day = german_day(moment)
        listed = {(row.tier, Item(row.item)): row for row in self.listed if row.valid_from <= day}
        return {key: self._price(key, row, day, moment) for key, row in listed.items()}

    def _price(self, key: tuple[int, Item], row: UsagePriceRow, day: date, moment: datetime) -> UnitPrice:
        set_then = [
            surcharge.net_minor
            for surcharge in self.surcharges
            if (surcharge.tier, surcharge.item) == key
            and surcharge.valid_from <= day
            and surcharge.set_at <= moment
            and (surcharge.replaced_at is None or surcharge.replaced_at > moment)
        ]
        return UnitPrice(row.net_minor, set_then[-1] if set_then else 0, TaxKind(row.tax_kind), row.free_pieces)


async def price_history(tx: Transaction) -> PriceHistory:
    """Return the prices of the caller's firm, in the order of their days."""
    listed = await tx.session.scalars(select(UsagePriceRow).order_by(UsagePriceRow.valid_from))
    surcharges = await tx.session.scalars(
        select(UsageSurchargeRow).order_by(UsageSurchargeRow.valid_from, UsageSurchargeRow.surcharge_id)
    )
    return PriceHistory(listed.all(), surcharges.all())


async def usage_plan(tx: Transaction) -> UsagePlan:
    """Return what units cost today, and how that came about."""
    history = await price_history(tx)
    rates = (await rate_table(tx)).on(german_day(tx.now))
    newest = sorted(history.surcharges, key=lambda row: (row.valid_from, row.surcharge_id), reverse=True)
    return UsagePlan(history.at(tx.now), rates, tuple(newest))


async def set_surcharge(
    tx: Transaction, *, tier: int, item: Item, net_minor: int, valid_from: date | None
) -> UsagePlan:
    """Set the firm's surcharge on a unit from a day on; return the plan.

    Raises INVALID for a tier without such units, an amount outside 0 to 100 € and a day in the past; CONFLICT when
    somebody else sets one for the same day at the same moment.
    """
    today = german_day(tx.now)
    day = valid_from or today
    if tier not in PRICED_TIERS:
        raise invalid("tier", "Einen Aufschlag gibt es in den Stufen 2 und 3.")
    if not 0 <= net_minor <= MOST_SURCHARGE_MINOR:
        raise invalid("net", "Der Aufschlag muss zwischen 0,00 € und 100,00 € liegen.")
    if day < today:
        raise invalid("valid_from", "Ein Preis kann nur ab heute oder einem späteren Tag gelten.")
    table = UsageSurchargeRow
    same_day = (table.tier == tier, table.item == item, table.valid_from == day)
    await tx.session.execute(update(table).where(*same_day, table.replaced_at.is_(None)).values(replaced_at=tx.now))
    tx.session.add(
        table(
            surcharge_id=new_id(),
            tenant_id=tx.principal.required_tenant(),
            item=item,
            tier=tier,
            net_minor=net_minor,
            valid_from=day,
            set_at=tx.now,
            set_by_account_id=tx.principal.required_account(),
        )
    )
    try:
        await tx.session.flush()
    except UniqueError:
        raise concurrent_change() from None
    return await usage_plan(tx)


def unit_totals(price: UnitPrice, item: Item, rates: TaxRates, units: int = 1) -> Totals:
    """Return net, taxes and gross of some units."""
    return totals_of(price.components(item, units), rates)
