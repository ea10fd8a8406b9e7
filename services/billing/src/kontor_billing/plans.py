"""Price plans: which price a tier has for a firm's customers on a day.

Owns the resolution of catalogue, broker share and tax rates by date, and setting the broker's share.

Rule for changes (F6, F12): a share applies from its own day to agreements signed from that day; running agreements
keep the price they were signed with. Of several shares the one with the latest day not after today counts, however
many fall into one month; a second share for the same day replaces the first, which stays on record as replaced.
A day in the past is refused, so no price that a customer was shown ever changes afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from kontor_chassis.clock import BILLING_ZONE
from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError, concurrent_change
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.ids import new_id
from sqlalchemy import or_, select, update

from kontor_billing import tables
from kontor_billing.periods import german_day
from kontor_billing.prices import (
    FREE_TIER,
    TIERS,
    Payee,
    PriceComponent,
    TaxKind,
    TaxRates,
    Totals,
    price_version,
    totals_of,
)
from kontor_billing.tax_rates import rate_table
from kontor_billing.usage_prices import price_history

MOST_SHARE_MINOR = 500_00
"""A share above 500 € a month is taken for a slip of the keyboard; 50 € must be possible (F12)."""


@dataclass(frozen=True)
class TierPrice:
    """The price of one tier with its parts; for staff and the ledger."""

    tier: int
    components: tuple[PriceComponent, ...]
    rates: TaxRates
    totals: Totals
    version: str

    @staticmethod
    def of(
        tier: int, components: Sequence[PriceComponent], rates: TaxRates, *, further: Sequence[PriceComponent] = ()
    ) -> TierPrice:
        """Return the price that the components make; its name also names what a unit of further use costs."""
        parts = tuple(components)
        return TierPrice(tier, parts, rates, totals_of(parts, rates), price_version(tier, [*parts, *further]))


@dataclass(frozen=True)
class PricePlan:
    """A firm's prices on a day and the shares it has set."""

    day: date
    tiers: tuple[TierPrice, ...]
    shares: tuple[tables.BrokerShare, ...]


async def current_prices(tx: Transaction, day: date) -> tuple[TierPrice, ...]:
    """Return the price of every tier for the caller's firm on a day."""
    rates = (await rate_table(tx)).on(day)
    further = (await price_history(tx)).at(_moment_of(tx, day))
    shares = await _shares_on(tx, day)
    catalogue = await _catalogue_on(tx, day)
    return tuple(
        TierPrice.of(
            tier,
            _with_share(catalogue[tier], shares.get(tier)),
            rates,
            further=[part for (of, item), price in further.items() if of == tier for part in price.components(item)],
        )
        for tier in TIERS
    )


async def price_plan(tx: Transaction, day: date) -> PricePlan:
    """Return the firm's plan on a day with all shares ever set, newest first."""
    shares = await tx.session.scalars(
        select(tables.BrokerShare).order_by(tables.BrokerShare.valid_from.desc(), tables.BrokerShare.share_id.desc())
    )
    return PricePlan(day, await current_prices(tx, day), tuple(shares))


async def set_broker_share(tx: Transaction, *, tier: int, net_minor: int, valid_from: date | None) -> PricePlan:
    """Set the firm's share of a tier from a day on and return the plan of that day.

    Raises INVALID for the free tier, an amount outside 0 to 500 €, and a day in the past; CONFLICT when somebody else
    sets one for the same day at the same moment.
    """
    today = german_day(tx.now)
    day = valid_from or today
    if tier == FREE_TIER or tier not in TIERS:
        raise invalid("tier", "Stufe 1 ist kostenfrei; einen eigenen Anteil gibt es in den Stufen 2 und 3.")
    if not 0 <= net_minor <= MOST_SHARE_MINOR:
        raise invalid("net", "Der Anteil muss zwischen 0,00 € und 500,00 € im Monat liegen.")
    if day < today:
        raise invalid("valid_from", "Ein Preis kann nur ab heute oder einem späteren Tag gelten.")
    await tx.session.execute(
        update(tables.BrokerShare)
        .where(tables.BrokerShare.tier == tier)
        .where(tables.BrokerShare.valid_from == day)
        .where(tables.BrokerShare.replaced_at.is_(None))
        .values(replaced_at=tx.now)
    )
    tx.session.add(
        tables.BrokerShare(
            share_id=new_id(),
            tenant_id=tx.principal.required_tenant(),
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
    return await price_plan(tx, day)


def _moment_of(tx: Transaction, day: date) -> datetime:
    """Return now for today, noon for any other day."""
    return tx.now if day == german_day(tx.now) else datetime.combine(day, time(12), BILLING_ZONE)


async def _shares_on(tx: Transaction, day: date) -> dict[int, int]:
    rows = await tx.session.execute(
        select(tables.BrokerShare.tier, tables.BrokerShare.net_minor)
        .where(tables.BrokerShare.valid_from <= day)
        .where(tables.BrokerShare.replaced_at.is_(None))
        .order_by(tables.BrokerShare.valid_from)
    )
    return {tier: net_minor for tier, net_minor in rows}  # noqa: C416 - the later row of a tier is to win


async def _catalogue_on(tx: Transaction, day: date) -> dict[int, list[PriceComponent]]:
    table = tables.CatalogueComponent
    rows = await tx.session.scalars(
        select(table)
        .where(table.valid_from <= day)
        .where(or_(table.valid_until.is_(None), table.valid_until >= day))
        .order_by(table.tier, table.position)
    )
    catalogue: dict[int, list[PriceComponent]] = {tier: [] for tier in TIERS}
    for row in rows:
        component = PriceComponent(row.code, row.name, Payee(row.payee), row.net_minor, TaxKind(row.tax_kind))
        catalogue[row.tier].append(component)
    if not catalogue[TIERS[-1]]:
        raise DomainError(ErrorKind.PRECONDITION, "NO_PRICES", "Für diesen Tag gibt es noch keine Preise.")
    return catalogue


def _with_share(components: Sequence[PriceComponent], share_minor: int | None) -> list[PriceComponent]:
    """Put the firm's own share in the place of the recommended one."""
    if share_minor is None:
        return list(components)
    return [replace(c, net_minor=share_minor) if c.payee is Payee.BROKER else c for c in components]
